"""JSON out, as the gate writes it: one encoder for both, so that dates and numbers look the same everywhere."""

from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework.renderers import BaseRenderer


class StructRenderer(BaseRenderer):
    """Encodes dicts, structs, datetimes and UUIDs with msgspec."""

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """The bytes of ``data``; nothing for None."""
        return b"" if data is None else msgspec.json.encode(data)
