"""The life of a version: what is computed, what the database refuses, and what applies until then."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import IntegrityError, connections, transaction

from privacy import profiles
from privacy.documents import in_force, versions
from privacy.documents.texts import DOCUMENTS
from privacy.models import AuditEvent, DocumentVersion
from smsplatform.lib import clock

pytestmark = pytest.mark.usefixtures("no_versions")
DAY = dt.timedelta(days=1)
State = DocumentVersion.State


def first(settings, profile: str = "transit") -> dt.datetime:  # type: ignore[no-untyped-def]  # pytest-django
    settings.POLICY_PROFILE = profile
    at = clock.now()
    versions.publish_first(at=at)
    in_force.forget()
    return at


def test_the_first_start_puts_version_1_of_every_document_into_effect(settings) -> None:  # type: ignore[no-untyped-def]
    at = first(settings)

    for key in DOCUMENTS:
        made = versions.in_effect(key)
        assert made is not None
        assert (made.number, made.effective_at, made.profile) == (1, at, "transit")
        assert {text.language for text in made.texts.all()} == {"en", "de"}
    assert versions.publish_first(at=at) == []


@pytest.mark.promise("duty-15")
def test_two_versions_in_effect_are_refused_by_the_database(settings) -> None:  # type: ignore[no-untyped-def]
    at = first(settings)
    second = versions.draft(document="policy", by=uuid4(), at=at)

    with pytest.raises(IntegrityError), transaction.atomic(using="system"):
        DocumentVersion.objects.using("system").filter(pk=second.pk).update(
            state=State.EFFECTIVE, announced_at=at, effective_at=at
        )


@pytest.mark.promise("transit-115", "team-60", "duty-14")
def test_what_matters_waits_for_its_notice_and_what_does_not_applies_at_once(settings) -> None:  # type: ignore[no-untyped-def]
    at = first(settings)
    settings.POLICY_PROFILE = "otp"  # bodies for 7 days instead of one, notice of 14 days instead of 30

    made = versions.draft(document="policy", by=uuid4(), at=at)
    kinds = {(change["kind"], change["what"]) for change in made.changes}
    assert made.material
    assert ("setting_weaker", "retention.body") in kinds
    with pytest.raises(versions.TooEarly) as early:
        versions.announce(version=made, effective_at=at + 29 * DAY, by=uuid4(), at=at)
    assert early.value.earliest == at + 30 * DAY  # the notice that is in effect, not the shorter one to come

    settings.POLICY_PROFILE = "transit"
    same = versions.draft(document="policy", by=uuid4(), at=at)
    assert (same.material, same.changes) == (False, [])
    versions.announce(version=same, effective_at=at, by=uuid4(), at=at)
    assert [version.number for version in versions.take_effect(at=at)] == [2]


@pytest.mark.promise("transit-115")
def test_no_sql_shortens_the_notice_below_14_days(settings) -> None:  # type: ignore[no-untyped-def]
    at = first(settings)
    settings.POLICY_PROFILE = "otp"
    made = versions.draft(document="policy", by=uuid4(), at=at)

    with pytest.raises(IntegrityError), transaction.atomic(using="system"):
        DocumentVersion.objects.using("system").filter(pk=made.pk).update(
            state=State.ANNOUNCED, announced_at=at, effective_at=at + 13 * DAY
        )


@pytest.mark.promise("duty-14")
def test_a_looser_setting_is_without_effect_until_its_version_is_in_effect(settings) -> None:  # type: ignore[no-untyped-def]
    at = first(settings)
    settings.POLICY_PROFILE = "otp"

    assert profiles.configured("retention.body") == 7 * DAY
    assert profiles.value("retention.body") == DAY
    assert profiles.duration("sla.inquiry") == 5 * DAY
    assert {key.name for key, _, _ in in_force.withheld()} >= {"retention.body", "policy.notice"}

    made = versions.draft(document="policy", by=uuid4(), at=at)
    versions.announce(version=made, effective_at=at + 30 * DAY, by=uuid4(), at=at)
    assert versions.take_effect(at=at + 29 * DAY) == []
    assert profiles.value("retention.body") == DAY

    assert versions.take_effect(at=at + 30 * DAY) == [made]
    in_force.forget()
    assert profiles.value("retention.body") == 7 * DAY
    assert in_force.withheld() == []
    assert versions.published("policy").get(number=1).state == State.ARCHIVED


@pytest.mark.promise("duty-14")
def test_a_stricter_setting_applies_at_once(settings) -> None:  # type: ignore[no-untyped-def]
    first(settings, "otp")
    settings.POLICY_PROFILE = "transit"

    assert profiles.value("retention.body") == DAY
    assert profiles.value("policy.notice") == 30 * DAY


def test_a_person_can_raise_a_version_to_material_and_never_lower_it(settings) -> None:  # type: ignore[no-untyped-def]
    at = first(settings)
    made = versions.draft(document="terms", by=uuid4(), at=at)
    assert not made.material

    versions.raise_to_material(version=made, by=uuid4(), at=at)

    with pytest.raises(versions.TooEarly):
        versions.announce(version=made, effective_at=at + DAY, by=uuid4(), at=at)
    assert not [name for name in dir(versions) if "lower" in name or "immaterial" in name]


def test_steps_are_taken_once_and_in_order(settings) -> None:  # type: ignore[no-untyped-def]
    at, by = first(settings), uuid4()
    made = versions.draft(document="terms", by=by, at=at)
    versions.announce(version=made, effective_at=at + DAY, by=by, at=at)

    with pytest.raises(versions.NotPossible):
        versions.announce(version=made, effective_at=at + DAY, by=by, at=at)
    with pytest.raises(versions.NotPossible):
        versions.raise_to_material(version=made, by=by, at=at)
    another = versions.draft(document="terms", by=by, at=at)
    with pytest.raises(versions.NotPossible):
        versions.announce(version=another, effective_at=at + DAY, by=by, at=at)


@pytest.mark.parametrize("table", ["privacy_document_version", "privacy_document_text"])
def test_an_announced_version_cannot_be_deleted_by_anybody(settings, table: str) -> None:  # type: ignore[no-untyped-def]
    first(settings)

    for alias in ("system", "owner"):
        with pytest.raises(IntegrityError), connections[alias].cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")  # the names above


def test_every_step_is_recorded_with_who_took_it(settings) -> None:  # type: ignore[no-untyped-def]
    at, by = first(settings), uuid4()
    made = versions.draft(document="terms", by=by, at=at)
    versions.raise_to_material(version=made, by=by, at=at)
    versions.announce(version=made, effective_at=at + 40 * DAY, by=by, at=at)

    actions = AuditEvent.objects.using("system").filter(actor_id=by).order_by("id").values_list("action", flat=True)
    assert list(actions) == ["staff:policy:drafted", "staff:policy:raised", "staff:policy:announced"]


@pytest.mark.promise("duty-14")
@pytest.mark.parametrize("table", ["privacy_document_version", "privacy_document_text"])
def test_the_web_role_cannot_write_what_is_published(table: str) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('sp_app', %s, 'INSERT, UPDATE, DELETE')", [table])
        assert cursor.fetchone() == (False,)


@pytest.mark.promise("otp-03")
def test_two_first_starts_at_the_same_moment_publish_once(settings) -> None:  # type: ignore[no-untyped-def]
    settings.POLICY_PROFILE = "transit"
    with ThreadPoolExecutor(max_workers=2) as threads:
        for done in [threads.submit(_first_start) for _ in range(2)]:
            done.result()

    assert {version.number for version in DocumentVersion.objects.all()} == {1}
    assert DocumentVersion.objects.filter(state=State.EFFECTIVE).count() == len(DOCUMENTS)


def _first_start() -> None:
    try:
        versions.take_effect_now()
        versions.take_effect_now()
    finally:
        connections.close_all()
