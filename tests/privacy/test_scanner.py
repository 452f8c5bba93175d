"""The scanner finds what is planted, and nothing in what the platform writes by itself."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import ApiKey
from messaging.models import Body, WebhookEndpoint
from privacy import scanner
from smsplatform.lib.tenancy import scope
from tests.factories import pages

NUMBER = "+4915123456789"


def endpoint(of: pages.Shop, description: str) -> WebhookEndpoint:
    with scope.workspace(of.workspace.id):
        made = WebhookEndpoint(
            workspace=of.workspace, livemode=False, url="https://example.org/x", secret="s", description=description
        )
        made.save()
    return made


def found() -> set[tuple[str, str]]:
    """The newest workspace only, which is the one the test just made."""
    return {(finding.column, finding.what) for finding in scanner.scan(workspaces_max=1).findings}


@pytest.mark.promise("otp-10")
@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"call {NUMBER} now", "phone"),
        ("4915123456789", "digits"),
        ("write to jo.doe@example.org", "email"),
        ("from 192.0.2.17", "ip"),
        ("2001:db8:1:2:3:4:5:6", "ip"),
        ("eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2lnbmF0dXJl", "jwt"),
        ("sk_live_abcdefgh12345678", "key"),
        ("whsk_6Xb/dCcHpPea21PS1N9VY", "key"),
        ("-----BEGIN PRIVATE KEY-----", "key"),
        ("4111111111111111", "card"),
    ],
)
def test_each_pattern_is_recognised(text: str, what: str) -> None:
    assert scanner.patterns_in(text) == {what}
    assert scanner.patterns_in({"note": ["a", text]}) == {what}
    assert scanner.patterns_in(text.encode()) == {what}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "delivered",
        "Europe/Berlin",
        "018f2d3e-0000-7000-8000-123456789012",
        "msg_01hxq5z3k4e8v9w2y7t6r5s4p3",
        "carrier_undelivered_045",
        "4111111111111112",
        "2026-11-21T10:29:00Z",
        "1.0.0",
        "0.0.0.0",
        "user:workspace:created",
        1234567890123,
        None,
    ],
)
def test_what_the_platform_writes_is_no_finding(text: object) -> None:
    assert scanner.patterns_in(text) == set()


def test_a_workspace_at_work_has_no_finding() -> None:
    shop = pages.shop()
    pages.message(shop, to=NUMBER, text="hello", reference="order 17")
    endpoint(shop, "order events")

    report = scanner.scan(workspaces_max=1)

    assert report.findings == ()
    assert report.rows > 10
    assert not {label for label in report.unread if label.split(".")[0] in ("messaging", "accounts", "billing")}


def test_a_planted_number_is_found_and_not_repeated() -> None:
    shop = pages.shop()
    endpoint(shop, f"events of {NUMBER}")
    out = io.StringIO()

    with pytest.raises(CommandError) as caught:
        call_command("privacy_scan", workspaces=1, stdout=out)

    assert caught.value.returncode == 1
    assert "messaging.WebhookEndpoint.description: phone in 1 rows" in out.getvalue()
    assert NUMBER not in out.getvalue()


def test_an_array_is_searched_too() -> None:
    shop = pages.shop()
    with scope.workspace(shop.workspace.id):
        ApiKey.objects.create(
            workspace=shop.workspace, name=NUMBER, livemode=False, digest=shop.workspace.id.bytes * 2, last4="abcd"
        )

    assert ("accounts.ApiKey.name", "phone") in found()


def test_plaintext_in_a_sealed_column_is_found() -> None:
    shop = pages.shop()
    made = endpoint(shop, "")
    with scope.workspace(shop.workspace.id):
        WebhookEndpoint.objects.filter(pk=made.pk).update(secret=b"whsec_plain")

    assert ("messaging.WebhookEndpoint.secret", "not sealed") in found()


def test_a_value_whose_key_is_gone_is_found() -> None:
    shop = pages.shop()
    made = endpoint(shop, "")
    with scope.workspace(shop.workspace.id):
        (sealed,) = WebhookEndpoint.objects.filter(pk=made.pk).values_list("secret", flat=True)
        orphan = bytes(sealed[:1]) + bytes(16) + bytes(sealed[17:])
        WebhookEndpoint.objects.filter(pk=made.pk).update(secret=orphan)

    assert ("messaging.WebhookEndpoint.secret", "key gone") in found()


def test_bodies_are_checked_for_their_header() -> None:
    shop = pages.shop()
    pages.message(shop)
    with scope.workspace(shop.workspace.id):
        assert Body.objects.filter(workspace=shop.workspace).count() == 1

    assert not [column for column, _ in found() if column == "messaging.Body.text_ct"]
