"""The documents, their versions and the staff's page in a real browser."""

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as configured
from django.test import override_settings

from privacy.documents import in_force, notices, versions
from smsplatform.lib import clock
from tests.browser.visit import Visit
from tests.factories import pages
from tests.privacy.documents.conftest import no_versions

__all__ = ["no_versions"]
PUBLIC = (
    "/privacy/policy", "/privacy/policy/2", "/privacy/policy/2/changes", "/privacy/policy/versions", "/privacy/terms",
    "/privacy/processing", "/privacy/recipients",
)  # fmt: skip
STAFF = ("/staff/policies", "/staff/policies/terms", "/staff/records")


def publish() -> None:
    at = clock.now()
    with override_settings(POLICY_PROFILE="transit"):
        versions.publish_first(at=at)
    with override_settings(POLICY_PROFILE="otp"):
        made = versions.draft(document="policy", by=uuid4(), at=at)
        versions.announce(version=made, effective_at=at + dt.timedelta(days=30), by=uuid4(), at=at)
        versions.draft(document="terms", by=uuid4(), at=at)
    in_force.forget()
    notices.forget()


@pytest.mark.usefixtures("no_versions")
def test_documents_are_accessible_and_fit(chromium: Any, address: str) -> None:
    publish()
    visit = Visit(chromium, address)

    faults = [fault for path in PUBLIC for fault in visit.faults(path)]

    assert faults == []
    assert visit.context.cookies() == []
    visit.close()
    visit = Visit(chromium, address).sign_in_as(pages.shop().owner)
    faults = visit.faults("/overview")
    assert visit.page.get_by_text("version 2 applies from").is_visible()
    visit.page.get_by_role("button", name="Dismiss").click()
    assert visit.page.get_by_text("version 2 applies from").count() == 0
    assert faults == []
    visit.close()


@pytest.mark.usefixtures("no_versions")
def test_the_staffs_pages_are_accessible_and_fit(chromium: Any, address: str) -> None:
    publish()
    visit = Visit(chromium, address)
    browser = pages.verified(pages.person(staff_role="admin")[0])
    session = browser.cookies[configured.SESSION_COOKIE_NAME].value
    visit.context.add_cookies([{"name": configured.SESSION_COOKIE_NAME, "value": session, "url": visit.page_url()}])

    faults = [fault for path in STAFF for fault in visit.faults(path)]

    assert faults == []
    visit.close()
