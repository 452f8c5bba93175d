"""Which state of a request may follow which. The database is asked by a conditional update that names them."""

from privacy.models.data_request import State

FOLLOWS: dict[str, frozenset[str]] = {
    State.RECEIVED: frozenset({State.VERIFYING, State.VERIFIED, State.WITHDRAWN}),
    State.VERIFYING: frozenset({State.VERIFIED, State.WITHDRAWN, State.LAPSED}),
    State.VERIFIED: frozenset(
        {State.FORWARDED, State.PLANNED, State.EXECUTING, State.DELIVERED, State.REFUSED, State.WITHDRAWN}
    ),
    State.FORWARDED: frozenset(
        {State.EXECUTING, State.DELIVERED, State.PARTLY_REFUSED, State.REFUSED, State.WITHDRAWN}
    ),
    State.PLANNED: frozenset({State.APPROVED, State.REFUSED, State.WITHDRAWN}),
    State.APPROVED: frozenset({State.EXECUTING, State.WITHDRAWN}),
    # What is being carried out cannot be taken back, and is not refused any more.
    State.EXECUTING: frozenset({State.DELIVERED, State.PARTLY_REFUSED}),
}
FINAL = frozenset({State.DELIVERED, State.PARTLY_REFUSED, State.REFUSED, State.WITHDRAWN, State.LAPSED})
UNPROVED = frozenset({State.RECEIVED, State.VERIFYING})


def may(before: str, after: str) -> bool:
    """Whether a request in ``before`` may go to ``after``."""
    return after in FOLLOWS.get(before, frozenset())


def before(after: str) -> list[str]:
    """The states from which a request may go to ``after``."""
    return [state for state, following in FOLLOWS.items() if after in following]
