from pathlib import Path
from typing import Any

import pytest
from django.core import checks as framework
from django.core.management import call_command
from django.db import connections
from pytest_django.fixtures import Settings

from smsplatform import checks, health

GOOD_KEY = "vJ2k-9sQxT4mZ8pL1wRb7nYc3fHd6gAe5uKo0iXq"


def ids(found: list[framework.CheckMessage]) -> list[str]:
    return [str(message.id) for message in found]


@pytest.mark.parametrize(
    ("check", "name", "value", "id"),
    [
        (checks.secret_key, "SECRET_KEY", "", "smsplatform.E001"),
        (checks.secret_key, "SECRET_KEY", "short", "smsplatform.E002"),
        (checks.secret_key, "SECRET_KEY", "a" * 60, "smsplatform.E002"),
        (checks.base_url, "BASE_URL", "sms.example.org", "smsplatform.E003"),
        (checks.base_url, "BASE_URL", "https://sms.example.org/app", "smsplatform.E003"),
        (checks.served_by_https, "BASE_URL", "http://sms.example.org", "smsplatform.E004"),
        (checks.no_demonstration, "DEMO", True, "smsplatform.E005"),
        (checks.broker_url, "BROKER_URL", "sqs://", "smsplatform.E008"),
        (checks.vault, "VAULT", "paper", "smsplatform.E009"),
        (checks.office_hours, "STAFF_TIME_ZONE", "Europe/Nowhere", "smsplatform.E014"),
        (checks.office_hours, "STAFF_TIME_ZONE", "../etc/passwd", "smsplatform.E014"),
        (checks.office_hours, "STAFF_HOURS", "8-18", "smsplatform.E014"),
        (checks.office_hours, "STAFF_HOURS", "25:00-26:00", "smsplatform.E014"),
        (checks.office_hours, "STAFF_HOURS", "08:00-08:00", "smsplatform.E014"),
        (checks.office_hours, "STAFF_DAYS", [0], "smsplatform.E014"),
        (checks.office_hours, "STAFF_DAYS", [], "smsplatform.E014"),
        (checks.policy_profile, "POLICY_PROFILE", "lax", "smsplatform.E013"),
    ],
)
def test_a_wrong_setting_is_named_with_its_fix(
    settings: Settings, check: Any, name: str, value: object, id: str
) -> None:
    setattr(settings, name, value)

    found = check(None)

    assert ids(found) == [id]
    assert found[0].hint


def test_no_admin_site_may_show_models_of_customers() -> None:
    from django.contrib.admin import AdminSite

    from accounts.models import User, Workspace
    from messaging.models import Carrier, Message

    lax, fine = AdminSite(name="lax"), AdminSite(name="fine")
    lax.register([Message, Workspace])
    fine.register([Carrier, User])

    assert ids(list(checks.ungated([lax, fine]))) == ["smsplatform.E015", "smsplatform.E015"]
    assert checks.no_admin_of_customers(None) == []


def test_good_settings_pass(settings: Settings) -> None:
    settings.SECRET_KEY, settings.BASE_URL, settings.DEMO = GOOD_KEY, "https://sms.example.org", False

    for check in (checks.secret_key, checks.base_url, checks.served_by_https, checks.no_demonstration, checks.vault):
        assert check(None) == []


def test_a_vault_others_may_read_is_refused(settings: Settings, tmp_path: Path) -> None:
    vault = tmp_path / "vault.json"
    vault.write_text("{}")
    vault.chmod(0o644)
    settings.VAULT, settings.VAULT_FILE = "file", str(vault)

    assert ids(checks.vault(None)) == ["smsplatform.E010"]


def test_a_privileged_role_and_a_shared_database_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    main, keystore = connections["default"].settings_dict, connections["keystore"].settings_dict
    monkeypatch.setitem(main, "USER", "postgres")
    monkeypatch.setitem(keystore, "NAME", main["NAME"])

    assert ids(checks.database_urls(None)) == ["smsplatform.E006", "smsplatform.E007"]


def test_a_server_that_may_lose_commits_is_an_error_outside_the_demo(settings: Settings) -> None:
    settings.DEMO = True
    assert ids(checks.servers(None, databases=["default"])) == ["smsplatform.W022"]

    settings.DEMO = False
    assert ids(checks.servers(None, databases=["default"])) == ["smsplatform.E022"]


def test_a_server_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connections["keystore"]
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "wrong")

    assert ids(checks.servers(None, databases=["keystore"])) == ["smsplatform.E020"]


def test_the_doctor_finds_these_servers_in_order(
    capsys: pytest.CaptureFixture[str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEMO = True
    monkeypatch.setattr(health, "LATE_SECONDS", 1e9)  # other tests leave rows that nobody works on

    call_command("doctor")

    said = capsys.readouterr().out
    assert "smsplatform.W022" in said
    assert "Everything is in order." in said


def test_the_doctor_fails_and_tells_the_fix_when_the_broker_is_away(
    capsys: pytest.CaptureFixture[str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEMO, settings.BROKER_URL = True, "redis://127.0.0.1:9/0"
    monkeypatch.setattr(health, "LATE_SECONDS", 1e9)

    with pytest.raises(SystemExit, match="1"):
        call_command("doctor")

    assert "Check BROKER_URL" in capsys.readouterr().out


def test_mail_that_leaves_nowhere_is_an_error_outside_the_demo(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert checks.mail_leaves(None) == []

    settings.DEMO = False
    assert ids(checks.mail_leaves(None)) == ["smsplatform.E012"]
