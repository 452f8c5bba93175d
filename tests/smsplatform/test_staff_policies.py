"""The staff's page of versions: admins draft, raise and announce; other staff read; nobody skips the notice."""

import datetime as dt
from typing import Any

import pytest

from privacy.documents import in_force, versions
from privacy.models import DocumentVersion
from smsplatform.lib import clock
from tests.factories import pages
from tests.privacy.documents.conftest import no_versions

pytestmark = pytest.mark.usefixtures("no_versions")
__all__ = ["no_versions"]
DAY = dt.timedelta(days=1)


@pytest.fixture
def at(settings: Any) -> dt.datetime:
    moment = clock.now()
    settings.POLICY_PROFILE = "transit"
    versions.publish_first(at=moment)
    in_force.forget()
    settings.POLICY_PROFILE = "otp"
    return moment


def test_an_admin_drafts_reads_what_changes_and_announces(at: dt.datetime) -> None:
    admin = pages.verified(pages.person(staff_role="admin")[0])

    index = admin.get("/staff/policies").content.decode()
    assert "differs from what is configured" in index
    assert "24 hours applies, 7 days is configured" in index
    assert admin.post("/staff/policies/policy/draft")["Location"] == "/staff/policies/policy"
    draft = admin.get("/staff/policies/policy").content.decode()
    assert "How long texts can be read: 24 hours becomes 7 days." in draft
    assert (
        "Den Text einer Nachricht halten wir 7 Tage" in admin.get("/staff/policies/policy?language=de").content.decode()
    )

    early = admin.post("/staff/policies/policy/announce", {"effective_on": (at + 20 * DAY).date().isoformat()})
    assert early.status_code == 422
    assert "at the earliest" in early.content.decode()
    assert admin.post("/staff/policies/policy/announce", {"effective_on": "soon"}).status_code == 422
    done = admin.post("/staff/policies/policy/announce", {"effective_on": (at + 32 * DAY).date().isoformat()})
    assert done["Location"] == "/staff/policies"
    assert versions.announced()[0].number == 2


def test_a_draft_without_weight_can_be_given_some_and_then_has_to_wait(at: dt.datetime) -> None:
    admin = pages.verified(pages.person(staff_role="admin")[0])
    admin.post("/staff/policies/terms/draft")
    DocumentVersion.objects.using("system").filter(document="terms", state="draft").update(material=False)

    assert admin.post("/staff/policies/terms/raise").status_code == 302
    refused = admin.post("/staff/policies/terms/announce", {"effective_on": at.date().isoformat()})

    assert refused.status_code == 422


@pytest.mark.parametrize("role", ["support", "finance", "auditor"])
def test_other_staff_read_and_do_not_act(at: dt.datetime, role: str) -> None:
    versions.draft(document="policy", by=None, at=at)
    staff = pages.verified(pages.person(staff_role=role)[0])

    assert staff.get("/staff/policies").status_code == 200
    assert "Announce</button>" not in staff.get("/staff/policies/policy").content.decode()
    for act in ("draft", "raise", "announce"):
        assert staff.post(f"/staff/policies/policy/{act}").status_code == 403


def test_customers_find_nothing_there(at: dt.datetime) -> None:
    browser = pages.client(pages.shop().owner)

    assert browser.get("/staff/policies").status_code == 404
    assert browser.post("/staff/policies/policy/announce").status_code == 404
