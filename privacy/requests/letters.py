"""Mails about requests, each a task that is given ids.

Whoever says that they have an account is written to at the address it has, and nowhere else; without an account nothing
is sent, and the page looked the same. Others are written to at the address they gave, three times a day at most.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.urls import reverse

from privacy.models import DataRequest, IdentityProof
from privacy.requests import fulfilling, proofs
from privacy.requests.proofs import Identity
from smsplatform.lib import clock, mail
from smsplatform.lib.mail import Reader
from smsplatform.lib.tasks import GuardedTask, task

AGAIN: dict[str, Any] = {"autoretry_for": (mail.Undelivered,), "retry_backoff": 15, "max_retries": 7}
HOURS = int(proofs.LINK_KEPT.total_seconds() // 3600)


def post(letter: GuardedTask, **arguments: str) -> None:
    """Send when the running transaction has committed. Without a broker the mail is lost, and people ask again."""
    transaction.on_commit(lambda: letter.soon(**arguments))


@task(name="privacy.requests.letters.prove", queue="default", **AGAIN)
def prove(*, proof: str) -> None:
    """The link by which an address is shown to be somebody's."""
    row = IdentityProof.objects.filter(pk=proof, verified_at=None, ordinal__isnull=False).first()
    reader = _reader(row) if row else None
    if row is None or reader is None:
        return
    url = mail.link(reverse("privacy_link", args=[proofs.link(row)]))
    mail.send("privacy/prove", to=[reader], context={"url": url, "hours": HOURS})


@task(name="privacy.requests.letters.news", queue="default", **AGAIN)
def news(*, request: str) -> None:
    """That something happened to a request: only to an address that was shown, and never what."""
    row = DataRequest.objects.filter(pk=request, verified_at__isnull=False).first()
    reader = _asker(row) if row else None
    if row is not None and reader is not None:
        mail.send("privacy/request_news", to=[reader], context={"number": str(row), "url": _find()})


@task(name="privacy.requests.letters.due", queue="default", **AGAIN)
def due(*, request: str) -> None:
    """To the operator's privacy desk: a request is nearly due, or overdue."""
    row = DataRequest.objects.filter(pk=request, closed_at=None).first()
    if row is not None:
        context = {"number": str(row), "url": mail.link("/staff/requests"), "overdue": row.due_at <= clock.now()}
        mail.send("privacy/request_due", to=[settings.PRIVACY_EMAIL], context=context)


def _find() -> str:
    return mail.link(reverse("privacy_find"))


def _reader(row: IdentityProof) -> Reader | None:
    if row.about in fulfilling.SIGNED_UP:
        return _account(fulfilling.account_of(Identity(kind="mail", value=row.identity)))
    return mail.Address(email=row.identity, locale=row.locale, time_zone="")


def _asker(row: DataRequest) -> Reader | None:
    if row.user_id is not None:
        return _account(row.user_id)
    shown = row.proof == "mail" and row.identity
    return mail.Address(email=row.identity or "", locale=row.locale, time_zone="") if shown else None


def _account(user: UUID | None) -> Reader | None:
    found: Any = get_user_model().objects.filter(pk=user, is_active=True).first() if user else None
    return found if found is None or found.email_confirmed_at else None
