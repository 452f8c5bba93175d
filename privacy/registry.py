"""The vocabulary in which every app says what personal data it holds, why, for how long, and what erasure does to it.

``<app>/personal_data.py`` calls ``declare`` and is found by ``PrivacyConfig.ready``. System checks (``checks.py``)
refuse to start with a model or field that nobody classified; the purge, the content scanner and the published tables
read what was declared here. Fields are classified one by one, retention is told per unit, reasons per activity.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from django.apps import apps
from django.db.models import Field, Model

from privacy import periods, profiles

Form = Literal["plain", "sealed", "index", "digest"]  # how a column keeps its value
Export = Literal["never", "subject", "tenant", "both"]  # into whose copy of their data it goes
Erase = Literal["delete_row", "clear", "pseudonymise", "shred", "keep"]
Scope = Literal["tenant", "global", "system", "keystore"]
Action = Literal["shred", "delete", "clear", "keep"]
Closing = Literal["delete", "clear", "keep"]  # what becomes of a workspace's rows when it is closed


class Purge(Protocol):
    """Removes what is over at ``at``; how much. Safe to repeat, bounded, and resumed by its next call."""

    def __call__(self, *, at: dt.datetime) -> int: ...


class Due(Protocol):
    """When the oldest row that is still there was or will be over; None without rows. One look into an index."""

    def __call__(self) -> dt.datetime | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A kind of person whose data we hold. ``identities`` find them; by ``proofs`` they show who they are."""

    key: str
    label: str
    identities: tuple[str, ...]
    proofs: tuple[str, ...]
    source: str  # where data about them come from


@dataclass(frozen=True, kw_only=True, slots=True)
class Activity:
    """Something done with data, and the basis it is done on. ``data_use`` is the key of the Fides taxonomy."""

    key: str
    purpose: str
    role: Literal["controller", "processor"]
    basis: str
    subjects: tuple[str, ...]
    data_use: str
    recipients: tuple[str, ...] = ()
    # What an objection does (Art. 21): "stop" ends it for who objects, "weigh" restricts their data until somebody has
    # weighed the grounds; empty where the law knows none.
    objection: Literal["", "stop", "weigh"] = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    """A kind of data, with what its fields do unless they say otherwise. ``sensitivity`` goes from 0 to 3."""

    key: str
    label: str
    sensitivity: int
    data_category: str = ""  # the key of the Fides taxonomy
    form: Form = "plain"
    export: Export = "never"
    erase: Erase = "delete_row"


