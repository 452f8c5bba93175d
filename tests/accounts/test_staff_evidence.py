"""Staff may belong to no workspace: what they do to their account is written down for the platform."""

from uuid import UUID

from django.test import Client
from django.urls import reverse

from privacy.audit import PLATFORM
from tests.factories import pages
from tests.factories.superuser import superuser


def platform_actions(actor: UUID) -> list[str]:
    with superuser() as connection:
        found = connection.execute(
            "SELECT action FROM privacy_audit_event WHERE workspace_id = %s AND actor_id = %s ORDER BY id",
            [PLATFORM, actor],
        )
        return [row[0] for row in found.fetchall()]


def test_a_staff_member_signing_in_and_out_is_recorded() -> None:
    staff, email = pages.person(staff_role="support")
    browser = Client()

    browser.post(reverse("sign_in"), {"email": email, "password": pages.PASSWORD})
    browser.post(reverse("sign_out"))

    assert platform_actions(staff.pk) == ["staff:session:started", "staff:session:ended"]


def test_a_customer_signing_in_is_no_event_of_the_platform() -> None:
    customer, email = pages.person()

    Client().post(reverse("sign_in"), {"email": email, "password": pages.PASSWORD})

    assert platform_actions(customer.pk) == []
