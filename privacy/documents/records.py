"""Records of processing activities (Art. 30 GDPR), for what we decide and for what we do on behalf of workspaces."""

import csv
import io
import json
from dataclasses import asdict, dataclass, fields
from typing import Literal

from django.conf import settings

from privacy import registry
from privacy.registry import Activity, ModelPolicy

Role = Literal["controller", "processor"]
MEASURES = (
    "encryption of fields with keys of each workspace; isolation enforced by the database; staff access by reasoned "
    "and recorded grants; sealed audit log; keys outside the backup"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One activity, as the authority asks for it. Lists are joined by semicolons in tables."""

    controller: str
    contact: str
    activity: str
    purpose: str
    basis: str
    subjects: tuple[str, ...]
    categories: tuple[str, ...]
    recipients: tuple[str, ...]
    transfers: tuple[str, ...]  # recipients with a country and what protects data there
    erasure: tuple[str, ...]
    measures: str


def of_role(role: Role) -> list[Entry]:
    """Every activity in this role, in the order of the inventory."""
    return [_entry(activity) for activity in registry.activities() if activity.role == role]


def as_csv(role: Role) -> str:
    """One line per activity, with a head."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([field.name for field in fields(Entry)])
    for entry in of_role(role):
        values = asdict(entry).values()
        writer.writerow([_cell("; ".join(value) if isinstance(value, tuple) else value) for value in values])
    return text.getvalue()


def as_json(role: Role) -> str:
    """A document with the role and its activities."""
    document = {"role": role, "law": "GDPR Art. 30", "activities": [asdict(entry) for entry in of_role(role)]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def policies_of(activity: Activity) -> list[ModelPolicy]:
    """What is held for an activity."""
    return [policy for policy in registry.policies() if activity.key in policy.activities]


def _entry(activity: Activity) -> Entry:
    known = registry.categories()
    held = policies_of(activity)
    given = [one for one in registry.recipients() if one.key in activity.recipients]
    kinds = {kind.category for policy in held for kind in policy.fields.values() if known[kind.category].sensitivity}
    subjects = {subject.key: subject.label for subject in registry.subjects()}
    return Entry(
        controller=settings.OPERATOR_NAME if activity.role == "controller" else "each workspace, for its messages",
        contact=settings.PRIVACY_EMAIL,
        activity=activity.key,
        purpose=activity.purpose,
        basis=activity.basis,
        subjects=tuple(subjects[key] for key in activity.subjects),
        categories=tuple(sorted(known[key].label for key in kinds)),
        recipients=tuple(one.legal_name or one.name for one in given),
        transfers=tuple(f"{one.country}: {one.safeguard or 'none needed'}" for one in given if one.country),
        erasure=tuple(dict.fromkeys(f"{unit.name}: {unit.kept}" for policy in held for unit in policy.units)),
        measures=MEASURES,
    )


def _cell(text: str) -> str:
    """Spreadsheets take what begins like this for a formula."""
    return f"'{text}" if text[:1] in "=+-@" else text
