"""What may be asked for, and what not; every rule where it is kept: in the function, and in the table itself."""

import datetime as dt

import pytest
from django.core import mail
from django.db import DatabaseError, connections

from accounts import closing, grants, letters, reasons, reauth, upkeep
from accounts.grants import GrantRefused
from accounts.models import StaffGrant, Workspace
from accounts.models.grant import State
from privacy.models import AuditEvent
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from smsplatform.lib.tenancy import staff as doors
from smsplatform.lib.tenancy.staff import Level
from tests.factories import pages, staff
from tests.factories.superuser import superuser


@pytest.fixture(scope="module")
def shop() -> pages.Shop:
    return pages.shop()


def refusal(shop: pages.Shop, **changed: object) -> tuple[str, str]:
    """The field and code with which a wish is refused."""
    at = clock.now()
    with doors.console(), pytest.raises(GrantRefused) as refused:
        grants.open(workspace=shop.workspace.id, by=staff.member(), wish=staff.wish(**changed), factor_at=at, at=at)
    return refused.value.field, refused.value.code


@pytest.mark.promise("fleet-29")
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "short"),
        ("test", "short"),
        (".", "short"),
        ("test test test test test", "placeholder"),
        (".......................", "placeholder"),
        ("asdfghjkl qwertz yxcvbnm", "placeholder"),
        ("qwertyuiop asdfghjkl zxcvbnm", "placeholder"),
        ("aaaaaaaaaaaaa bbbbbbbbbbbbb ccccccc", "placeholder"),
        ("lorem ipsum dolor sit amet", "placeholder"),
        ("support support support support", "placeholder"),
        ("1111111 2222222", "personal"),
        ("Customer jo.doe@example.org gets no receipts", "personal"),
        ("Message to +49 151 23456789 was not delivered", "personal"),
        ("Customer reports late receipts", ""),
        ("Kunde meldet verspätete Zustellberichte", ""),
        ("Carrier complained about wrong sender names", ""),
    ],
)
def test_a_reason_has_to_say_something(text: str, code: str) -> None:
    assert reasons.problem(text) == code


@pytest.mark.parametrize("ticket", ["", "x", "1234", "SUP", "SUP-", "sup-1", "SUP-1; DROP", "SUP-" + "1" * 50])
def test_a_ticket_looks_like_one(shop: pages.Shop, ticket: str) -> None:
    assert refusal(shop, ticket=ticket) == ("ticket", "pattern")


@pytest.mark.parametrize("minutes", [0, -5, 241, 10_000])
def test_four_hours_is_the_longest(shop: pages.Shop, minutes: int) -> None:
    assert refusal(shop, minutes=minutes) == ("minutes", "range")


def test_a_closed_or_erased_or_unknown_workspace_is_closed_to_staff_too() -> None:
    closed = pages.shop()
    with scope.workspace(closed.workspace.id):
        closing.close(workspace=Workspace.objects.get(), by=closed.owner, when=closing.When.GRACE, at=clock.now())

    assert refusal(closed) == ("workspace", "closed")
    closed.workspace.id = ids.uuid7()
    assert refusal(closed) == ("workspace", "unknown")


@pytest.mark.promise("team-38")
@pytest.mark.parametrize("age", [None, dt.timedelta(minutes=3), dt.timedelta(minutes=-1)])
def test_each_step_wants_a_factor_used_just_now(shop: pages.Shop, age: dt.timedelta | None) -> None:
    at, user = clock.now(), staff.member()
    stale = at - age if age is not None else None
    with doors.console():
        with pytest.raises(GrantRefused, match="stale"):
            grants.open(workspace=shop.workspace.id, by=user, wish=staff.wish(), factor_at=stale, at=at)
        made = grants.open(workspace=shop.workspace.id, by=user, wish=staff.wish(), factor_at=at, at=at)
        with pytest.raises(GrantRefused, match="stale"):
            grants.raise_level(grant=made, by=user, factor_at=stale, at=at)


def test_content_needs_another_person(shop: pages.Shop) -> None:
    at, user = clock.now(), staff.member()
    made = staff.grant(shop.workspace.id, user, Level.IDENTIFIERS)
    with doors.console():
        with pytest.raises(GrantRefused, match="second_person"):
            grants.raise_level(grant=made, by=user, factor_at=at, at=at)
        with pytest.raises(GrantRefused, match="not_asked"):
            grants.approve_content(grant=made, by=staff.member("admin"), factor_at=at, at=at)
        grants.ask_for_content(grant=made, by=user, at=at)
        with pytest.raises(GrantRefused, match="self"):
            grants.approve_content(grant=made, by=user, factor_at=at, at=at)
        with pytest.raises(GrantRefused, match="role"):
            grants.approve_content(grant=made, by=staff.member("finance"), factor_at=at, at=at)
        grants.approve_content(grant=made, by=staff.member("admin"), factor_at=at, at=at)
        assert grants.raise_level(grant=made, by=user, factor_at=at, at=at).level == Level.CONTENT


