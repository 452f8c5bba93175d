"""What staff may not do alone: files of a customer's data, and giving money back."""

import csv
import datetime as dt
import io
import threading
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import DatabaseError, connections
from django.test import Client, override_settings

from accounts import grants, reauth, seconding
from accounts.grants import GrantRefused
from accounts.looks import LOOKED
from accounts.models import StaffProposal, User
from billing import ledger
from messaging import exporting, exports, refunding, staff_exports
from messaging.exporting import Selection
from messaging.models import Export, ExportPiece, Message
from privacy.models import AuditEvent
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from smsplatform.lib.tenancy import staff as doors
from smsplatform.lib.tenancy.staff import Level
from tests.factories import messaging, pages, staff
from tests.factories.accounts import World, make_workspace
from tests.factories.superuser import superuser

TEXT = "Your parcel is here"


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """A support person with their browser, somebody who decides, and a workspace."""

    user: User
    browser: Client
    second: User
    world: World

    @property
    def path(self) -> str:
        """Of the workspace in the console."""
        return f"/staff/workspaces/{ids.encode(ids.WORKSPACE, self.world.id)}"

    def decide(self, decision: str = "agree", *, by: User | None = None) -> Any:
        """The second person presses a button, having used their passkey just now; the answer."""
        browser, path = pages.verified(by or self.second), f"/staff/proposals/{self.proposal().public_id}"
        session = browser.session
        session[reauth.FACTOR] = clock.now().isoformat()
        session.save()
        return browser.post(path, {"decision": decision}, follow=True)

    def proposal(self) -> StaffProposal:
        """The newest of the workspace."""
        with scope.workspace(self.world.id):
            return StaffProposal.objects.filter(workspace_id=self.world.id).latest("id")

    def events(self, *actions: str) -> list[AuditEvent]:
        """What the workspace's log says."""
        with scope.workspace(self.world.id):
            return list(AuditEvent.objects.filter(workspace_id=self.world.id, action__in=actions).order_by("id"))


@pytest.fixture(scope="module")
def people() -> dict[str, User]:
    """One of each role, and one more."""
    return {role: staff.member(role) for role in ("support", "admin", "finance", "auditor")} | {
        "other": staff.member("admin")
    }


@pytest.fixture
def desk(people: dict[str, User]) -> Desk:
    user = people["support"]
    return Desk(user=user, browser=pages.verified(user), second=people["admin"], world=make_workspace())


def wish(shows: Level, file_format: str = "csv", **changed: str) -> dict[str, str]:
    today = f"{clock.now():%Y-%m-%d}"
    values = {"since": today, "until": today, "mode": "test", "level": str(shows.value), "file_format": file_format}
    return {**values, **changed}


def agreed_export(desk: Desk, level: Level, file_format: str = "csv") -> Export:
    """A file that was asked for, agreed to and made."""
    staff.grant(desk.world.id, desk.user, level)
    assert desk.browser.post(f"{desk.path}/exports", wish(level, file_format)).status_code == 302
    assert "Agreed, and done." in desk.decide().content.decode()
    with scope.workspace(desk.world.id):
        made = Export.objects.get(proposal_id=desk.proposal().pk)
    while made.state in exports.ACTIVE:
        with scope.workspace(desk.world.id):
            exports.step(export=made.pk, at=clock.now())
            made = Export.objects.get(pk=made.pk)
    return made


def taken(desk: Desk, export: Export) -> Any:
    return desk.browser.post(f"{desk.path}/exports/{ids.encode(ids.EXPORT, export.pk)}")


def rows(answer: Any) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.promise("fleet-28", "transit-100")
@pytest.mark.parametrize("level", list(Level))
def test_a_file_holds_what_its_level_shows_and_each_download_is_written_down_first(desk: Desk, level: Level) -> None:
    message = messaging.accept(desk.world, body=TEXT)[0]
    export = agreed_export(desk, level)

    (row,) = rows(taken(desk, export))

    assert row["id"] == ids.encode(ids.MESSAGE, message.id)
    assert row["to"] == (messaging.TO if level >= Level.IDENTIFIERS else "31 ••••")
    assert row.get("text") == (TEXT if level == Level.CONTENT else None)
    (counted,) = desk.events("staff:export:downloaded")
    look = desk.events(LOOKED)[-1]
    assert counted.details["level"] == look.details["level"] == level.name
    assert look.details["kinds"] == ".".join(staff_exports.SHOWS[level])
    assert counted.id < look.id


