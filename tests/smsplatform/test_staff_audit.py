"""The auditor's pages: who may, what they show, and that they write nothing but what they say."""

import csv
import io
import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models.user import StaffRole
from privacy import audit
from privacy.sealing import proofs, sealer, signing
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import pages, staff
from tests.factories.sealed import close_the_day, empty_log


@pytest.fixture(scope="module")
def auditor() -> Client:
    return pages.verified(staff.member(StaffRole.AUDITOR))


def look(workspace: UUID, actor: UUID, **details: str) -> UUID:
    told = {"grant": str(uuid4()), "level": "METADATA", "category": "customer_support", "ticket": "DESK-1", **details}
    with scope.workspace(workspace):
        return audit.record(action="staff:data:viewed", workspace=workspace, actor=actor, at=clock.now(), details=told)


def body(browser: Client, url: str, status: int = 200) -> str:
    answer = browser.get(url)
    assert answer.status_code == status
    return answer.content.decode()


def public_id(event: UUID) -> str:
    return ids.encode("evt", event)


@pytest.mark.parametrize("role", [StaffRole.SUPPORT, StaffRole.FINANCE])
@pytest.mark.parametrize("name", ["staff_audit", "staff_audit_verify", "staff_reviews"])
@pytest.mark.promise("transit-99")
def test_only_those_who_oversee_see_these_pages(role: str, name: str) -> None:
    assert pages.verified(staff.member(role)).get(reverse(name)).status_code == 403


def test_a_customer_is_told_that_there_is_no_such_page() -> None:
    assert pages.client(pages.shop().owner).get(reverse("staff_audit")).status_code == 404


def test_the_log_names_staff_and_hides_customers(auditor: Client) -> None:
    workspace, member, customer = uuid4(), staff.member(), pages.person()
    look(workspace, member.pk)
    with scope.workspace(workspace):
        audit.record(
            action="user:sender:registered", workspace=workspace, actor=customer[0].pk, at=clock.now(), details={}
        )

    shown = body(auditor, f"/staff/audit?workspace={ids.encode(ids.WORKSPACE, workspace)}")

    assert member.name in shown
    assert customer[1] not in shown
    assert "staff:data:viewed" in shown
    assert "user:sender:registered" in shown


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("level=CONTENT", 1), ("level=METADATA", 2), ("category=legal_process", 1), ("action=staff:data", 3),
        ("action=user:", 0), ("since=2030-01-01", 0), ("until=2020-01-01", 0),
    ],
)  # fmt: skip
def test_filters_narrow_the_log(auditor: Client, query: str, found: int) -> None:
    workspace, member = uuid4(), uuid4()
    look(workspace, member)
    look(workspace, member, level="CONTENT")
    look(workspace, member, category="legal_process")

    shown = body(auditor, f"/staff/audit?workspace={ids.encode(ids.WORKSPACE, workspace)}&{query}")

    assert shown.count('<small class="quiet mono block">') == found


@pytest.mark.parametrize("query", ["workspace=nonsense", "actor=nobody", "action=%27;--", "since=yesterday", "level=X"])
def test_a_filter_that_is_none_is_said(auditor: Client, query: str) -> None:
    assert 'class="error"' in body(auditor, f"/staff/audit?{query}", 422)


@pytest.mark.parametrize(
    "path", ["/staff/audit?before=x", "/staff/audit/none", "/staff/audit/evt_7", "/staff/audit/download.exe"]
)
def test_what_is_not_there_is_not_there(auditor: Client, path: str) -> None:
    assert auditor.get(path).status_code == 404


def test_pages_lead_on_by_cursor_at_a_constant_number_of_queries(auditor: Client) -> None:
    workspace = uuid4()
    for _ in range(51):
        look(workspace, uuid4())
    url = f"/staff/audit?workspace={ids.encode(ids.WORKSPACE, workspace)}"

    with CaptureQueriesContext(connections["audit"]) as queries:
        first = body(auditor, url)
    older = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")

    assert len(queries) <= 4
    assert body(auditor, older).count('<small class="quiet mono block">') == 1


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_download_holds_what_the_filter_means_and_is_recorded(auditor: Client, form: str) -> None:
    workspace = uuid4()
    made = look(workspace, uuid4(), level="CONTENT")
    look(workspace, uuid4())

    answer: Any = auditor.get(
        f"/staff/audit/download.{form}?workspace={ids.encode(ids.WORKSPACE, workspace)}&level=CONTENT"
    )
    text = b"".join(answer.streaming_content).decode()

    rows = json.loads(text) if form == "json" else list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    assert [row["id"] for row in rows] == [public_id(made)]
    assert "Downloaded the audit log" in body(auditor, "/staff/audit?action=staff:audit:exported")


def test_a_fresh_event_waits_for_its_day_and_has_no_proof_yet(auditor: Client) -> None:
    made = look(uuid4(), uuid4())

    assert "Not sealed yet" in body(auditor, f"/staff/audit/{public_id(made)}")
    sealer.seal(at=clock.now())
    assert "Its proof can be had when its day is closed" in body(auditor, f"/staff/audit/{public_id(made)}")
    assert auditor.get(f"/staff/audit/{public_id(made)}/proof.json").status_code == 404


@pytest.mark.promise("fleet-28", "transit-100")
def test_a_proof_is_downloaded_and_holds_and_a_day_is_verified(auditor: Client) -> None:
    empty_log()
    made = look(uuid4(), uuid4())
    day = close_the_day()

    assert "in the signed tree" in body(auditor, f"/staff/audit/{public_id(made)}")
    proof = json.loads(auditor.get(f"/staff/audit/{public_id(made)}/proof.json").content)
    assert proofs.check(proof, signing.verifier()) == ""
    verified = auditor.post("/staff/audit/verify", {"day": day.isoformat()}).content.decode()
    assert "Holds" in verified
    assert "Does not hold" not in verified
    assert auditor.post("/staff/audit/verify", {"day": "1999-01-01"}).status_code == 422


def test_the_checkpoint_is_public_and_signs_the_published_days(auditor: Client) -> None:
    from privacy.sealing import merkle, notes

    look(uuid4(), uuid4())
    close_the_day()
    public = Client()

    key = notes.Verifier.parse(public.get("/.well-known/audit/key").content.decode())
    signed = notes.checkpoint(key.open(public.get("/.well-known/audit/checkpoint").content.decode()))
    days = public.get("/.well-known/audit/segments").content.splitlines()

    assert (signed.size, signed.root) == (len(days), merkle.root([merkle.leaf_hash(day) for day in days]))
