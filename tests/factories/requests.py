"""The operator's privacy desk in tests: a workspace that texts codes, and the codes it texted."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from django.test import Client, override_settings

from messaging.drafting import make_code, number_index
from messaging.models import Message
from privacy import keyring
from privacy.requests.proofs import DIGITS
from smsplatform.lib.tenancy import scope
from tests.factories.accounts import World, make_workspace


def a_number() -> str:
    """A German mobile number that no other test uses."""
    return f"+49151{uuid4().int % 10**8:08d}"


def a_visitor() -> str:
    """An address of a network that has asked for nothing yet."""
    return f"fd01:{uuid4().hex[:4]}:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"


class Phones:
    """What the phones of a test got from the operator's workspace."""

    def __init__(self, world: World) -> None:
        self.world = world

    @classmethod
    @contextmanager
    def connected(cls) -> Iterator["Phones"]:
        """An operator's workspace that can text."""
        world = make_workspace()
        with override_settings(PRIVACY_WORKSPACE=str(world.id), PRIVACY_CODES_DAY_MICRO=10**12):
            yield cls(world)

    def texts(self, number: str) -> list[Message]:
        """Texts to a number, oldest first."""
        index = number_index(keyring.key(self.world.id, keyring.Purpose.INDEX), number)
        with scope.workspace(self.world.id):
            return list(Message.objects.filter(to_idx=index).order_by("id"))

    def code(self, number: str) -> str:
        """The code that the phone shows last."""
        last = self.texts(number)[-1]
        return make_code(keyring.body_key(self.world.id, last.body_expires_at.date()), last.pk, DIGITS)

    def wrong(self, number: str) -> str:
        """A code that it does not show."""
        return f"{(int(self.code(number)) + 1) % 10**DIGITS:0{DIGITS}d}"

    def proved(self, number: str) -> Client:
        """A browser in which somebody has just shown that this number is theirs."""
        browser = Client(REMOTE_ADDR=a_visitor())
        browser.post("/privacy/requests/find", {"number": number})
        answer = browser.post("/privacy/requests/code", {"code": self.code(number)})
        assert answer.status_code == 302, answer.content
        return browser