def test_the_file_is_sealed_at_rest_and_gone_after_an_hour(desk: Desk) -> None:
    messaging.accept(desk.world, body=TEXT)
    export = agreed_export(desk, Level.CONTENT)

    with superuser() as connection:
        kept = connection.execute("SELECT content FROM messaging_export_piece WHERE export_id = %s", [export.pk])
        (sealed,) = kept.fetchone() or (b"",)
    assert len(sealed) > 50
    assert TEXT.encode() not in bytes(sealed)
    assert export.finished_at is not None
    assert export.expires_at - export.finished_at == dt.timedelta(hours=1)


def test_three_downloads_and_no_more(desk: Desk) -> None:
    messaging.accept(desk.world)
    export = agreed_export(desk, Level.METADATA)

    assert [taken(desk, export).status_code for _ in range(4)] == [200, 200, 200, 302]
    assert len(desk.events("staff:export:downloaded")) == 3


def test_nobody_agrees_to_their_own_file_not_even_behind_broken_glass(desk: Desk) -> None:
    staff.grant(desk.world.id, desk.user, break_glass=True)
    desk.browser.post(f"{desk.path}/exports", wish(Level.CONTENT))

    answer = desk.decide(by=desk.user)

    assert "Somebody else has to approve this." in answer.content.decode()
    assert desk.proposal().agreed is None
    with scope.workspace(desk.world.id):
        assert not Export.objects.filter(level__gt=0).exists()


def test_finance_and_auditors_agree_to_no_file(desk: Desk, people: dict[str, User]) -> None:
    staff.grant(desk.world.id, desk.user)
    desk.browser.post(f"{desk.path}/exports", wish(Level.METADATA))

    assert "Your role does not decide this." in desk.decide(by=people["finance"]).content.decode()
    assert desk.decide(by=people["auditor"]).status_code == 403
    assert desk.proposal().agreed is None


def test_the_second_person_uses_their_factor(desk: Desk) -> None:
    staff.grant(desk.world.id, desk.user)
    desk.browser.post(f"{desk.path}/exports", wish(Level.METADATA))
    path = f"/staff/proposals/{desk.proposal().public_id}"

    answer = pages.verified(desk.second).post(path, {"decision": "agree", "code": "000000"}, follow=True)

    assert "This code is not right" in answer.content.decode()
    assert desk.proposal().agreed is None


def test_a_declined_file_is_never_made(desk: Desk) -> None:
    staff.grant(desk.world.id, desk.user)
    desk.browser.post(f"{desk.path}/exports", wish(Level.METADATA))

    desk.decide("decline")

    assert desk.proposal().agreed is False
    assert "decided already" in desk.decide().content.decode()
    with scope.workspace(desk.world.id):
        assert not Export.objects.filter(level__gt=0).exists()


def test_a_question_nobody_answered_within_a_day_is_over(desk: Desk) -> None:
    staff.grant(desk.world.id, desk.user)
    desk.browser.post(f"{desk.path}/exports", wish(Level.METADATA))
    later = clock.now() + dt.timedelta(hours=25)

    with doors.console(), pytest.raises(GrantRefused, match="decided"):
        seconding.decide(
            proposal=desk.proposal(),
            by=desk.second,
            agreed=True,
            factor_at=later,
            at=later,
            carry_out=lambda _row: None,
        )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"level": "3"}, "Select a valid choice"),
        ({"since": "2026-01-01", "until": "2026-03-01"}, "Choose 31 days at most."),
        ({"since": "2026-01-02", "until": "2026-01-01"}, "The last day is before the first."),
        ({"since": "yesterday"}, "Enter a valid date."),
        ({"file_format": "exe"}, "Select a valid choice"),
    ],
)
def test_what_is_asked_for_wrongly_is_said_and_kept(desk: Desk, changed: dict[str, str], said: str) -> None:
    staff.grant(desk.world.id, desk.user)

    answer = desk.browser.post(f"{desk.path}/exports", wish(Level.METADATA, **changed))

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert changed.get("since", "") in answer.content.decode()


def test_a_file_is_not_opened_under_a_lower_grant_nor_by_somebody_else_nor_without(
    desk: Desk, people: dict[str, User]
) -> None:
    messaging.accept(desk.world)
    export = agreed_export(desk, Level.CONTENT)
    with doors.console():
        held = grants.strongest(staff_id=desk.user.pk, workspace=desk.world.id, at=clock.now())
        assert held is not None
        grants.end(grant=held, by=desk.user.pk, at=clock.now())

    assert taken(desk, export).status_code == 403
    staff.grant(desk.world.id, desk.user, Level.IDENTIFIERS)
    assert "Raise it first" in desk.browser.get(taken(desk, export)["Location"]).content.decode()
    other = people["other"]
    staff.grant(desk.world.id, other, Level.CONTENT)
    stranger = pages.verified(other)
    path = f"{desk.path}/exports/{ids.encode(ids.EXPORT, export.pk)}"
    assert "not yours" in stranger.get(stranger.post(path)["Location"]).content.decode()
    assert desk.events("staff:export:downloaded") == []