def test_nobody_raises_the_grant_of_another(shop: pages.Shop) -> None:
    at, made = clock.now(), staff.grant(shop.workspace.id, staff.member())

    with doors.console(), pytest.raises(GrantRefused, match="foreign"):
        grants.raise_level(grant=made, by=staff.member(), factor_at=at, at=at)


def test_the_same_reason_does_not_open_twice(shop: pages.Shop) -> None:
    user, wish, at = staff.member(), staff.wish(), clock.now()
    with doors.console():
        grants.open(workspace=shop.workspace.id, by=user, wish=wish, factor_at=at, at=at)
        with pytest.raises(GrantRefused, match="repeated"):
            grants.open(workspace=shop.workspace.id, by=user, wish=wish, factor_at=at, at=at)


@pytest.mark.promise("fleet-29")
@pytest.mark.parametrize(
    "change",
    [
        "expires_at = expires_at + interval '1 hour'",
        "starts_at = now(), expires_at = now() + interval '1 hour'",
        "reason = 'Something else altogether'",
        "reason = ''",
        "ticket = 'DESK-9'",
        "category = 'legal_process'",
        "staff_id = gen_random_uuid()",
        "workspace_id = gen_random_uuid()",
        "minutes = 240",
        "level = 3",
        "level = 3, approved_by = staff_id",
        "approved_by = staff_id",
        "reviewed_by = staff_id",
        "break_glass = true",
    ],
)
def test_the_table_itself_refuses_to_stretch_a_grant(shop: pages.Shop, change: str) -> None:
    made = staff.grant(shop.workspace.id, staff.member())

    with pytest.raises(DatabaseError), scope.workspace(shop.workspace.id), connections["default"].cursor() as cursor:
        cursor.execute(f"UPDATE accounts_staff_grant SET {change} WHERE id = %s", [made.pk])


@pytest.mark.parametrize(
    "change", [{"reason": "too short"}, {"reason": " " * 40}, {"minutes": 300}, {"minutes": 30, "break_glass": True}]
)
def test_the_table_itself_refuses_a_grant_without_reason_or_end(shop: pages.Shop, change: dict[str, object]) -> None:
    at = clock.now()
    values = {"category": "customer_support", "reason": "Late receipts reported", "ticket": "DESK-1", "minutes": 30}
    row = StaffGrant(workspace=shop.workspace, staff_id=ids.uuid7(), created_at=at, **{**values, **change})

    with pytest.raises(DatabaseError), scope.workspace(shop.workspace.id):
        row.save(force_insert=True)


def test_an_end_cannot_be_taken_back(shop: pages.Shop) -> None:
    user = staff.member()
    made = staff.grant(shop.workspace.id, user)
    with doors.console():
        grants.end(grant=made, by=user.pk, at=clock.now())
        assert grants.strongest(staff_id=user.pk, workspace=shop.workspace.id, at=clock.now()) is None

    with pytest.raises(DatabaseError), scope.workspace(shop.workspace.id):
        StaffGrant.objects.filter(pk=made.pk).update(ended_at=None)


def test_broken_glass_opens_at_once_is_told_to_every_admin_and_owes_a_review(shop: pages.Shop) -> None:
    user, admin = staff.member(), staff.member("admin")
    made = staff.grant(shop.workspace.id, user, break_glass=True, minutes=240)

    assert made.level == Level.CONTENT
    assert made.expires_at == made.created_at + dt.timedelta(minutes=15)
    letters.broke_glass(grant=str(made.pk), workspace=str(shop.workspace.id))
    told = {address for letter in mail.outbox for address in letter.to if "Break-glass" in letter.subject}
    assert admin.email in {address.rpartition("<")[2].rstrip(">") for address in told}
    later = clock.now() + dt.timedelta(hours=49)
    assert made.pk in grants.unreviewed(at=later)
    assert made.pk not in grants.unreviewed(at=clock.now())
    with doors.console():
        with pytest.raises(GrantRefused, match="self"):
            grants.review(grant=made, by=user, at=clock.now())
        grants.review(grant=made, by=admin, at=clock.now())
    assert made.pk not in grants.unreviewed(at=later)


