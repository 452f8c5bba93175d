"""The person a request is about, in the words by which their rows are found."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody who proved who they are. ``subject`` is a key of ``registry.subjects``; the rest are identities.

    ``workspace`` limits everything to one workspace; with subject ``workspace`` it is about all of it.
    """

    subject: str  # account_holder, team_member, recipient, contact, visitor, staff, workspace
    user: UUID | None = None
    msisdn: str = ""  # E.164
    email: str = ""
    consent: UUID | None = None
    index: bytes = b""  # instead of a number that is not known any more: its blind index in ``workspace``
    workspace: UUID | None = None

    def __repr__(self) -> str:
        return f"<Person {self.subject}>"
