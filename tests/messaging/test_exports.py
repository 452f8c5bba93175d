"""Exports: every row once, sealed while it is kept, and finished whoever dies meanwhile."""

import csv
import datetime as dt
import io
import json
from typing import Any
from uuid import UUID

import pytest
from django.core import mail as django_mail

from messaging import exporting, exports, upkeep
from messaging.exporting import Selection
from messaging.models import Export, ExportPiece
from privacy.models import AuditEvent
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import messaging, pages
from tests.factories.accounts import World, make_workspace
from tests.factories.superuser import superuser


def start(world: World, file_format: str = "csv", **wanted: str) -> Export:
    with scope.workspace(world.id):
        return exports.start(
            workspace=world.id,
            by=world.owner.id,
            kind="messages",
            chosen=Selection(livemode=False, wanted=wanted),
            file_format=file_format,
            at=clock.now(),
        )


def finish(world: World, export: Export) -> int:
    """Make every piece; how many steps it took."""
    steps = 1
    while step(world, export):
        steps += 1
    return steps


def step(world: World, export: Export) -> bool:
    with scope.workspace(world.id):
        return exports.step(export=export.id, at=clock.now())


def content(world: World, export: Export) -> str:
    return "".join(exports.lines(workspace=world.id, export=export.id, at=clock.now()))


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def public(drafts: list[Any]) -> set[str]:
    return {ids.encode(ids.MESSAGE, draft.id) for draft in drafts}


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "READ_MAX", 4)


@pytest.mark.promise("transit-39", "transit-118")
def test_a_file_holds_every_message_once_newest_first(small_pieces: None) -> None:
    world = make_workspace()
    drafts = messaging.accept(world, count=11, reference="order 9")
    export = start(world)

    steps = finish(world, export)
    rows = table(content(world, export))

    assert steps == 3
    assert [row["id"] for row in rows] == sorted(public(drafts), reverse=True)
    assert {(row["status"], row["reference"], row["segments"]) for row in rows} == {("queued", "order 9", "1")}
    assert {row["to"] for row in rows} == {messaging.TO}


@pytest.mark.parametrize("count", [0, 1, 9])
def test_json_is_one_array_and_json_lines_are_one_object_each(small_pieces: None, count: int) -> None:
    world = make_workspace()
    drafts = messaging.accept(world, count=count) if count else []
    array, lines = start(world, "json"), start(world, "jsonl")

    finish(world, array)
    finish(world, lines)

    found = json.loads(content(world, array))
    assert {row["id"] for row in found} == public(drafts)
    assert [json.loads(line) for line in content(world, lines).splitlines() if line] == found


def test_only_what_fits_the_filter_is_in_the_file(small_pieces: None) -> None:
    world = make_workspace()
    drafts = messaging.accept(world, count=6)
    other = messaging.accept(world, to="+4915123456789")
    messaging.finish(world, drafts[:2])

    delivered, number = start(world, status="delivered"), start(world, to="+4915123456789")
    finish(world, delivered)
    finish(world, number)

    assert {row["id"] for row in table(content(world, delivered))} == public(drafts[:2])
    assert {row["id"] for row in table(content(world, number))} == public(other)


def test_what_is_accepted_after_it_was_asked_for_is_not_in_it() -> None:
    world = make_workspace()
    before = messaging.accept(world)
    export = start(world)
    messaging.accept(world)

    finish(world, export)

    assert {row["id"] for row in table(content(world, export))} == public(before)