def test_a_grant_that_ends_while_the_file_leaves_ends_the_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "READ_MAX", 2)
    messaging.accept(desk.world, count=5)
    export = agreed_export(desk, Level.IDENTIFIERS)
    lines = staff_exports.lines(export, by=desk.user.pk)
    first = [next(lines) for _ in range(2)]
    with doors.console():
        held = grants.strongest(staff_id=desk.user.pk, workspace=desk.world.id, at=clock.now())
        assert held is not None
        grants.end(grant=held, by=desk.user.pk, at=clock.now())

    with pytest.raises(doors.StaffRefused):
        list(lines)
    assert len(first) == 2


@pytest.mark.promise("fleet-28", "transit-101")
def test_the_database_shows_staff_no_piece_above_their_level_and_none_of_the_customer_s_own(desk: Desk) -> None:
    messaging.accept(desk.world)
    export = agreed_export(desk, Level.CONTENT)
    with scope.workspace(desk.world.id):
        own = exports.start(
            workspace=desk.world.id, by=desk.world.owner.id, kind="messages", chosen=Selection(livemode=False),
            file_format="csv", at=clock.now(),
        )  # fmt: skip
        exports.step(export=own.pk, at=clock.now())

    def seen(level: Level, file: Export = export) -> int:
        allowed = doors.Pass(
            grant=ids.uuid7(), workspace=desk.world.id, level=level, until=clock.now() + dt.timedelta(minutes=1)
        )
        with doors.console(), doors.admitted(allowed):
            return ExportPiece.objects.filter(export_id=file.pk).count()

    with pytest.raises(DatabaseError):
        seen(Level.IDENTIFIERS)
    assert seen(Level.CONTENT) == 1
    assert seen(Level.CONTENT, own) == 0


@pytest.mark.promise("fleet-28")
def test_the_database_refuses_a_file_nobody_agreed_to(desk: Desk) -> None:
    staff.grant(desk.world.id, desk.user)
    desk.browser.post(f"{desk.path}/exports", wish(Level.METADATA))
    asked, at = desk.proposal(), clock.now()

    with pytest.raises(DatabaseError, match="nobody agreed"), scope.workspace(desk.world.id):
        staff_exports.make(asked, at=at)
    desk.decide()
    asked = desk.proposal()
    asked.level = Level.CONTENT
    with pytest.raises(DatabaseError, match=r"nobody agreed|once"), scope.workspace(desk.world.id):
        staff_exports.make(asked, at=at)


@pytest.mark.parametrize(
    "change",
    ["agreed = true, decided_at = now(), decided_by = asked_by", "level = 3", "amount = 1", "chosen = '{}'"],
)
def test_the_table_itself_refuses_to_bend_a_proposal(desk: Desk, change: str) -> None:
    staff.grant(desk.world.id, desk.user)
    desk.browser.post(f"{desk.path}/exports", wish(Level.METADATA))

    with pytest.raises(DatabaseError), scope.workspace(desk.world.id), connections["default"].cursor() as cursor:
        cursor.execute(f"UPDATE accounts_staff_proposal SET {change} WHERE id = %s", [desk.proposal().pk])


def test_the_customer_sees_who_asked_who_agreed_and_each_download(desk: Desk) -> None:
    messaging.accept(desk.world)
    taken(desk, agreed_export(desk, Level.IDENTIFIERS))

    shown = pages.client(desk.world.owner).get("/staff-access").content.decode()

    assert "What two of them decided" in shown
    assert "downloaded 1 time" in shown
    assert desk.user.email not in shown
    assert desk.second.email not in shown
    activity = pages.client(desk.world.owner).get("/activity").content.decode()
    assert "A second person agreed to an export" in activity
    assert pages.client(desk.world.owner).get("/exports").content.decode().count("exp_") == 0