def test_a_workspace_that_decides_itself_is_asked_first() -> None:
    shop, user = pages.shop(), staff.member()
    owner = pages.client(shop.owner)
    with scope.workspace(shop.workspace.id):
        Workspace.objects.update(staff_approval=True)
    made = staff.grant(shop.workspace.id, user)
    assert made.state(at=clock.now()) == State.WAITING
    with doors.console():
        assert grants.strongest(staff_id=user.pk, workspace=shop.workspace.id, at=clock.now()) is None
    letters.staff_asks(grant=str(made.pk), workspace=str(shop.workspace.id))
    assert any("Staff ask" in letter.subject and shop.email in str(letter.to) for letter in mail.outbox)

    assert "Let them in" in owner.get("/staff-access").content.decode()
    viewer = pages.client(shop.viewer).post(f"/staff-access/{made.public_id}", {"decision": "agree"})
    assert viewer.status_code == 403
    owner.post(f"/staff-access/{made.public_id}", {"decision": "agree"})

    with doors.console():
        opened = grants.strongest(staff_id=user.pk, workspace=shop.workspace.id, at=clock.now())
    assert opened is not None
    owner.post(f"/staff-access/{made.public_id}", {"decision": "end"})
    with doors.console():
        assert grants.strongest(staff_id=user.pk, workspace=shop.workspace.id, at=clock.now()) is None


def test_the_form_says_field_reason_and_fix_and_keeps_what_was_typed(shop: pages.Shop) -> None:
    browser = pages.verified(staff.member())
    address = f"/staff/workspaces/{ids.encode(ids.WORKSPACE, shop.workspace.id)}/access"

    answer = browser.post(
        address, {"category": "customer_support", "reason": "test test test test", "ticket": "nope", "minutes": "30"}
    )
    page = answer.content.decode()

    assert answer.status_code == 422
    assert "This says nothing." in page
    assert "test test test test" in page
    again = browser.post(address, {"category": "customer_support", "reason": "Late receipts reported by carrier",
                                   "ticket": "nope", "minutes": "30"})  # fmt: skip
    assert "It looks like SUP-7K3M9Q" in again.content.decode()


def test_from_the_form_to_a_message_by_code_and_the_customer_reads_it(shop: pages.Shop) -> None:
    user = staff.member()
    browser, device = pages.verified(user), staff.device(user)
    workspace = ids.encode(ids.WORKSPACE, shop.workspace.id)
    wish = {"category": "billing_dispute", "reason": "Customer disputes the price of one message", "minutes": "30"}

    refused = browser.post(f"/staff/workspaces/{workspace}/access", {**wish, "ticket": "BIL-7", "code": "000000"})
    assert refused.status_code == 422
    opened = browser.post(
        f"/staff/workspaces/{workspace}/access", {**wish, "ticket": "BIL-7", "code": device.code(clock.now())}
    )
    assert opened["Location"] == f"/staff/workspaces/{workspace}"
    assert browser.get(opened["Location"]).status_code == 200

    seen = pages.client(shop.owner).get("/staff-access").content.decode()
    assert "BIL-7" in seen
    assert "Billing dispute" in seen
    assert user.email not in seen


def test_a_passkey_used_a_moment_ago_counts_once(shop: pages.Shop) -> None:
    browser = pages.verified(staff.member())
    session = browser.session
    session[reauth.FACTOR] = clock.now().isoformat()
    session.save()
    wish = {"category": "customer_support", "ticket": "DESK-1", "minutes": "30"}
    address = f"/staff/workspaces/{ids.encode(ids.WORKSPACE, shop.workspace.id)}/access"

    first = browser.post(address, {**wish, "reason": "Customer reports late receipts again"})
    second = browser.post(address, {**wish, "reason": "Customer reports missing receipts too"})

    assert (first.status_code, second.status_code) == (302, 422)


def test_evidence_names_every_step(shop: pages.Shop) -> None:
    made = staff.grant(shop.workspace.id, staff.member(), Level.CONTENT)

    with scope.workspace(shop.workspace.id):
        rows = AuditEvent.objects.filter(workspace_id=shop.workspace.id, details__grant=str(made.pk)).order_by("id")
        told = [row.action.rpartition(":")[2] for row in rows]
    assert told == ["opened", "raised", "asked_second", "seconded", "raised"]


def test_grants_are_forgotten_after_ninety_days(shop: pages.Shop) -> None:
    made = staff.grant(shop.workspace.id, staff.member())
    with superuser() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE accounts_staff_grant SET starts_at = starts_at - interval '91 days',"
            " expires_at = expires_at - interval '91 days' WHERE id = %s",
            [made.pk],
        )

    upkeep.purge_grants(at=clock.now())

    with scope.workspace(shop.workspace.id):
        assert not StaffGrant.objects.filter(pk=made.pk).exists()
