"""What the purge calls to clean the tables of accounts."""

import datetime as dt

from django.db import connections

from accounts.models import ClosingWish, EmailChange, KnownDevice, SigningKey, StaffProposal, SupportThread
from privacy import holds, profiles
from privacy.upkeep import first

ASKED_KEPT = dt.timedelta(days=30)
UNCONFIRMED_KEPT = dt.timedelta(days=7)
DEVICES_KEPT = dt.timedelta(days=365)
CHANGES_KEPT = dt.timedelta(days=2)
WISHES_KEPT = dt.timedelta(days=2)
SIGNING_KEYS_KEPT = dt.timedelta(days=1)
GRANTS_KEPT = dt.timedelta(days=90)
NOTICES_KEPT = dt.timedelta(days=90)
BATCH = 2000


def purge_asked(*, at: dt.datetime) -> int:
    """Delete a batch of invitations and requests to join that were settled or ran out long enough ago."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT access.purge_asked(%s, %s)", [at - ASKED_KEPT, BATCH])
        return int(cursor.fetchone()[0])


def purge_unconfirmed(*, at: dt.datetime) -> int:
    """Delete a batch of people who signed up and never confirmed their address; they are in no workspace."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT access.purge_unconfirmed(%s, %s)", [at - UNCONFIRMED_KEPT, BATCH])
        return int(cursor.fetchone()[0])


def purge_devices(*, at: dt.datetime) -> int:
    """Forget kinds of browser that nobody has signed in with for long."""
    return KnownDevice.objects.filter(seen_at__lt=at - DEVICES_KEPT).delete()[0]


def purge_email_changes(*, at: dt.datetime) -> int:
    """Delete wishes for another address that were not confirmed in time."""
    return EmailChange.objects.filter(asked_at__lt=at - CHANGES_KEPT).delete()[0]


def purge_closing_wishes(*, at: dt.datetime) -> int:
    """Delete wishes to close a workspace that were not confirmed in time."""
    return ClosingWish.objects.using("system").filter(asked_at__lt=at - WISHES_KEPT).delete()[0]


def purge_tokens(*, at: dt.datetime) -> int:
    """Delete a batch of refresh tokens that ran out."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT access.purge_tokens(%s, %s)", [at, BATCH])
        return int(cursor.fetchone()[0])


def purge_signing_keys(*, at: dt.datetime) -> int:
    """Delete retired keys of which no token is left."""
    return SigningKey.objects.using("system").filter(retired_at__lt=at - SIGNING_KEYS_KEPT).delete()[0]


def purge_notices(*, at: dt.datetime) -> int:
    """Delete a batch of old notifications."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT access.purge_notices(%s, %s)", [at - NOTICES_KEPT, BATCH])
        return int(cursor.fetchone()[0])


def purge_proposals(*, at: dt.datetime) -> int:
    """Delete a batch of what staff asked a second person for long ago."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT access.purge_proposals(%s, %s)", [at - GRANTS_KEPT, BATCH])
        return int(cursor.fetchone()[0])


def purge_grants(*, at: dt.datetime) -> int:
    """Delete a batch of grants of staff that ended long ago."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT access.purge_grants(%s, %s)", [at - GRANTS_KEPT, BATCH])
        return int(cursor.fetchone()[0])


def purge_support(*, at: dt.datetime) -> int:
    """Delete a batch of support threads, with all that was written in them, that were resolved long enough ago and that
    no hold keeps."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT access.purge_support(%s, %s)", [at - profiles.duration("retention.support"), BATCH])
        return int(cursor.fetchone()[0])


def support_due() -> dt.datetime | None:
    """When the support thread is over that was resolved first, of those that no hold keeps."""
    held = holds.workspaces(holds.SUPPORT)
    resolved = SupportThread.objects.using("system").filter(resolved_at__isnull=False).exclude(workspace_id__in=held)
    return first(resolved, "resolved_at", profiles.duration("retention.support"))


# When the oldest of each is due


def due(unit: str, kept: dt.timedelta = dt.timedelta()) -> dt.datetime | None:
    """When the oldest row of ``unit`` is over, if it is kept so long after its anchor."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT access.oldest(%s)", [unit])
        anchor: dt.datetime | None = cursor.fetchone()[0]
    return anchor + kept if anchor else None


def signing_keys_due() -> dt.datetime | None:
    """The end of the key that retired first."""
    return first(SigningKey.objects.using("system").filter(retired_at__isnull=False), "retired_at", SIGNING_KEYS_KEPT)


def devices_due() -> dt.datetime | None:
    """The end of the kind of browser that was seen least lately."""
    return first(KnownDevice.objects.all(), "seen_at", DEVICES_KEPT)


def email_changes_due() -> dt.datetime | None:
    """The end of the oldest wish."""
    return first(EmailChange.objects.all(), "asked_at", CHANGES_KEPT)


def proposals_due() -> dt.datetime | None:
    """The end of what staff asked a second person for longest ago."""
    return first(StaffProposal.objects.using("system"), "created_at", GRANTS_KEPT)


def closing_wishes_due() -> dt.datetime | None:
    """The end of the oldest wish."""
    return first(ClosingWish.objects.using("system"), "asked_at", WISHES_KEPT)