def test_what_a_law_forbids_to_tell_of_a_grant_is_not_told_of_its_files(desk: Desk) -> None:
    grant = staff.grant(desk.world.id, desk.user)
    with superuser() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE accounts_staff_grant SET withheld_until = now() + interval '9 days' WHERE id = %s", [grant.pk]
        )
    desk.browser.post(f"{desk.path}/exports", wish(Level.METADATA))
    desk.decide()
    owner = pages.client(desk.world.owner)

    assert desk.proposal().agreed
    assert "What two of them decided" not in owner.get("/staff-access").content.decode()
    assert "to an export" not in owner.get("/activity").content.decode()
    assert all(event.withheld_until for event in desk.events("staff:export:asked", "staff:export:seconded"))


# Refunds


@pytest.fixture
def charged(desk: Desk) -> Message:
    """A message that was delivered, and is paid for."""
    drafts = messaging.accept(desk.world)
    messaging.finish(desk.world, drafts)
    staff.grant(desk.world.id, desk.user)
    with scope.workspace(desk.world.id):
        return Message.objects.get(pk=drafts[0].id)


def ask_refund(desk: Desk, message: Message) -> Any:
    path = f"{desk.path}/messages/{ids.encode(ids.MESSAGE, message.id)}/refund"
    return desk.browser.post(path, follow=True)


def balance(desk: Desk) -> int:
    return ledger.balance(workspace=desk.world.id, currency=desk.world.workspace.currency, livemode=False).posted


def test_a_refund_is_asked_agreed_and_booked_once_and_the_ledger_sums_to_zero(desk: Desk, charged: Message) -> None:
    before = balance(desk)
    assert charged.price > 0

    assert "Another member of the staff decides" in ask_refund(desk, charged).content.decode()
    assert balance(desk) == before
    assert "Agreed, and done." in desk.decide().content.decode()

    assert balance(desk) == before + charged.price
    assert ledger.verify(workspace=desk.world.id) == []
    with scope.workspace(desk.world.id):
        assert Message.objects.get(pk=charged.id).refunded
    page = pages.client(desk.world.owner).get("/activity").content.decode()
    assert "Gave the price of a message back" in page
    assert "A second person agreed to give a price back" in page
    assert "was returned before" in ask_refund(desk, charged).content.decode()


def test_nobody_agrees_to_their_own_refund(desk: Desk, charged: Message) -> None:
    before = balance(desk)
    ask_refund(desk, charged)

    assert "Somebody else has to approve this." in desk.decide(by=desk.user).content.decode()
    assert balance(desk) == before
    assert desk.proposal().agreed is None


def test_two_who_agree_at_once_give_back_once(desk: Desk, charged: Message, people: dict[str, User]) -> None:
    before, at, said = balance(desk), clock.now(), []
    ask_refund(desk, charged)
    proposal, start = desk.proposal(), threading.Barrier(2)

    def carry_out(row: StaffProposal) -> None:
        assert row.subject
        refunding.give_back(workspace=row.workspace_id, message=row.subject, at=at)

    def agree(by: User) -> None:
        start.wait()
        try:
            with doors.console():
                seconding.decide(proposal=proposal, by=by, agreed=True, factor_at=at, at=at, carry_out=carry_out)
            said.append("done")
        except GrantRefused as refused:
            said.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=agree, args=(by,)) for by in (desk.second, people["finance"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == ["decided", "done"]
    assert balance(desk) == before + charged.price
    assert ledger.verify(workspace=desk.world.id) == []


def test_two_refunds_of_one_message_at_once_are_one(desk: Desk, charged: Message) -> None:
    given: list[int] = []

    def give() -> None:
        given.append(refunding.give_back(workspace=desk.world.id, message=charged.id, at=clock.now()))
        connections.close_all()

    threads = [threading.Thread(target=give) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(given) == [0, 0, 0, charged.price]


def test_a_refund_waits_once_however_often_it_is_asked_for(desk: Desk, charged: Message) -> None:
    ask_refund(desk, charged)
    ask_refund(desk, charged)

    with scope.workspace(desk.world.id):
        assert StaffProposal.objects.filter(workspace_id=desk.world.id).count() == 1


def test_a_refund_up_to_the_operator_s_limit_needs_nobody_else(desk: Desk, charged: Message) -> None:
    before = balance(desk)

    with override_settings(STAFF_REFUND_ALONE_MAX_MICRO=charged.price):
        assert "The price was given back." in ask_refund(desk, charged).content.decode()

    assert balance(desk) == before + charged.price
    assert [event.details["message"] for event in desk.events("staff:message:refunded")] == [str(charged.id)]


def test_nothing_of_another_workspace_is_given_back(desk: Desk, charged: Message) -> None:
    assert refunding.give_back(workspace=make_workspace().id, message=charged.id, at=clock.now()) == 0
