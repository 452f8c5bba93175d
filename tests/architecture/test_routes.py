from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

# Views of libraries and of the machine room, which cannot carry our decorator. Each is a decision.
UNDECLARED = {
    "livez": "health",
    "readyz": "health",
    "metrics": "for the operator's network only",
}


def views(resolver: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        here = path + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from views(pattern, here)
        elif isinstance(pattern, URLPattern):
            yield here, pattern.callback


def is_declared(path: str, view: Any) -> bool:
    """By our decorator, or an API view that names its scopes."""
    if path in UNDECLARED or hasattr(view, "access"):
        return True
    kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
    return isinstance(kind, type) and issubclass(kind, APIView) and bool(getattr(kind, "scopes", None))


def test_every_view_says_who_may_use_it() -> None:
    found = list(views(get_resolver()))

    undeclared = [path for path, view in found if not is_declared(path, view)]

    assert len(found) > 15
    assert undeclared == []


def test_only_signing_in_and_personal_choices_are_public_pages() -> None:
    public = {path for path, view in views(get_resolver()) if getattr(view, "access", "") == "public"}

    assert {"sign-in", "theme", "language"} <= public
    assert not {path for path in public if path.startswith(("messages", "send", "handsets", "workspace", "mode"))}
