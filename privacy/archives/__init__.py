"""A person's copy of their data: asked for, made in the background, taken away at most three times within a week."""

from privacy.archives.asking import (
    DOWNLOADS_MAX,
    KEPT,
    Gone,
    State,
    end,
    is_over,
    listed,
    order,
    purge,
    request,
    revoke,
    state,
    state_of,
    stream,
    was_taken,
)

__all__ = [
    "DOWNLOADS_MAX", "KEPT", "Gone", "State", "end", "is_over", "listed", "order", "purge", "request", "revoke",
    "state", "state_of", "stream", "was_taken",
]  # fmt: skip
