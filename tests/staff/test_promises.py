"""The board is green while staff keep to their grants, and red when somebody did not."""

import datetime as dt

from django.test import Client

from accounts import grants, promises
from accounts.looks import LOOKED
from privacy import audit
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from smsplatform.lib.tenancy import staff as doors
from tests.factories import pages, staff
from tests.factories.superuser import superuser


def stray() -> int:
    return int(promises.staff_reads(clock.now()).evidence["without_grant"])


def look(browser: Client, shop: pages.Shop) -> None:
    assert browser.get(f"/staff/workspaces/{ids.encode(ids.WORKSPACE, shop.workspace.id)}").status_code == 200


def test_looks_lie_in_grants_and_one_that_does_not_is_counted() -> None:
    shop, user = pages.shop(), staff.member()
    staff.grant(shop.workspace.id, user)
    before = stray()
    look(pages.verified(user), shop)
    assert stray() == before

    with scope.workspace(shop.workspace.id):
        details = {"grant": str(ids.uuid7()), "level": "CONTENT", "kinds": "body", "count": "1"}
        planted = audit.record(
            action=LOOKED, workspace=shop.workspace.id, actor=user.pk, at=clock.now(), details=details
        )
    found, holds = stray(), promises.staff_reads(clock.now()).holds
    with superuser() as connection:  # or the board stays red for all tests that follow
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM privacy_audit_event WHERE id = %s", [planted])

    assert (found, holds) == (before + 1, False)


def test_the_tables_of_customers_are_closed_to_the_login_of_staff() -> None:
    assert promises.staff_reads(clock.now()).evidence["open_tables"] == 0


def test_glass_that_nobody_reviewed_turns_the_board_red() -> None:
    shop = pages.shop()
    made = staff.grant(shop.workspace.id, staff.member(), break_glass=True)

    later = promises.staff_reads(clock.now() + dt.timedelta(hours=49))
    with doors.console():
        grants.review(grant=made, by=staff.member("admin"), at=clock.now())

    assert int(later.evidence["unreviewed"]) >= 1
    assert later.holds is False
    assert "unreviewed break-glass" in later.why


def test_every_grant_has_a_reason() -> None:
    assert promises.grant_reasons(clock.now()).holds
