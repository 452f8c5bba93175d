"""What somebody decided: read from the cookie and from ``Sec-GPC``, written to the cookie and to a record.

Each decision is one row; nothing is changed afterwards, so that the rows of one id tell how consent was given and
withdrawn. The id is random and stands in the visitor's cookie: only who has the cookie finds the rows.
"""

import datetime as dt
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from cookie_consent.cache import get_cookie_group
from cookie_consent.util import (
    get_cookie_dict_from_request,
    get_cookie_value_from_request,
    set_cookie_dict_to_response,
)
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from privacy.consent import cookies
from privacy.consent.cookies import Cookie, Group
from privacy.models import ConsentRecord

ID = "id"  # beside the groups in the cookie


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What holds for one request. None: nothing was said. ``counting`` is what was said; ``analytics`` what counts."""

    functional: bool | None = None
    counting: bool | None = None
    gpc: bool = False
    record: UUID | None = None

    @property
    def analytics(self) -> bool | None:
        """Whether statistics were agreed to; the signal of the browser declines them, whatever else was said."""
        return False if self.gpc else self.counting

    @property
    def decided(self) -> bool:
        """Whether there is nothing left to ask."""
        return self.functional is not None and self.analytics is not None

    def of(self, group: Group) -> bool | None:
        """What was said to a group."""
        return {Group.ESSENTIAL: True, Group.FUNCTIONAL: self.functional, Group.ANALYTICS: self.analytics}[group]

    def allows(self, cookie: Cookie) -> bool:
        """Whether a cookie may be there: choosing colours is asking for them, statistics need agreement."""
        if cookie.group == Group.ANALYTICS:
            return cookie.used and self.analytics is True
        return cookie.group == Group.ESSENTIAL or self.functional is not False


def read(request: HttpRequest) -> Choices:
    """What this browser says. A cookie that cannot be read, or a database that is away, says nothing."""
    gpc = request.headers.get("Sec-GPC", "").strip() == "1"
    if settings.COOKIE_CONSENT_NAME not in request.COOKIES:
        return Choices(gpc=gpc)
    try:
        said = {group: get_cookie_value_from_request(request, group) for group in cookies.OPTIONAL}
    except DatabaseError:
        said = {}
    return Choices(
        functional=said.get(Group.FUNCTIONAL),
        counting=said.get(Group.ANALYTICS),
        gpc=gpc,
        record=_uuid(get_cookie_dict_from_request(request).get(ID, "")),
    )


def decide(
    before: Choices, *, functional: bool, analytics: bool, language: str, method: str, at: dt.datetime
) -> Choices:
    """Record a decision; what holds from now on. The browser's signal outweighs a tick on statistics."""
    analytics = analytics and not before.gpc
    after = replace(before, functional=functional, counting=analytics, record=before.record or uuid4())
    assert after.record is not None
    ConsentRecord.objects.create(
        consent_id=after.record,
        decision=_decision(before, after),
        groups={Group.FUNCTIONAL: functional, Group.ANALYTICS: analytics},
        text_version=cookies.TEXT_VERSION,
        language=language,
        gpc=before.gpc,
        method=method,
        decided_at=at,
    )
    return after


def remember(choices: Choices, response: HttpResponse) -> None:
    """Put a decision into the consent cookie. A group is accepted in its present version."""
    said = {str(group): _version(group) if choices.of(group) else "-1" for group in cookies.OPTIONAL}
    assert choices.record is not None
    set_cookie_dict_to_response(response, {**said, ID: choices.record.hex})


def _version(group: Group) -> str:
    found = get_cookie_group(group)
    return found.get_version() if found else ""


def _decision(before: Choices, after: Choices) -> str:
    given = [after.functional, after.analytics]
    if any(old and not new for old, new in zip([before.functional, before.counting], given, strict=True)):
        return ConsentRecord.Decision.WITHDRAWN
    if all(given):
        return ConsentRecord.Decision.ACCEPTED
    return ConsentRecord.Decision.PARTIAL if any(given) else ConsentRecord.Decision.DECLINED


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(hex=text)
    except ValueError:
        return None
