"""Texts that the platform itself sends: codes by which people show that a number is theirs.

They go out from the operator's own workspace (``PRIVACY_WORKSPACE``), through the same acceptance, carriers and books
as everybody's. The code is made by a template with a code field, so it is never stored. What all codes of a day may
cost is capped, so that the form cannot be used to pump texts to dear numbers.
"""

import datetime as dt
import logging
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction

from messaging import sources, submission, templating
from messaging.acceptance import Order, accept_now
from messaging.drafting import Draft, SendRequest, Source, TemplateInfo, TemplateRef, plan, seal
from privacy import keyring
from smsplatform.lib import clock, ids, limits
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.tenancy import scope

logger = logging.getLogger(__name__)
TEXTS = {
    "en": "{{code}} is your code for questions about your data. If you did not ask for it, ignore this text.",
    "de": "{{code}} ist Ihr Code für Fragen zu Ihren Daten. Falls Sie keinen wollten, ignorieren Sie diese SMS.",
}
FICTION = "+1500555"  # numbers of the sandbox, which only the demo's visitors have
DAY_SECONDS = 24 * 3600


class NotSent(RuntimeError):
    """No code went out. Whoever asked for one is not told, so that nobody learns anything from it."""


def workspace() -> UUID | None:
    """The operator's workspace, if the operator named one."""
    return UUID(settings.PRIVACY_WORKSPACE) if settings.PRIVACY_WORKSPACE else None


def send_code(*, to: str, digits: int, locale: str, at: dt.datetime) -> str:
    """Text a fresh code to a number, outside of any scope, and give it back. Raises ``NotSent``."""
    own = workspace()
    if own is None:
        raise NotSent("no workspace")
    try:
        source = sources.for_platform(own, livemode=not to.startswith(FICTION))
        draft = _draft(source, _template(source, digits, locale, at), to, at)
    except Problem as problem:
        logger.warning("code_not_sent", extra={"code": problem.code})
        raise NotSent(problem.code) from None
    _within_budget(draft.plan.price)
    with scope.workspace(own):
        outcome = accept_now(Order(source=source, drafts=[draft], at=at))[0]
        transaction.on_commit(partial(submission.wake, draft.plan.carrier), robust=True)
    if outcome != "ok" or draft.code is None:
        logger.warning("code_not_sent", extra={"code": outcome})
        raise NotSent(outcome)
    return draft.code


def _draft(source: Source, template: TemplateInfo, to: str, at: dt.datetime) -> Draft:
    request = SendRequest(to=to, template=TemplateRef(id=ids.encode(ids.TEMPLATE, template.id)), category="otp")
    made = plan(request, source, at=at)
    return seal(made, source, keyring.body_key(source.workspace_id, made.body_expires_at.date()))


def _template(source: Source, digits: int, locale: str, at: dt.datetime) -> TemplateInfo:
    """The template of a language, made when it is first needed."""
    text = TEXTS.get(locale, TEXTS["en"])
    known = (one for one in source.templates.values() if (one.text, one.code_digits) == (text, digits))
    if (found := next(known, None)) is not None:
        return found
    with scope.workspace(source.workspace_id):
        made = templating.create(
            workspace=source.workspace_id, name=f"privacy {locale or 'en'}", text=text, code_digits=digits,
            by=source.workspace_id, at=at,
        )  # fmt: skip
    source.templates[made.id] = TemplateInfo(id=made.id, text=made.text, code_digits=made.code_digits)
    return source.templates[made.id]


def _within_budget(price: int) -> None:
    """Spend a code's price of the day's budget. Raises ``NotSent``."""
    limit, at = settings.PRIVACY_CODES_DAY_MICRO, clock.now().timestamp()
    subject = f"privacy-codes:{limit}"  # another budget begins anew
    spent = limits.take(subject, count=max(price, 1), limit=limit, window_seconds=DAY_SECONDS, at=at)
    if not spent.allowed:
        logger.error("code_budget_used_up")
        raise NotSent("budget")
