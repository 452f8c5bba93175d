"""System checks that keep the inventory complete: with one of these errors the platform does not start."""

import pkgutil
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError
from django.db.models import Model

from privacy import registry
from privacy.documents import in_force
from privacy.erasure import planning
from privacy.registry import F, ModelPolicy, NotDeclared, Unit

PASTE = 'F("none", reason="…")'


def install() -> None:
    """Register the checks."""
    register(inventory_is_complete, "privacy")
    register(settings_are_published, Tags.database)


def inventory_is_complete(app_configs: Sequence[AppConfig] | None = None, **options: Any) -> list[CheckMessage]:
    """E001 to E006 and E008 to E010, over every installed model whoever wrote it."""
    found: list[CheckMessage] = [*_undeclared(), *(found for policy in registry.policies() for found in faults(policy))]
    found += [fault for unit in registry.units() for fault in unread(unit)]
    return found or [*(found for policy in registry.policies() for found in _not_erasable(policy))]


def _not_erasable(policy: ModelPolicy) -> Iterator[Error]:
    """Whether a plan of erasure can be made for every person the rows may be about."""
    try:
        for subject in registry.subjects():
            planning.check(policy, subject.key)
    except (planning.Impossible, LookupError) as error:
        yield Error(
            f"No plan to erase people from {policy.model} can be made: {error}.",
            hint="Let the column be null, or declare another erase for it (delete_row, keep with a reason).",
            obj=apps.get_model(policy.model),
            id="privacy.E006",
        )


def settings_are_published(app_configs: Sequence[AppConfig] | None = None, **options: Any) -> list[CheckMessage]:
    """E007: no setting promises less than the version of the policy in effect. It would be without effect anyway."""
    if not options.get("databases"):
        return []
    try:
        return [_withheld(key.name, chosen, promised) for key, chosen, promised in in_force.withheld()]
    except DatabaseError:  # before the first migration there is no policy either
        return []


def _withheld(name: str, chosen: object, promised: object) -> Error:
    return Error(
        f"{name} is set to {chosen}, which promises less than the policy in effect; {promised} applies.",
        hint="Draft and announce a new version at /staff/policies, or choose the profile that was published.",
        id="privacy.E007",
    )


def unread(unit: Unit) -> Iterator[Error]:
    """What is wrong with a unit: its time runs out, and nobody said where readers refuse it or why none has to."""
    if unit.lasts is None or unit.unguarded:
        return
    try:
        pkgutil.resolve_name(unit.guard)
    except (ValueError, ImportError, AttributeError):
        yield Error(
            f"Readers of the unit {unit.name} are not known to refuse what is over.",
            hint='Name the function in which they do: guard="app.module.function", or unguarded="why none has to".',
            id="privacy.E008",
        )


def _undeclared() -> Iterator[Error]:
    for model in apps.get_models(include_auto_created=True):
        try:
            registry.policy_of(model)
        except NotDeclared:
            yield Error(
                f"{model._meta.label} is not declared: nobody said what personal data it holds.",
                hint=f"Add to {_home(model)}/personal_data.py:\n{_template(model)}",
                obj=model,
                id="privacy.E001",
            )


def faults(policy: ModelPolicy) -> Iterator[Error]:
    """What is wrong with one policy."""
    try:
        model = apps.get_model(policy.model)
    except (LookupError, ValueError):
        yield Error(
            f"A policy is declared for {policy.model}, which is not installed.",
            hint="Remove the ModelPolicy, or correct its name.",
            id="privacy.E003",
        )
        return
    names = _names(model)
    if missing := [column for column in names if column not in policy.fields]:
        yield Error(
            f"Fields of {policy.model} are not classified: {', '.join(missing)}.",
            hint=f"Add to the fields of its policy:\n{_lines(missing)}",
            obj=model,
            id="privacy.E002",
        )
    for stale in policy.fields.keys() - set(names):
        yield Error(
            f"{policy.model} has no field {stale}.",
            hint=f'Remove "{stale}" from the fields of its policy, or correct its name.',
            obj=model,
            id="privacy.E003",
        )
    for name, kind in policy.fields.items():
        yield from _reasons(model, name, kind)
    yield from _unfindable(policy)


def _unfindable(policy: ModelPolicy) -> Iterator[Error]:
    """Paths by a sealed column: nobody finds a row by one, so it would be in no copy and survive every erasure."""
    for subject, name in policy.paths.items():
        kind = policy.fields.get(name)
        category = registry.categories().get(kind.category) if kind else None
        if kind and category and (kind.form or category.form) == "sealed":
            yield Error(
                f"Rows of {policy.model} lead to a {subject} by {name}, which is sealed: nobody finds them.",
                hint="Add a blind index beside it and name that, or the row above.",
                obj=apps.get_model(policy.model),
                id="privacy.E009",
            )


def _reasons(model: type[Model], name: str, kind: F) -> Iterator[Error]:
    category = registry.categories().get(kind.category)
    if category is None:
        yield Error(
            f"{model._meta.label}.{name} is of the unknown category {kind.category}.",
            hint=f"Use one of: {', '.join(registry.categories())}.",
            obj=model,
            id="privacy.E003",
        )
        return
    if (kind.erase or category.erase) == "keep" and not kind.reason:
        yield Error(
            f"{model._meta.label}.{name} is kept when a person is erased, and nobody said why.",
            hint=f'"{name}": F("{kind.category}", reason="…"),',
            obj=model,
            id="privacy.E004",
        )
    if category.form == "sealed" and kind.form == "plain" and not kind.reason:
        yield Error(
            f"{model._meta.label}.{name} holds {category.label.lower()} in plain, and nobody said why.",
            hint=f'Seal it, or "{name}": F("{kind.category}", form="plain", reason="…"),',
            obj=model,
            id="privacy.E005",
        )


def _names(model: type[Model]) -> list[str]:
    return [column.attname for column in model._meta.concrete_fields]


def _lines(names: Sequence[str]) -> str:
    return "\n".join(f'    "{name}": {PASTE},' for name in names)


def _template(model: type[Model]) -> str:
    return f'declare(ModelPolicy(model="{model._meta.label}", scope="tenant", fields={{\n{_lines(_names(model))}\n}}))'


def _home(model: type[Model]) -> str:
    """The app that answers for this model: its own, or the project's privacy app for what others wrote."""
    package = model.__module__.split(".")[0]
    return package if (apps.is_installed(package) and package in _OWN) else "privacy"


_OWN = ("messaging", "billing", "accounts", "privacy")
