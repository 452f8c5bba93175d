"""Second factors: an authenticator app, passkeys, and recovery codes for when those are lost. Never a text message:
whoever takes over a number would take over the account, and sending texts is what the account is for.

Whether somebody has one is kept on their row (``User.second_factor``), so that no page has to ask three tables. Adding
and removing is written down in each workspace of the person and told them by mail.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django_otp.models import Device
from django_otp_webauthn.models import WebAuthnCredential

from accounts import backoff, evidence, letters
from accounts.models import PasskeyName, RecoveryCode, RecoveryCodes, TotpDevice, User
from accounts.models.recovery import CODES, FEW
from smsplatform.lib import ids

FREE_GUESSES = 5
PASSKEYS_MAX = 10


class TooMany(Exception):
    """No more passkeys than ten for one person."""


class Slowly(Exception):
    """Too many guesses: ``wait`` seconds until the next."""

    def __init__(self, wait: int) -> None:
        super().__init__(str(wait))
        self.wait = wait


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What factors somebody has. ``codes_left`` is None when they have no recovery codes."""

    totp: TotpDevice | None
    passkeys: list[WebAuthnCredential]
    codes_left: int | None

    @property
    def any(self) -> bool:
        """Whether there is a factor that counts; recovery codes alone do not."""
        return bool(self.totp or self.passkeys)

    @property
    def few_codes(self) -> bool:
        """Whether it is time for new recovery codes."""
        return self.any and (self.codes_left or 0) <= FEW


def held(user: User) -> Held:
    """The confirmed factors of ``user``."""
    codes = RecoveryCodes.objects.filter(user=user).first()
    return Held(
        totp=TotpDevice.objects.filter(user=user, confirmed=True).first(),
        passkeys=list(WebAuthnCredential.objects.filter(user=user).select_related("named").order_by("id")),
        codes_left=codes.codes.filter(used_at=None).count() if codes else None,
    )


def verify(*, user: User, code: str, at: dt.datetime) -> Device | None:
    """The device that ``code`` opens, an authenticator or the recovery codes; it is used up. Raises ``Slowly``.

    Attempts are counted before they are checked, by person: three codes in a million are right at any moment.
    """
    subject = backoff.Subject(kind="factor", name=str(user.pk), free=FREE_GUESSES)
    if wait := backoff.admit([subject]):
        raise Slowly(wait)
    device = _opened(user, "".join(code.split()), at)
    if device is not None:
        backoff.forget(subject)
    return device


def propose_totp(user: User) -> TotpDevice:
    """A new secret to be confirmed by its first code. One proposed before is forgotten: somebody else may know it."""
    TotpDevice.objects.filter(user=user, confirmed=False).delete()
    device: TotpDevice = TotpDevice.objects.create(user=user, secret=TotpDevice.make_secret(), confirmed=False)
    return device


def proposed_totp(user: User) -> TotpDevice | None:
    """The authenticator that waits for its first code."""
    device: TotpDevice | None = TotpDevice.objects.filter(user=user, confirmed=False).order_by("-id").first()
    return device


@transaction.atomic
def confirm_totp(*, user: User, device: TotpDevice, code: str, at: dt.datetime) -> bool:
    """Make ``device`` the authenticator of ``user`` if ``code`` shows that they have it. Raises ``Slowly``."""
    subject = backoff.Subject(kind="factor", name=str(user.pk), free=FREE_GUESSES)
    if wait := backoff.admit([subject]):
        raise Slowly(wait)
    if not device.accept(code, at=at):
        return False
    backoff.forget(subject)
    TotpDevice.objects.filter(user=user, confirmed=True).delete()
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    _added(user, "totp", at)
    return True


@transaction.atomic
def remove_totp(*, user: User, at: dt.datetime) -> None:
    """Forget the authenticator."""
    if TotpDevice.objects.filter(user=user).delete()[0]:
        _removed(user, "totp", at)


def add_passkey(*, user: User, passkey: WebAuthnCredential, name: str, at: dt.datetime) -> PasskeyName:
    """Make a passkey that was just registered a factor of ``user``; part of the registration's transaction."""
    named = PasskeyName.objects.create(passkey=passkey, name=name)
    _added(user, "passkey", at)
    return named


def name_passkey(*, named: PasskeyName, name: str) -> None:
    """Call a passkey something else."""
    named.name = name
    named.save(update_fields=["name"])


@transaction.atomic
def remove_passkey(*, user: User, named: PasskeyName, at: dt.datetime) -> None:
    """Forget a passkey."""
    named.passkey.delete()
    _removed(user, "passkey", at)


@transaction.atomic
def renew_codes(*, user: User, at: dt.datetime) -> list[str]:
    """Ten new recovery codes, shown once; the former ones are worth nothing from now on.

    The device stays the same, so that somebody who came in with one of its codes stays in.
    """
    device = RecoveryCodes.objects.filter(user=user).first() or RecoveryCodes.objects.create(user=user)
    codes = [RecoveryCode.make() for _ in range(CODES)]
    RecoveryCode.objects.filter(device=device).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(device=device, digest=RecoveryCode.digest_of(user.pk, code)) for code in codes
    )
    _tell(user, "codes_made", "recovery", at)
    return codes


def _added(user: User, kind: str, at: dt.datetime) -> None:
    User.objects.filter(pk=user.pk).update(second_factor=True)
    user.second_factor = True
    _tell(user, "added", kind, at)


def _removed(user: User, kind: str, at: dt.datetime) -> None:
    """With the last factor the recovery codes go too: they are no factor of their own."""
    user.second_factor = held(user).any
    User.objects.filter(pk=user.pk).update(second_factor=user.second_factor)
    if not user.second_factor:
        RecoveryCodes.objects.filter(user=user).delete()
    _tell(user, "removed", kind, at)


def _opened(user: User, code: str, at: dt.datetime) -> Device | None:
    if code.isdigit() and len(code) == 6:
        totp = TotpDevice.objects.filter(user=user, confirmed=True).first()
        return totp if totp and totp.accept(code, at=at) else None
    codes = RecoveryCodes.objects.filter(user=user).first()
    if codes is None or not codes.verify_token(code):
        return None
    _tell(user, "used", "recovery", at)
    return codes


def _tell(user: User, what: str, kind: str, at: dt.datetime) -> None:
    event: UUID = ids.uuid7(at)
    evidence.record(user=user.pk, action=f"user:factor:{what}", at=at, details={"kind": kind})
    letters.post(letters.factor_changed, user=str(user.pk), what=what, kind=kind, event=str(event))
