"""The boards of promises in a real browser."""

from typing import Any

from django.conf import settings

from accounts.models import User
from accounts.models.user import StaffRole
from privacy.promises import evaluating
from smsplatform.lib import clock
from tests.browser.visit import Visit
from tests.factories import pages
from tests.factories.accounts import make_user


def test_the_boards_are_accessible_and_fit(chromium: Any, address: str) -> None:
    evaluating.run_all(at=clock.now())
    user = make_user()[0]
    User.objects.filter(pk=user.pk).update(staff_role=StaffRole.ADMIN)
    user.refresh_from_db()
    visit = Visit(chromium, address)
    faults = visit.faults("/privacy/promises")
    cookie = pages.verified(user).cookies[settings.SESSION_COOKIE_NAME].value
    visit.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": visit.page_url()}])

    for path in ("/staff/promises", "/staff/promises/otp-32", "/staff/promises/otp-46"):
        faults += visit.faults(path)

    visit.close()
    assert faults == []
