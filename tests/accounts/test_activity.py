"""The activity of a workspace: sentences, filters, pages, files."""

import csv
import datetime as dt
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from accounts import activity, keys
from accounts.models import User
from accounts.roles import Role
from accounts.sentences import GROUPS, SENTENCES
from privacy import audit
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.accounts import World, make_member, make_user, make_workspace

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def world() -> World:
    return make_workspace()


def note(world: World, action: str, by: User | None, *, count: int = 1, **details: str) -> None:
    with scope.workspace(world.id):
        for _ in range(count):
            audit.record(
                action=action, workspace=world.id, actor=by.pk if by else None, at=clock.now(), details=details
            )


def body(world: World, query: str = "") -> str:
    return pages.client(world.owner).get(f"/activity{query}").content.decode()


def test_an_act_is_a_sentence_with_a_name(world: World) -> None:
    note(world, "user:template:deleted", world.owner)

    shown = body(world)

    assert "Deleted a template" in shown
    assert "Jo Doe" in shown


def test_a_change_of_role_says_whose_and_which(world: World) -> None:
    member, _ = make_member(world)
    told: dict[str, Any] = {"user": str(member.pk), "from": "viewer", "to": "admin"}
    note(world, "user:member:role_changed", world.owner, **told)

    assert "(Viewer → Admin)" in body(world)


def test_an_action_without_a_sentence_is_shown_as_its_code(world: World) -> None:
    note(world, "user:future:happened", world.owner)

    assert "user:future:happened" in body(world)


def test_every_action_in_the_code_has_a_sentence_and_a_group() -> None:
    files = [file for app in ("accounts", "billing", "messaging", "privacy") for file in (ROOT / app).rglob("*.py")]
    codes = {
        code for file in files for code in re.findall(r'"(?:user|staff|system):([a-z_]+:[a-z_]+)"', file.read_text())
    }

    assert codes - SENTENCES.keys() == set()
    assert {code.partition(":")[0] for code in SENTENCES} == GROUPS.keys()


def test_staff_are_a_pseudonym_and_never_a_name(world: World) -> None:
    staff, email = make_user(staff_role="support")
    note(world, "staff:sender:approved", staff)

    shown = body(world)

    assert re.search(r"Staff [0-9A-F]{6}", shown)
    assert email not in shown


def test_what_the_law_forbids_to_tell_appears_when_the_bar_ends(world: World) -> None:
    for action, days in (("staff:future:barred", 1), ("staff:future:told", -1)):
        until = clock.now() + dt.timedelta(days=days)
        with scope.workspace(world.id):
            audit.record(
                action=action, workspace=world.id, actor=None, at=clock.now(), details={}, withheld_until=until
            )

    shown = body(world)

    assert "staff:future:told" in shown
    assert "staff:future:barred" not in shown


def test_a_pseudonym_means_nothing_in_another_workspace(world: World) -> None:
    staff, _ = make_user(staff_role="support")
    other = make_workspace()
    for each in (world, other):
        note(each, "staff:sender:approved", staff)

    names = [re.findall(r"Staff [0-9A-F]{6}", body(each))[0] for each in (world, other)]

    assert names[0] != names[1]


def test_a_key_is_shown_by_its_name_and_the_platform_as_itself(world: World) -> None:
    with scope.workspace(world.id):
        key, _ = keys.create(workspace=world.workspace, name="billing job", livemode=False, by=None, at=clock.now())
        audit.record(action="user:message:canceled", workspace=world.id, actor=key.pk, at=clock.now(), details={})

    shown = body(world)

    assert "API key billing job" in shown
    assert "The platform" in shown


def test_filters_narrow_the_list(world: World) -> None:
    member, _ = make_member(world, Role.ADMIN)
    note(world, "user:template:deleted", member)
    note(world, "user:export:created", world.owner)

    assert "Deleted a template" not in body(world, f"?person={world.owner.pk}")
    assert "Asked for an export" not in body(world, "?group=template")
    assert "Nothing fits" in body(world, "?until=2020-01-01")
    assert "Deleted a template" in body(world, f"?person={member.pk}&since=2020-01-01&group=template")


@pytest.mark.parametrize("query", ["?person=nobody", "?group=.*", "?since=yesterday"])
def test_a_filter_that_is_none_narrows_nothing(world: World, query: str) -> None:
    note(world, "user:template:deleted", world.owner)

    assert "Deleted a template" in body(world, query)


def test_pages_lead_on_by_cursor(world: World) -> None:
    note(world, "user:export:created", world.owner, count=activity.PAGE_ROWS)
    note(world, "user:template:deleted", world.owner)

    first = body(world)
    older = re.search(r'href="(/activity\?before=[^"]+)"', first)
    assert older
    second = pages.client(world.owner).get(older[1]).content.decode()

    assert "Deleted a template" in first
    assert "Deleted a template" not in second
    assert "Asked for an export" in second
    assert pages.client(world.owner).get("/activity?before=nonsense").status_code == 404


def test_another_workspace_sees_nothing_of_it(world: World) -> None:
    note(world, "user:template:deleted", world.owner)

    assert "Deleted a template" not in body(make_workspace())


def test_the_file_holds_what_the_filter_means_and_no_formula(world: World) -> None:
    owner = User.objects.get(pk=world.owner.pk)
    owner.name = "=HYPERLINK(1)"
    owner.save()
    note(world, "user:template:deleted", world.owner)
    browser = pages.client(world.owner)

    text = b"".join(browser.get("/activity/download/csv?group=template")).decode("utf-8-sig")
    data = json.loads(b"".join(browser.get("/activity/download/json?group=template")))

    (row,) = csv.DictReader(io.StringIO(text))
    assert row["by"] == "'=HYPERLINK(1)"
    assert [entry["action"] for entry in data] == ["user:template:deleted"]
    assert "Downloaded this log" in body(world)


def test_a_long_log_is_read_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "EXPORT_ROWS", 3)
    note(world, "user:template:deleted", world.owner, count=7)

    found = list(activity.everything(workspace=world.id, wanted=activity.Wanted(group="template")))

    assert len({entry.id for entry in found}) == 7
    assert [entry.id for entry in found] == sorted((entry.id for entry in found), reverse=True)


def test_many_rows_ask_no_more_than_one(world: World) -> None:
    counts = []
    for count in (1, 30):
        note(world, "user:template:deleted", world.owner, count=count)
        asked: list[str] = []
        with connections["default"].execute_wrapper(_listen(asked)):
            body(world)
        counts.append(len(asked))

    assert counts[1] <= counts[0]


def _listen(asked: list[str]):  # type: ignore[no-untyped-def]  # Django's wrapper protocol
    def listen(execute, sql, params, many, context):  # type: ignore[no-untyped-def]  # the same
        asked.append(sql)
        return execute(sql, params, many, context)

    return listen


def test_ids_in_details_are_public_ones() -> None:
    key = ids.uuid7()

    assert activity.subject_of({"key": str(key)}) == ids.encode(ids.KEY, key)
    assert activity.subject_of({"key": "not an id"}) == "not an id"
    assert activity.subject_of({"role": "viewer"}) == ""
