"""What code may not touch: texts by statistics, requests about data by prices, certificates by words."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

from privacy import profiles, registry
from privacy.promises import promises, sentence
from tests.factories.accounts import make_workspace

APPS = ("messaging", "billing", "accounts", "smsplatform")
# Who touches a text: to store it, to send it, to show it to its workspace, to put it into the workspace's own events.
READERS = {
    "messaging/acceptance.py", "messaging/drafting.py", "messaging/events.py", "messaging/models/message.py",
    "messaging/personal_data.py", "messaging/presenting.py", "messaging/submission.py", "messaging/views/message.py",
    "messaging/keeping.py", "messaging/models/kept.py",  # seal anew, for a hold or the customer's own window
}  # fmt: skip
# What says which message costs what, and who may send how much.
DECIDING = (
    "accounts/keys.py", "messaging/acceptance.py", "messaging/drafting.py", "messaging/gate.py", "messaging/posting.py",
    "messaging/routing.py", "messaging/sender_rules.py", "messaging/sources.py", "smsplatform/lib/limits.py",
)  # fmt: skip
CERTIFICATES = re.compile(r"SOC ?2|ISO ?27001|PCI[ -]DSS|HIPAA[ -]compliant", re.IGNORECASE)


def sources(*apps: str) -> list[Path]:
    """The code of some apps, without migrations."""
    return [path for app in apps for path in (settings.ROOT / app).rglob("*.py") if "migrations" not in path.parts]


def name(path: Path) -> str:
    return path.relative_to(settings.ROOT).as_posix()


def imports(path: Path) -> set[str]:
    """Every module that a file names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
    return found


@pytest.mark.promise("otp-07", "transit-31", "transit-41")
def test_texts_are_opened_only_to_send_them_and_to_show_them_to_their_workspace() -> None:
    found = {name(path) for path in sources(*APPS) if re.search(r"\btext_ct\b|Body\.text", path.read_text())}

    assert found - READERS == set()


@pytest.mark.promise("transit-77")
def test_what_decides_on_prices_and_limits_knows_nothing_of_requests() -> None:
    deciding = [*sources("billing"), *(settings.ROOT / name for name in DECIDING)]
    asking = re.compile(r"privacy\.(requests|archives|models\.(DataRequest|RequestTicket))")

    found = [name(path) for path in deciding if any(asking.match(module) for module in imports(path))]

    assert found == []


@pytest.mark.promise("transit-105", "team-37")
def test_no_page_or_mail_claims_a_certificate() -> None:
    texts = [*(settings.ROOT / "templates").rglob("*.html"), *(settings.ROOT / "templates").rglob("*.txt")]

    assert [name(path) for path in texts if CERTIFICATES.search(path.read_text())] == []
    assert profiles.value("claims", profile="transit") == ()


@pytest.mark.promise("team-37")
def test_what_is_in_progress_is_never_said_to_be_held() -> None:
    claim = next(sentence(promise) for promise in promises() if promise.id == "team-37")

    assert "in progress" in claim
    assert "do not hold" in claim


@pytest.mark.promise("transit-88")
def test_messages_are_processed_on_behalf_of_the_workspace() -> None:
    roles = {activity.key: activity.role for activity in registry.activities()}

    assert roles["deliver_message"] == "processor"
    assert roles["bill"] == roles["keep_account"] == "controller"


@pytest.mark.promise("fleet-05")
def test_each_organisation_has_an_id_of_its_own() -> None:
    assert make_workspace().id != make_workspace().id