def test_a_step_that_was_lost_is_made_again_and_no_row_is_lost_or_doubled(
    small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_workspace()
    drafts = messaging.accept(world, count=10)
    export = start(world)
    step(world, export)

    class Killed(BaseException):
        pass

    def killed(*args: Any, **kwargs: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Export, "save", killed)  # the process dies after the piece was written, before the commit
        with pytest.raises(Killed):
            step(world, export)
    finish(world, export)

    assert [row["id"] for row in table(content(world, export))] == sorted(public(drafts), reverse=True)


def test_the_sweep_finds_an_export_whose_task_was_lost() -> None:
    world = make_workspace()
    export = start(world)
    later = clock.now() + exports.STALE + dt.timedelta(seconds=1)

    assert (world.id, export.id) in exports.stale(at=later)
    finish(world, export)
    assert (world.id, export.id) not in exports.stale(at=later)


def spoil(export: Export, *, kind: str) -> None:
    """What no program can do: a trigger keeps the kind of an export."""
    with superuser() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE messaging_export SET kind = %s WHERE id = %s", [kind, export.pk])


def test_a_failure_tells_its_kind_and_can_be_tried_again(small_pieces: None) -> None:
    world = make_workspace()
    messaging.accept(world, count=6)
    export = start(world)
    step(world, export)
    spoil(export, kind="nothing")
    step(world, export)
    with scope.workspace(world.id):
        failed = Export.objects.get(pk=export.id)
        assert (failed.state, failed.error) == ("failed", "KeyError")
        spoil(export, kind="messages")
        exports.retry(failed, by=world.owner.id, at=clock.now())

    finish(world, export)

    assert len(table(content(world, export))) == 6


def test_a_workspace_makes_only_so_many_at_a_time() -> None:
    world = make_workspace()
    for _ in range(exports.ACTIVE_MAX):
        start(world)

    with pytest.raises(exports.TooMany):
        start(world)


def test_pieces_and_filter_are_sealed_in_the_database() -> None:
    world = make_workspace()
    messaging.accept(world, reference="order 9")
    export = start(world, to=messaging.TO)
    finish(world, export)

    with superuser() as connection:
        kept = connection.execute(
            "SELECT p.content, e.filter FROM messaging_export e JOIN messaging_export_piece p ON p.export_id = e.id "
            "WHERE e.id = %s", [export.id]
        ).fetchone()  # fmt: skip

    assert kept
    for value in kept:
        assert messaging.TO.encode() not in value
        assert b"order 9" not in value


@pytest.mark.promise("duty-07")
def test_a_file_is_unreadable_when_its_time_is_over_and_the_purge_empties_it() -> None:
    world = make_workspace()
    messaging.accept(world)
    export = start(world)
    finish(world, export)
    with scope.workspace(world.id):
        late = Export.objects.get(pk=export.id).expires_at

    with pytest.raises(exports.NotReady):
        list(exports.lines(workspace=world.id, export=export.id, at=late))
    while upkeep.purge_exports(at=late):
        pass

    with scope.workspace(world.id):
        left = Export.objects.get(pk=export.id)
        assert (left.state, left.filter) == ("expired", None)
        assert not ExportPiece.objects.filter(export_id=export.id).exists()
    while upkeep.forget_exports(at=late + upkeep.EXPORTS_KEPT):
        pass
    with scope.workspace(world.id):
        assert not Export.objects.filter(pk=export.id).exists()


def test_the_task_makes_a_piece_and_who_asked_is_told_at_the_end() -> None:
    world = make_workspace()
    messaging.accept(world)
    export = start(world)
    finish(world, export)
    django_mail.outbox.clear()

    exports.tell(workspace=str(world.id), export=str(export.id))

    (letter,) = django_mail.outbox
    assert letter.to == [world.email]
    assert "/exports" in letter.body
    assert messaging.TO not in letter.body


def test_the_page_asks_shows_and_hands_over_and_each_is_recorded() -> None:
    shop = pages.shop()
    message = pages.message(shop)
    browser = pages.client(shop.owner)

    asked = browser.post("/exports", {"format": "csv", "status": "queued"}, follow=True).content.decode()
    (export,) = made(shop)
    waiting = browser.get(f"/exports/{ids.encode(ids.EXPORT, export.id)}/download", follow=True).content.decode()
    with scope.workspace(shop.workspace.id):
        while exports.step(export=export.id, at=clock.now()):
            pass
    ready = browser.get("/exports").content.decode()
    file = browser.get(f"/exports/{ids.encode(ids.EXPORT, export.id)}/download")

    assert 'hx-trigger="every 1s"' in asked
    assert "Queued" in asked
    assert "not finished" in waiting
    assert "Download" in ready
    assert "hx-trigger" not in ready
    assert "attachment" in file["Content-Disposition"]
    text = b"".join(file).decode()
    assert [row["id"] for row in table(text)] == [message]
    assert recorded(shop) == ["user:export:created", "user:export:downloaded"]


def made(shop: pages.Shop) -> list[Export]:
    with scope.workspace(shop.workspace.id):
        return list(Export.objects.filter(workspace_id=shop.workspace.id))


def recorded(shop: pages.Shop) -> list[str]:
    with scope.workspace(shop.workspace.id):
        events = AuditEvent.objects.filter(workspace_id=shop.workspace.id, action__startswith="user:export")
        return list(events.order_by("id").values_list("action", flat=True))


def test_a_number_searched_for_is_exported_without_standing_in_any_address() -> None:
    shop = pages.shop()
    wanted = pages.message(shop)
    pages.message(shop, to="+31612345678")
    browser = pages.client(shop.owner)

    html = browser.post("/exports", {"format": "json", "q": pages.TO}, follow=True)

    (export,) = made(shop)
    with scope.workspace(shop.workspace.id):
        exports.step(export=export.id, at=clock.now())
    text = "".join(exports.lines(workspace=shop.workspace.id, export=export.id, at=clock.now()))
    assert [row["id"] for row in json.loads(text)] == [wanted]
    assert pages.TO not in html.content.decode()
    assert html.redirect_chain == [("/exports", 302)]


def test_a_viewer_exports_nothing_and_a_stranger_finds_nothing() -> None:
    shop, other = pages.shop(), pages.shop()
    browser = pages.client(shop.owner)
    browser.post("/exports", {"format": "csv"})
    (export,) = made(shop)
    name = ids.encode(ids.EXPORT, export.id)
    viewer, stranger = pages.client(shop.viewer), pages.client(other.owner)

    assert viewer.get("/exports").status_code == 403
    assert viewer.post("/exports", {"format": "csv"}).status_code == 403
    assert stranger.get(f"/exports/{name}/download").status_code == 404
    assert stranger.post(f"/exports/{name}/remove").status_code == 404
    assert 'form="export"' not in viewer.get("/messages").content.decode()


def test_the_list_of_exports_takes_the_same_queries_for_one_and_for_fifty() -> None:
    from tests.messaging.views.test_messages import queries

    one, fifty = pages.shop(), pages.shop()
    for shop, count in ((one, 1), (fifty, 50)):
        with scope.workspace(shop.workspace.id):
            for _ in range(count):
                _finished(shop.workspace.id, shop.owner.id)

    assert queries(one, "/exports") == queries(fifty, "/exports") <= 12


def _finished(workspace: UUID, by: UUID) -> None:
    at = clock.now()
    Export.objects.create(
        workspace_id=workspace, requested_by=by, kind="messages", filter='{"livemode": false}', format="csv",
        state="done", finished_at=at, expires_at=at + exports.KEPT,
    )  # fmt: skip
