"""Every address for everybody: what happens must follow from the declared permission and the table of roles.

New routes are found by themselves. A new placeholder in an address needs an example in ``tests/factories/routes.py``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from accounts.models import Membership, User
from accounts.roles import Role, Scope, allows
from smsplatform.lib.tenancy import scope
from tests.architecture.test_routes import UNDECLARED
from tests.factories import pages
from tests.factories.accounts import World, make_member, make_workspace
from tests.factories.routes import EXAMPLES

_PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>")
METHODS = ("GET", "POST")
ANONYMOUS, STRANGER = "anonymous", "stranger"
PEOPLE = (*Role.values, STRANGER, ANONYMOUS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """An address with its view."""

    path: str
    view: Any

    @property
    def names(self) -> list[str]:
        """Its placeholders."""
        return _PLACEHOLDER.findall(self.path)

    @property
    def is_shared(self) -> bool:
        """Whether it names nothing that belongs to a workspace."""
        return all(EXAMPLES[name].shared for name in self.names)

    def address(self, world: World) -> str:
        """The address of things made just now in ``world``."""
        return "/" + _PLACEHOLDER.sub(lambda found: EXAMPLES[found[1]].make(world), self.path)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cast:
    """A workspace with one person of each role, and the owner of another workspace."""

    world: World
    elsewhere: World
    members: dict[str, User]

    def browser(self, who: str) -> Client:
        """A fresh session; whatever an earlier request did to the membership is put right."""
        if who == ANONYMOUS:
            return Client()
        if who == STRANGER:
            return pages.client(self.elsewhere.owner)
        put_role(self.world, self.members[who].pk, who)
        return pages.client(self.members[who])


def put_role(world: World, user: UUID, role: str) -> None:
    with scope.workspace(world.id):
        Membership.objects.update_or_create(
            workspace_id=world.id, user_id=user, defaults={"role": role}, create_defaults={"role": role}
        )


def routes(resolver: Any, path: str = "") -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        here = path + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, here)
        elif isinstance(pattern, URLPattern) and here not in UNDECLARED:
            yield Route(path=here, view=pattern.callback)


def is_api(route: Route) -> bool:
    kind = getattr(route.view, "cls", None)
    return isinstance(kind, type) and issubclass(kind, APIView) and not hasattr(route.view, "access")


def scopes(route: Route) -> dict[str, str]:
    """The scope that each method of an endpoint needs."""
    kind = route.view.cls
    if isinstance(kind.scopes, dict):
        return dict(kind.scopes)
    return {method: kind.scopes for method in ("GET", "POST", "PATCH", "DELETE") if hasattr(kind, method.lower())}


PAGES = [route for route in routes(get_resolver()) if hasattr(route.view, "access")]
ENDPOINTS = [(route, method) for route in routes(get_resolver()) if is_api(route) for method in scopes(route)]


@pytest.fixture(scope="module")
def cast() -> Cast:
    world = make_workspace()
    members = {role: make_member(world, role)[0] for role in Role.values}
    return Cast(world=world, elsewhere=make_workspace(), members=members)


def test_every_placeholder_has_an_example() -> None:
    missing = {name for route in routes(get_resolver()) for name in route.names} - EXAMPLES.keys()

    assert not missing, f"add to tests/factories/routes.py: {sorted(missing)}"


@pytest.mark.promise("fleet-27", "api-24", "transit-99")
@pytest.mark.parametrize("route", PAGES, ids=lambda route: route.path or "/")
def test_a_page_opens_for_those_it_is_for(cast: Cast, route: Route) -> None:
    told = {who: outcomes(cast, route, who) for who in people(route)}

    wrong = {who: (seen, expected(route, who)) for who, seen in told.items() if not fits(seen, expected(route, who))}

    assert wrong == {}


@pytest.mark.promise("fleet-27", "api-24")
@pytest.mark.parametrize(("route", "method"), ENDPOINTS, ids=lambda part: getattr(part, "path", part))
def test_an_endpoint_answers_keys_with_its_scope(cast: Cast, route: Route, method: str) -> None:
    needed = scopes(route)[method]
    others = [item for item in Scope.values if item != needed]

    assert call(cast, route, method, None) == 401
    assert call(cast, route, method, cast.world.key(*others)) == 403
    assert call(cast, route, method, cast.world.key(needed)) not in (401, 403, 404, 405)
    if route.names:
        assert call(cast, route, method, cast.elsewhere.test_key) == 404


def expected(route: Route, who: str) -> str:
    """``opens``, ``signs in``, ``refused`` or ``unknown``, from declarations alone."""
    access = route.view.access
    if access == "public":
        return "opens"
    if who == ANONYMOUS:
        return "signs in"
    if access == "staff":
        return "unknown"
    if who == STRANGER:
        return "opens" if route.is_shared else "unknown"
    return "opens" if access == "signed in" or allows(who, access) else "refused"


def people(route: Route) -> tuple[str, ...]:
    """Everybody; of pages that are not there for customers, one of each kind: no role of theirs is asked for."""
    return (Role.OWNER, STRANGER, ANONYMOUS) if route.view.access == "staff" else PEOPLE


def outcomes(cast: Cast, route: Route, who: str) -> list[str]:
    """What a request without any content came to, by method, in the words of ``expected``; empty for no method."""
    browser = cast.browser(who)
    return [outcome(browser.generic(method, route.address(cast.world))) for method in METHODS]


def outcome(response: Any) -> str:
    if response.status_code == 302 and response["Location"].startswith("/sign-in?next="):
        return "signs in"
    return {403: "refused", 404: "unknown", 405: ""}.get(
        response.status_code, "opens" if response.status_code < 500 else "fails"
    )


def fits(seen: list[str], wanted: str) -> bool:
    """Whether every method that exists came to what was expected. A page may know nothing of an empty form."""
    found = {word for word in seen if word}
    return found == {wanted} or (wanted == "opens" and "unknown" in found and found <= {"opens", "unknown"})


def call(cast: Cast, route: Route, method: str, key: str | None) -> int:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    address = route.address(cast.world)
    return Client().generic(method, address, content_type="application/json", headers=headers).status_code
