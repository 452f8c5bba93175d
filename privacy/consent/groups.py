"""Our declaration inside django-cookie-consent, whose cookie format and versions of groups we use.

Its tables are written from the declaration after each migration and never by hand. A group is never deleted, because
its log would go with it, and ``created`` is the declared day, so that writing anew asks nobody again. What the library
lacks (patterns, Sec-GPC, evidence of who agreed to which text) is in ``choices`` and ``middleware``.
"""

import datetime as dt
from typing import Any

from cookie_consent.cache import delete_cache
from cookie_consent.models import Cookie, CookieGroup

from privacy.consent import cookies


def synchronise(*, using: str, **_signal: Any) -> None:
    """Write every group and cookie that is declared; receives ``post_migrate``."""
    if using != "owner":
        return
    for position, group in enumerate(cookies.Group):
        kept, _made = CookieGroup.objects.using(using).update_or_create(
            varname=group, defaults={"name": group.value, "is_required": _is_required(group), "ordering": position}
        )
        for cookie in cookies.declared():
            if cookie.group == group:
                _write(kept, cookie, using=using)
    delete_cache()


def _is_required(group: cookies.Group) -> bool:
    return group not in cookies.OPTIONAL


def _write(group: CookieGroup, cookie: cookies.Cookie, *, using: str) -> None:
    row, _made = Cookie.objects.using(using).get_or_create(cookiegroup=group, name=cookie.name, domain="")
    created = dt.datetime.combine(cookie.since, dt.time(), tzinfo=dt.UTC)
    Cookie.objects.using(using).filter(pk=row.pk).update(created=created)  # auto_now_add overrides what is passed