@dataclass(frozen=True, slots=True)
class F:
    """The class of one field. What is left out comes from its category.

    ``reason`` is owed by fields that hold nothing personal, that are kept when a person is erased, and that hold in
    plain what their category seals. ``correct`` is what people call a field that they may have corrected by asking.
    ``resembles`` names patterns (``scanner.py``) that values of this field match
    without being what they look like. ``indexed_as`` is the label under which a blind index was made: by it a person
    is found.
    """

    category: str
    reason: str = field(default="", kw_only=True)
    form: Form | None = field(default=None, kw_only=True)
    export: Export | None = field(default=None, kw_only=True)
    erase: Erase | None = field(default=None, kw_only=True)
    resembles: tuple[str, ...] = field(default=(), kw_only=True)
    indexed_as: str = field(default="", kw_only=True)
    correct: str = field(default="", kw_only=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """What is removed together when its time is over. Readers refuse it from that moment; ``purge`` only cleans.

    The time is the value of ``keep``, a key of ``privacy.profiles``, or ``period`` where no policies differ; ``kept``
    puts it into words, with ``{period}`` where it goes. ``guard`` names the function in which readers refuse what is
    over, ``unguarded`` says why none has to. ``due`` tells when the oldest row is over, so that what is overdue shows.
    """

    name: str
    anchor: str  # the column or moment that time is counted from
    action: Action
    kept: str = ""
    keep: str = ""
    period: dt.timedelta | None = None
    guard: str = ""  # "accounts.activity.page"
    unguarded: str = ""
    purge: Purge | None = None
    due: Due | None = None
    undated: str = ""  # why a unit with a purge has no ``due``
    counts: Literal["rows", "keys", "days", "months"] = "rows"  # what the purge counts
    reason: str = ""

    def __post_init__(self) -> None:
        if self.keep or self.period is not None:
            object.__setattr__(self, "kept", periods.lazy(self.kept, self.keep, self.period))

    @property
    def lasts(self) -> dt.timedelta | None:
        """How long after its anchor a row is over; None when no calendar says."""
        return profiles.duration(self.keep) if self.keep else self.period


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelPolicy:
    """All there is to say of one model. ``paths`` lead from a row to the people it is about.

    ``closing`` is what becomes of its rows when their workspace is closed; what stays owes a reason, its own or that of
    its units.
    """

    model: str  # app_label.Model
    scope: Scope
    fields: Mapping[str, F]
    paths: Mapping[str, str] = field(default_factory=dict)
    activities: tuple[str, ...] = ()
    units: tuple[Unit, ...] = ()
    reason: str = ""  # why a model without units has none
    what: str = ""  # its rows in the words of a page
    closing: Closing = "delete"
    closing_reason: str = ""

    @property
    def name(self) -> str:
        """The rows in the words of a page."""
        return self.what or str(apps.get_model(self.model)._meta.verbose_name_plural).capitalize()

    @property
    def kept(self) -> str:
        """For how long, in words; empty when no calendar says."""
        return ", ".join(str(unit.kept) for unit in self.units)

    @property
    def stays_because(self) -> str:
        """Why rows outlive their workspace."""
        return self.closing_reason or ", ".join(unit.reason for unit in self.units if unit.reason) or self.reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """Personal data outside the models: a cache, a queue, a log, a file."""

    name: str
    kept: str
    holds: tuple[str, ...]  # categories
    how: str  # what keeps more from getting there


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """Somebody outside who is given data."""

    key: str
    name: str
    role: Literal["processor", "controller"]
    holds: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    country: str = ""  # ISO 3166-1 alpha-2
    safeguard: str = ""  # what protects data outside the European Economic Area
    legal_name: str = ""
    evidence: str = ""  # the contract on data protection: where the operator keeps it
    evidence_until: dt.date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Partitions:
    """Tables that need a partition for each day or month to come."""

    name: str
    extend: Purge


@dataclass(frozen=True, kw_only=True, slots=True)
class Keeper:
    """Brings to safety what a hold keeps beyond its time. Called before anything is destroyed."""

    name: str
    keep: Purge


Declaration = Subject | Activity | Category | ModelPolicy | Store | Recipient | Partitions | Keeper


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A field of an installed model with its resolved class."""

    policy: ModelPolicy
    model: type[Model]
    field: "Field[object, object]"
    category: Category
    form: Form
    declared: F

    @property
    def label(self) -> str:
        return f"{self.model._meta.label}.{self.field.attname}"


class AlreadyDeclared(ValueError):
    """Two declarations of the same thing."""


class NotDeclared(LookupError):
    """Nothing was declared under this name."""


_declared: dict[tuple[type, str], Declaration] = {}


def declare(*declarations: Declaration) -> None:
    """Add to the inventory. Raises ``AlreadyDeclared``."""
    for declaration in declarations:
        name = (type(declaration), _name(declaration))
        if name in _declared:
            raise AlreadyDeclared(name[1])
        _declared[name] = declaration


def each(names: str, kind: F) -> dict[str, F]:
    """The same class for several fields, named in one text."""
    return dict.fromkeys(names.split(), kind)


def _name(declaration: Declaration) -> str:
    for attribute in ("model", "key", "name"):
        if hasattr(declaration, attribute):
            return str(getattr(declaration, attribute))
    raise TypeError(type(declaration).__name__)


def policies() -> list[ModelPolicy]:
    """Every declared model."""
    return _all(ModelPolicy)


def of_workspaces() -> list[ModelPolicy]:
    """Every model whose rows belong to a workspace, in the order in which a closed one is taken apart.

    Apps by ``INSTALLED_APPS``, which lists dependants first; inside an app, whatever refers to another model before it.
    """
    tenant = [policy for policy in policies() if policy.scope == "tenant"]
    order = {config.label: position for position, config in enumerate(apps.get_app_configs())}
    return sorted(
        tenant, key=lambda policy: (order[policy.model.split(".")[0]], -_height(apps.get_model(policy.model)))
    )


def _height(model: type[Model]) -> int:
    """How many references lead down from a model, one after the other, inside its app."""
    below = {
        field.related_model
        for field in model._meta.concrete_fields
        if isinstance(field.related_model, type) and field.related_model._meta.app_label == model._meta.app_label
    }
    return max((_height(each) + 1 for each in below - {model}), default=0)


def policy_of(model: type[Model] | str) -> ModelPolicy:
    """The policy of a model. Raises ``NotDeclared``."""
    label = model if isinstance(model, str) else model._meta.label
    found = _declared.get((ModelPolicy, label))
    if not isinstance(found, ModelPolicy):
        raise NotDeclared(label)
    return found


def units() -> list[Unit]:
    """Every retention unit once, keys first: a key destroyed is a text gone, whatever happens next."""
    found = {unit.name: unit for policy in policies() for unit in policy.units}
    return sorted(found.values(), key=lambda unit: (unit.action != "shred", unit.counts != "keys"))


def unit(name: str) -> Unit:
    """The unit of this name. Raises ``NotDeclared``."""
    for found in units():
        if found.name == name:
            return found
    raise NotDeclared(name)


def keepers() -> list[Keeper]:
    """All that brings held data to safety."""
    return _all(Keeper)


def partitions() -> list[Partitions]:
    """Every set of tables that grows by the calendar."""
    return _all(Partitions)


def subjects() -> list[Subject]:
    """Every kind of person."""
    return _all(Subject)


def activities() -> list[Activity]:
    """Everything done with data."""
    return _all(Activity)


def categories() -> dict[str, Category]:
    """Every kind of data by its key."""
    return {category.key: category for category in _all(Category)}


def stores() -> list[Store]:
    """Every place outside the models."""
    return _all(Store)


def recipients() -> list[Recipient]:
    """Everybody outside who is given data."""
    return _all(Recipient)


def columns() -> Iterator[Column]:
    """Every classified field of every installed model."""
    known = categories()
    for policy in policies():
        model = apps.get_model(policy.model)
        for column in model._meta.concrete_fields:
            declared = policy.fields.get(column.attname)
            if declared is not None:
                category = known[declared.category]
                form = declared.form or category.form
                yield Column(
                    policy=policy, model=model, field=column, category=category, form=form, declared=declared
                )  # fmt: skip


def encrypted_columns() -> list[Column]:
    """Columns that hold ciphertext and nothing else."""
    return [column for column in columns() if column.form == "sealed"]


def non_personal_columns() -> list[Column]:
    """Columns in which no number, address or key may stand: neither sealed nor declared to hold one in plain."""
    return [column for column in columns() if column.form != "sealed" and not holds_plain(column)]


def holds_plain(column: Column) -> bool:
    """Whether this column keeps in plain, for its declared reason, what its category seals."""
    return column.form == "plain" and column.category.form == "sealed"


def _all(kind: type) -> list:  # type: ignore[type-arg]  # the elements are of ``kind``
    return [declaration for declaration in _declared.values() if isinstance(declaration, kind)]
