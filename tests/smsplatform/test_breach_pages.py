"""The pages of the breach desk: who may act, what bad input is told, and a way from opening to closing."""

from typing import Any

import pytest
from django.test import Client

from privacy.breaches.register import DATABASE
from privacy.models import Incident
from smsplatform.lib import ids
from tests.factories import pages

NEW = "/staff/breaches/new"
FACTS = {"title": "T", "description": "D", "aware_at": "2026-11-20T10:00", "integrity": "on", "drill": "on"}


@pytest.fixture(scope="module")
def admin() -> Client:
    return pages.verified(pages.person(staff_role="admin")[0])


@pytest.fixture(scope="module")
def auditor() -> Client:
    return pages.verified(pages.person(staff_role="auditor")[0])


@pytest.fixture(scope="module")
def shop() -> pages.Shop:
    made = pages.shop()
    pages.message(made)
    return made


def opened(admin: Client) -> str:
    """The address of a new drill."""
    return str(admin.post(NEW, FACTS).headers["Location"])


def words(answer: Any) -> str:
    assert answer.status_code == 422
    return str(answer.content.decode())


def test_auditors_read_and_only_admins_act(admin: Client, auditor: Client) -> None:
    place = opened(admin)

    for path in ("/staff/breaches", place, f"{place}/report", f"{place}/tell/users", "/staff/breaches/runbook"):
        assert auditor.get(path).status_code == 200, path
    for path, body in (
        (NEW, FACTS),
        (f"{place}/measure", {"text": "x"}),
        (f"{place}/scope", {"models": "messaging.Message"}),
        (f"{place}/revoke", {"what": "keys"}),
        (f"{place}/tell/users", {"step": "send", "title": "x", "text": "x"}),
        (f"{place}/close", {}),
    ):
        assert auditor.post(path, body).status_code == 403, path
    assert pages.client(pages.person()[0]).get(place).status_code == 404


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"aware_at": "2126-01-01T00:00"}, "This is in the future."),
        ({"aware_at": "yesterday"}, "Enter day and time as"),
        ({"integrity": ""}, "Choose at least one: what was harmed?"),
        ({"description": "It was jo@example.org"}, "leave it out"),
        ({"title": ""}, "Give it a title."),
        ({"title": "x" * 121}, "120"),
    ],
)
def test_bad_facts_are_told_at_their_field_and_what_was_typed_stays(
    admin: Client, changed: dict[str, str], told: str
) -> None:
    shown = words(admin.post(NEW, FACTS | {"description": "Typed by hand."} | changed))

    assert told in shown
    assert changed.get("description", "Typed by hand.") in shown


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ({}, "Choose at least one kind of data"),
        ({"models": "messaging.Nothing"}, "The inventory does not know messaging.Nothing."),
        ({"models": "messaging.Message", "since": "2026-11-20T10:00", "until": "2026-11-19T10:00"}, "end lies before"),
        ({"models": "messaging.Message", "workspaces": "acme"}, "acme is no id."),
        ({"models": "messaging.Message", "actor": "somebody"}, "somebody is no id."),
    ],
)
def test_a_bad_question_is_told_why(admin: Client, question: dict[str, str], told: str) -> None:
    assert told in words(admin.post(f"{opened(admin)}/scope", question))


def test_a_drill_from_opening_to_closing(admin: Client, shop: pages.Shop) -> None:
    place = opened(admin)
    workspace = ids.encode(ids.WORKSPACE, shop.workspace.id)

    assert "Compute first whom it concerns" in words(
        admin.post(f"{place}/tell/users", {"step": "send", "title": "T", "text": "X", "late_reason": "-"})
    )
    admin.post(f"{place}/scope", {"models": "messaging.Message", "workspaces": workspace})
    admin.post(f"{place}/assess", {"risk": "low", "reasons": "Encrypted.", "sealed_only": "on"})
    admin.post(f"{place}/measure", {"text": "Closed the door."})
    admin.post(f"{place}/revoke", {"what": "sessions"})
    admin.post(f"{place}/tell/users", {"step": "draft", "title": "Kept words", "text": "X"})
    assert "Kept words" in admin.get(f"{place}/tell/users").content.decode()
    assert "The time is over." in words(
        admin.post(f"{place}/tell/controllers", {"step": "send", "title": "T", "text": "X"})
    )
    late = {"late_reason": "Found late."}
    admin.post(f"{place}/tell/controllers", {"step": "send", "title": "T", "text": "X", **late})
    admin.post(f"{place}/tell/authority", {"step": "send", "title": "T", "text": "Phase", "reference": "LfD 7", **late})
    admin.post(f"{place}/tell/users", {"step": "waive", "reasons": "No risk.", **late})
    admin.post(f"{place}/close")

    shown = admin.get(place).content.decode()
    for said in ("Computed: 1 workspaces", "Would have revoked", "LfD 7", "Closed the door.", "Late, because"):
        assert said in shown
    paper = admin.get(f"{place}/report").content.decode()
    assert "This is a drill." in paper
    assert "Phase" in paper
    incident = Incident.objects.using(DATABASE).get(pk=ids.decode(ids.INCIDENT, place.rpartition("/")[2]))
    assert incident.closed_at is not None


def test_what_is_not_there_is_not_found(admin: Client) -> None:
    place = opened(admin)

    assert admin.get("/staff/breaches/inc_nonsense").status_code == 404
    assert admin.get(f"/staff/breaches/{ids.encode(ids.INCIDENT, ids.uuid7())}").status_code == 404
    assert admin.get(f"{place}/tell/press").status_code == 404
