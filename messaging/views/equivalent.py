"""The API call that does the same as a page, for copying."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from django.conf import settings


def curl(path: str, *, livemode: bool, body: Mapping[str, Any] | None = None) -> str:
    """A command for a POSIX shell; the key is a placeholder."""
    key = "sk_live_…" if livemode else "sk_test_…"
    lines = [f"curl {shlex.quote(settings.BASE_URL.rstrip('/') + path)}", f"-H 'Authorization: Bearer {key}'"]
    if body is not None:
        given = json.dumps({name: value for name, value in body.items() if value}, ensure_ascii=False)
        lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(given)}"]
    return " \\\n  ".join(lines)
