"""Which workspace a request is about, and the database scope around everything it does."""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone, translation

from accounts import keys, reading, tokens
from accounts.access import lacks_factor, owes_second_step
from accounts.roles import allows
from smsplatform.lib import clock
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.tenancy import scope, staff

SESSION_WORKSPACE = "workspace"
API = "/v1/"
STAFF = "/staff/"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a signed-in person is: a workspace and what they may do there."""

    id: UUID
    name: str
    role: str
    require_second_factor: bool
    time_zone: str
    unread: int  # notifications, at most 100

    def allows(self, permission: str) -> bool:
        """Whether this person may do ``permission`` here."""
        return allows(self.role, permission)


class Workspace:
    """Resolve the workspace from the API key or the session and run the rest of the request inside its scope.

    Sets ``request.workspace`` (a ``Place`` or None), ``request.places``, and for the API ``request.key_info`` or
    ``request.key_problem``. A page declared ``outside`` (``accounts.access``) gets the place and no scope: it enters
    another workspace, or makes one. So does somebody who lacks the second factor that the workspace requires. A
    response of 400 and above takes its writes back: no partial effect of a refusal.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        workspace_id = self._api(request) if request.path.startswith(API) else self._session(request)
        if workspace_id is None:
            with _time_of(request):
                return self.get_response(request)
        with scope.workspace(workspace_id), _time_of(request):
            response = self.get_response(request)
            if response.status_code >= 400:
                transaction.set_rollback(True)
        return response

    def _api(self, request: HttpRequest) -> UUID | None:
        request.workspace = None  # type: ignore[attr-defined]  # our attribute on Django's request
        try:
            at = clock.now()
            info = _asking(request.headers.get("Authorization", ""), at)
            request.known_key = info  # type: ignore[attr-defined]  # whose request it was, even when it is refused
            _check_validity(info, request, at)
        except Problem as problem:
            request.key_problem = problem  # type: ignore[attr-defined]  # read by KeyAuthentication
            return None
        if info.user_id is None and keys.is_unseen(info.id):
            keys.touch(info.id, at)
        request.key_info = info  # type: ignore[attr-defined]  # read by KeyAuthentication
        return info.workspace_id

    def _session(self, request: HttpRequest) -> UUID | None:
        request.workspace, request.places = None, []  # type: ignore[attr-defined]  # our attributes
        if not request.user.is_authenticated or owes_second_step(request):
            return None  # half signed in is nobody: not even public pages show them more than a visitor sees
        places = memberships(request.user.pk)
        chosen = request.session.get(SESSION_WORKSPACE)
        place = next((p for p in places if str(p.id) == chosen), places[0] if places else None)
        request.workspace, request.places = place, places  # type: ignore[attr-defined]  # our attributes
        return place.id if place and not (_is_outside(request) or lacks_factor(request)) else None


def _is_outside(request: HttpRequest) -> bool:
    """Whether the page asked for runs without the scope of the person's workspace."""
    try:
        return bool(getattr(resolve(request.path_info).func, "outside", False))
    except Resolver404:
        return False


def _time_of(request: HttpRequest) -> AbstractContextManager[Any]:
    """Pages show times as the person reads clocks, or else as the workspace does; the API speaks UTC."""
    if request.path.startswith(API):
        return nullcontext()
    own = getattr(request.user, "time_zone", "")
    place = getattr(request, "workspace", None)
    zone = own or (place.time_zone if place else "")
    return timezone.override(ZoneInfo(zone)) if zone else nullcontext()


class StaffConsole:
    """Every address under ``/staff`` runs closed to customers' data, also a page that forgot to say what it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not (request.path + "/").startswith(STAFF):
            return self.get_response(request)
        with staff.console():
            return self.get_response(request)


class Language:
    """Speak the language a person has chosen for their account; the cookie and the browser decide for others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        locale = "" if request.path.startswith(API) else getattr(request.user, "locale", "")
        if locale in dict(settings.LANGUAGES):
            translation.activate(locale)  # until the next request: LocaleMiddleware begins each anew
            request.LANGUAGE_CODE = locale
        return self.get_response(request)


class PolicyNotices:
    """Note which versions of our documents a page told a signed-in person of."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        tells = request.method == "GET" and not request.path.startswith(API) and not request.htmx  # type: ignore[attr-defined]  # django_htmx
        tells = tells and request.user.is_authenticated and not owes_second_step(request)
        request.tells_policy = tells  # type: ignore[attr-defined]  # read by the tag of the banner
        user = request.user  # pages of REST framework, such as the explorer, have nobody here afterwards
        response = self.get_response(request)
        if tells and response.status_code == 200 and response.get("Content-Type", "").startswith("text/html"):
            reading.note(user, request.session, at=clock.now())  # type: ignore[arg-type]  # somebody signed in
        return response


def _asking(authorization: str, at: dt.datetime) -> keys.KeyInfo:
    """Whose key or access token this is. Raises ``Problem``."""
    if tokens.is_token(authorization):
        return tokens.holder(authorization, at=at)
    info = keys.find(keys.digest_of(authorization))
    if info is None:
        raise Problem.single("invalid_key")
    return info


def _check_validity(info: keys.KeyInfo, request: HttpRequest, at: dt.datetime) -> None:
    """Everything about the key but its scope, which each view names for itself."""
    any_scope = next(iter(info.scopes), "")
    info.check(scope_needed=any_scope, address=request.META.get("REMOTE_ADDR", ""), at=at)


def memberships(user_id: UUID) -> list[Place]:
    """The workspaces of a signed-in person."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM access.memberships(%s)", [scope.token(user_id, kind="u")])
        names = Place.__slots__
        return [Place(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
