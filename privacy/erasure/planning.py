"""What erasing a person means for each model: compiled from the inventory, counted on the live rows, a dry run.

For each model the class of the column that leads to the person decides:

    delete_row           the rows go
    pseudonymise, clear  the rows stay and lead to nobody: their sealed values and indexes (of a recipient) or the ids
                         of the person (of somebody who signs in) are emptied or replaced by random ones
    keep                 the rows stay as they are, for the reason declared there

Rows that hang on another row (a text on its message) go if they hold anything sealed; otherwise they lead to nobody as
soon as that row does. Outside of workspaces, rows about a person always go, unless they are kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_noop as _

from privacy import holdings, holds, registry
from privacy.holdings import USERS, WORKSPACE, Section
from privacy.keyring import PLATFORM
from privacy.people import Person
from privacy.registry import Column, ModelPolicy

HELD = _("An investigation or a lawful order needs it, until the case is closed.")
Kind = Literal["delete", "clear", "unlink", "keep"]
Change = Literal["null", "empty", "object", "uuid", "bytes"]


class Impossible(ValueError):
    """The inventory asks for something that the tables do not allow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What happens to the rows of one model that a column leads to. ``rows`` is how many there are now."""

    section: Section
    kind: Kind
    changes: dict[str, Change] = field(default_factory=dict)
    reason: str = ""
    rows: int = 0

    @property
    def policy(self) -> ModelPolicy:
        """The model's declarations."""
        return self.section.policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All of it, in the order in which it is done."""

    person: Person
    steps: tuple[Step, ...]

    @property
    def goes(self) -> list[Step]:
        """What changes, where there is something."""
        return [step for step in self.steps if step.kind != "keep" and step.rows]

    @property
    def stays(self) -> list[Step]:
        """What is kept, where there is something, each with its reason."""
        return [step for step in self.steps if step.kind == "keep" and step.rows]


def plan(person: Person) -> Plan:
    """What would happen now; changes nothing. Not inside another workspace's scope."""
    known = holdings.complete(person)
    return Plan(person=known, steps=tuple(counted(step, known) for step in compiled(known)))


def compiled(person: Person) -> list[Step]:
    """The steps for a person, uncounted."""
    sections = holdings.sections(person)
    if person.subject == WORKSPACE:
        return [_of_workspace(section) for section in sections]
    steps = [each for section in sections for each in _beyond_holds(of_path(section, person), person)]
    places = sorted({section.workspace for section in sections if section.workspace})
    mentions = [
        step for place in places for policy in registry.of_workspaces() for step in of_mentions(policy, place, person)
    ]
    return [*mentions, *sorted(steps, key=_height)]


def of_path(section: Section, person: Person) -> Step:
    """The step of the rows that lead to a person. Raises ``Impossible``."""
    column = holdings.column_of(section.policy, section.column)
    wanted = column.declared.erase or column.category.erase
    if column.category.key == "none":
        return _of_dependants(section, column)
    if wanted == "keep":
        return Step(section=section, kind="keep", reason=column.declared.reason)
    if wanted == "delete_row" or section.workspace is None:
        return Step(section=section, kind="delete")
    emptied = [column] if person.subject in USERS else list(_sealed(section.policy))
    return Step(section=section, kind="clear", changes={each.field.attname: change_of(each) for each in emptied})


def of_mentions(policy: ModelPolicy, place: UUID, person: Person) -> Iterator[Step]:
    """The steps of columns that name somebody without the row being about them: who made it, who decided."""
    if person.subject not in USERS:
        return
    path = holdings.path_of(policy, person)
    for column in holdings.columns_of(policy):
        if column.category.key == "person_id" and column.field.attname != path:
            section = Section(policy=policy, column=column.field.attname, workspace=place)
            kept = (column.declared.erase or column.category.erase) == "keep"
            changes: dict[str, Change] = {} if kept else {column.field.attname: change_of(column)}
            yield Step(
                section=section, kind="keep" if kept else "clear", changes=changes, reason=column.declared.reason
            )


def check(policy: ModelPolicy, subject: str) -> list[Step]:
    """The steps of a model for a kind of person, wherever they are. Raises ``Impossible``, ``LookupError``."""
    person, place = Person(subject=subject), PLATFORM if policy.scope == "tenant" else None
    path = holdings.path_of(policy, person)
    own = [of_path(Section(policy=policy, column=path, workspace=place), person)] if path else []
    return [*own, *(of_mentions(policy, place, person) if place else ())]


def change_of(column: Column) -> Change:
    """What a column becomes when it must lead to nobody. Raises ``Impossible``."""
    if column.field.null:
        return "null"
    match column.field:
        case models.ForeignKey():
            raise Impossible(f"{column.label} refers to another row and cannot be emptied")
        case models.UUIDField():
            return "uuid"
        case models.JSONField():
            return "object"
        case models.CharField() | models.TextField():
            return "empty"
        case models.BinaryField() if column.form in ("index", "digest"):
            return "bytes"
    raise Impossible(f"{column.label} must hold a value and has none that says nothing")


def _of_workspace(section: Section) -> Step:
    policy = section.policy
    kind: Kind = policy.closing if policy.closing != "clear" else "clear"
    return Step(section=section, kind=kind, reason="" if kind == "delete" else policy.stays_because)


def _of_dependants(section: Section, column: Column) -> Step:
    if section.policy.scope == "tenant" and section.policy.closing == "keep":  # a hold: it outlives even the workspace
        return Step(section=section, kind="keep", reason=section.policy.stays_because)
    goes = column.declared.erase == "delete_row" or any(True for _ in _sealed(section.policy))
    if section.workspace is None or goes:
        return Step(section=section, kind="delete")
    return Step(section=section, kind="unlink", reason=f"Leads to nobody without its {column.field.attname}.")


def _beyond_holds(step: Step, person: Person) -> Iterator[Step]:
    """A step as far as no hold forbids it; what a hold keeps is a step of its own.

    Who wrote messages stays known for all of a workspace while some of them are held: they are changed together.
    """
    units = {unit.name for unit in step.policy.units} & set(holds.UNITS)
    if step.section.workspace is None or step.kind == "keep" or not units:
        yield step
        return
    held = holds.held(workspace=step.section.workspace, unit=units.pop())
    whole = held.everything or bool(held.messages and person.subject in USERS)
    if not whole:
        yield replace(step, section=replace(step.section, without=held.messages))
    if held.everything or held.messages:
        only = frozenset() if whole else held.messages
        yield replace(step, section=replace(step.section, only=only), kind="keep", reason=HELD)


def is_held(step: Step) -> bool:
    """Whether a hold is why the step keeps its rows."""
    return step.kind == "keep" and step.reason == HELD


def _sealed(policy: ModelPolicy) -> Iterator[Column]:
    """What of a recipient stands in a row: sealed values and the indexes that find them."""
    return (
        column
        for column in holdings.columns_of(policy)
        if column.form in ("sealed", "index") and column.category.key not in ("none", "secret")
    )


def _height(step: Step) -> int:
    """Dependants before what they hang on; people last."""
    return holdings.depth(step.section)


def counted(step: Step, person: Person) -> Step:
    """The step with the rows that are there now."""
    with step.section.scope():
        seen = holdings.may("SELECT", step.section.model)
        rows = holdings.rows(step.section, person).count() if seen else 0
    return Step(section=step.section, kind=step.kind, changes=step.changes, reason=step.reason, rows=rows)
