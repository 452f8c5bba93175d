"""The readable half of an archive: a page that says what is in it, one for each model, and what Art. 15(1) asks for.

Plain HTML with a style sheet beside it and no script, so that it can be read anywhere and in twenty years.
"""

import datetime as dt
import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from privacy import holdings, registry
from privacy.archives.rendering import Row, Shape
from privacy.people import Person
from privacy.registry import Activity, Column, ModelPolicy

STYLE = Path(__file__).parent / "style.css"


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """One model's file: where it lies, how many rows it has, and the first of them."""

    shape: Shape
    place: str
    path: str
    rows: list[Row]
    count: int

    @property
    def title(self) -> str:
        """In the words of the pages."""
        return _(self.shape.policy.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What the person is told beside their rows."""

    person: Person
    shapes: list[Shape]
    made: list[Made]
    at: dt.datetime
    closed: list[ModelPolicy]  # tables that could lead to the person and that no web page can read

    def left_out(self) -> list[dict[str, Any]]:
        """What we hold and do not hand out, with the reason."""
        by_field = [
            {"model": shape.policy.model, "fields": [column.field.attname for column in columns], "reason": reason}
            for shape in self.shapes
            for reason, columns in _by_reason(shape.left_out).items()
        ]
        closed = _("Closed to every web page, this one too. Ask us, and somebody looks whether it leads to you.")
        return [*by_field, *({"model": policy.model, "fields": [], "reason": closed} for policy in self.closed)]

    def kept(self) -> list[dict[str, Any]]:
        """What an erasure would leave, why, and for how long."""
        return [
            {"model": policy.model, "what": _(policy.name), "why": _(why), "how_long": policy.kept and _(policy.kept)}
            for policy in (shape.policy for shape in self.shapes)
            for why in reasons_to_keep(policy)
        ]  # fmt: skip

    def activities(self) -> list[Activity]:
        """For what the rows are used."""
        wanted = {key for shape in self.shapes for key in shape.policy.activities}
        return [activity for activity in registry.activities() if activity.key in wanted]

    def recipients(self) -> list[registry.Recipient]:
        """Who else is given them."""
        wanted = {key for activity in self.activities() for key in activity.recipients}
        return [recipient for recipient in registry.recipients() if recipient.key in wanted]

    def source(self) -> str:
        """Where the data is from."""
        if self.person.subject == "recipient":
            return _("From the workspaces that sent you messages, and from the networks that delivered them.")
        return _("From you, from people of your workspace, and from your use of the platform.")


def reasons_to_keep(policy: ModelPolicy) -> list[str]:
    """Why rows or fields of a model outlive an erasure; empty when nothing does."""
    fields = {
        column.declared.reason
        for column in holdings.columns_of(policy)
        if column.category.key != "none" and (column.declared.erase or column.category.erase) == "keep"
    }
    whole = {policy.closing_reason} if policy.closing != "delete" and policy.scope == "tenant" else set()
    return sorted(reason for reason in (whole or fields) if reason)


def readme(told: Told) -> bytes:
    """The first page."""
    return _page("readme", told=told, root="")


def information(told: Told) -> bytes:
    """What Art. 15(1) asks for."""
    return _page("information", told=told, root="")


def model(made: Made) -> bytes:
    """The rows of one model."""
    columns = list(dict.fromkeys(column for row in made.rows for column in row))
    table = [[row.get(column) for column in columns] for row in made.rows]
    return _page("model", made=made, columns=columns, table=table, root="../../")


def style() -> bytes:
    """The style sheet."""
    return STYLE.read_bytes()


def inventory_digest() -> str:
    """A digest of the inventory in force: two archives with the same one are made by the same rules."""
    lines = (
        f"{column.label} {column.category.key} {column.form} {asdict(column.declared)}" for column in registry.columns()
    )
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _by_reason(columns: tuple[Column, ...]) -> dict[str, list[Column]]:
    found: dict[str, list[Column]] = {}
    for column in columns:
        found.setdefault(_why_not(column), []).append(column)
    return found


def _why_not(column: Column) -> str:
    if column.form in ("index", "digest"):
        return _("A keyed hash: it says nothing without a key of ours.")
    if column.category.key in ("secret", "session"):
        return _("It gives access, and would do so to whoever finds this file.")
    return _("It is about other people, or about the workspace, whose owners have a copy of their own.")


def _page(name: str, **context: object) -> bytes:
    base = {"product": settings.BASE_URL, "lang": "", **context}
    return render_to_string(f"privacy/archive/{name}.html", base).encode()
