"""A person's copy of their data: asked for, made in the background, taken away at most three times within a week."""

from privacy.archives.asking import Gone, State, purge, request, revoke, state, stream

__all__ = ["Gone", "State", "purge", "request", "revoke", "state", "stream"]
