"""The inventory as a data map in the format of Fides (https://ethyca.com/fides): subjects, datasets, a system.

Tests validate it with ``fideslang``. Fides has no word for the recipient of a message, so our subjects are declared.
"""

from collections import defaultdict
from typing import Any

import yaml
from django.apps import apps
from django.conf import settings

from privacy import registry
from privacy.documents import records
from privacy.registry import Activity, ModelPolicy

ORGANISATION = "operator"
SYSTEM = "smsplatform"
_BASES = {
    "Contract": "Contract",
    "Legal obligation": "Legal obligations",
    "Legitimate interest": "Legitimate interests",
    "Consent": "Consent",
}
Resource = dict[str, Any]


def data_map() -> Resource:
    """All of it."""
    return {
        "organization": [{"fides_key": ORGANISATION, "name": settings.OPERATOR_NAME}],
        "data_subject": [
            {"fides_key": one.key, "organization_fides_key": ORGANISATION, "name": one.label, "is_default": False}
            for one in registry.subjects()
        ],
        "dataset": _datasets(),
        "system": [_system()],
    }


def as_yaml() -> str:
    """The data map as a manifest."""
    text: str = yaml.safe_dump(data_map(), sort_keys=False, allow_unicode=True, width=120)
    return text


def _datasets() -> list[Resource]:
    """One dataset per app, one collection per table."""
    found: dict[str, list[Resource]] = defaultdict(list)
    for policy in registry.policies():
        collection = _collection(policy)
        if collection["fields"]:
            found[policy.model.split(".")[0]].append(collection)
    return [
        {"fides_key": f"{SYSTEM}_{app}", "organization_fides_key": ORGANISATION, "name": app, "collections": tables}
        for app, tables in sorted(found.items())
    ]


def _collection(policy: ModelPolicy) -> Resource:
    known = registry.categories()
    columns = {field.attname: field.column for field in apps.get_model(policy.model)._meta.concrete_fields}
    described = [
        {"name": columns[name], "data_categories": [known[kind.category].data_category]}
        for name, kind in policy.fields.items()
        if name in columns and known[kind.category].data_category
    ]
    return {"name": apps.get_model(policy.model)._meta.db_table.replace('"', ""), "fields": described}


def _system() -> Resource:
    return {
        "fides_key": SYSTEM,
        "organization_fides_key": ORGANISATION,
        "name": SYSTEM,
        "system_type": "Service",
        "processes_personal_data": True,
        "privacy_policy": f"{settings.BASE_URL.rstrip('/')}/privacy/policy",
        "privacy_declarations": [_declaration(activity) for activity in registry.activities()],
    }


def _declaration(activity: Activity) -> Resource:
    held = records.policies_of(activity)
    given = [one.name for one in registry.recipients() if one.key in activity.recipients]
    declared = {
        "name": activity.purpose,
        "data_use": activity.data_use,
        "data_categories": _categories(held),
        "data_subjects": list(activity.subjects),
        "dataset_references": sorted({f"{SYSTEM}_{policy.model.split('.')[0]}" for policy in held}),
        "data_shared_with_third_parties": bool(given),
        "third_parties": ", ".join(given) or None,
        "retention_period": "; ".join(dict.fromkeys(str(unit.kept) for policy in held for unit in policy.units))
        or None,
    }
    basis = _BASES.get(activity.basis)
    return {**declared, "legal_basis_for_processing": basis} if basis else declared


def _categories(held: list[ModelPolicy]) -> list[str]:
    known = registry.categories()
    kinds = {known[kind.category] for policy in held for kind in policy.fields.values()}
    return sorted({kind.data_category for kind in kinds if kind.data_category and kind.sensitivity})
