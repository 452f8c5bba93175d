"""Live checks of the inventory: everything classified, nothing collected that is not said, nobody given more."""

import datetime as dt
import re
from collections.abc import Callable, Iterable

from django.apps import apps
from django.db.models import FileField

from privacy import checks, profiles, registry, scanner
from privacy.promises import Check, Outcome, declare

DAILY = dt.timedelta(days=1)
ROWS, WORKSPACES = 50, 20  # a sample, small enough for every hour
PROFILING = re.compile(r"profil|advert|market|broker|sale|resale|analytics", re.IGNORECASE)
SENSITIVE = ("user.health", "user.biometric", "user.genetic", "user.demographic", "user.sexual", "user.criminal")
WORDS = {
    "birth_date": r"birth|_dob|age_years",
    "postal_address": r"street|postal|postcode|zip_?code|address_line|city",
    "tax_number": r"tax|vat_|_vat|vatin|steuer",
    "biometrics": r"biometr|finger_?scan|face_id|voice_?print|iris_scan",
}


def classified(at: dt.datetime) -> Outcome:
    """Every field of every model is classified, with a reason where one is owed."""
    faults = checks.inventory_is_complete()
    return Outcome(holds=not faults, evidence={"faults": len(faults), "fields": sum(1 for _ in registry.columns())})


def activities_cover(at: dt.datetime) -> Outcome:
    """Whatever is held about people is held for something that is done with it."""
    about = [policy for policy in registry.policies() if policy.paths]
    idle = [policy.model for policy in about if not policy.activities]
    return Outcome(holds=not idle, why=", ".join(idle), evidence={"models": len(about)})


def units(at: dt.datetime) -> Outcome:
    """Everything has an end or a reason for having none, every end somebody who brings it, and readers who keep it."""
    endless = [policy.model for policy in registry.policies() if not (policy.units or policy.reason)]
    idle = [unit.name for unit in registry.units() if not (unit.purge or unit.reason)]
    loose = [unit.name for unit in registry.units() if list(checks.unread(unit))]
    wrong = endless + idle + loose
    return Outcome(holds=not wrong, why=", ".join(wrong), evidence={"units": len(registry.units())})


def no_profiling(at: dt.datetime) -> Outcome:
    """Nothing is done with data that the list of activities does not name, and none of them is profiling."""
    found = [activity.key for activity in registry.activities() if PROFILING.search(activity.key + activity.purpose)]
    allowed = bool(profiles.value("marketing.enabled"))
    return Outcome(
        holds=allowed or not found, why=", ".join(found), evidence={"activities": len(registry.activities())}
    )


def recipients(at: dt.datetime) -> Outcome:
    """Everybody outside is registered with the kinds of data they get, and is no broker."""
    known = registry.categories()
    odd = [
        each.key
        for each in registry.recipients()
        if PROFILING.search(each.key + each.name) or not set(each.holds) <= known.keys()
    ]
    return Outcome(holds=not odd, why=", ".join(odd), evidence={"recipients": len(registry.recipients())})


def transfers(at: dt.datetime) -> Outcome:
    """Whoever processes data for us outside of the European Economic Area has a safeguard."""
    without = [
        each.key
        for each in registry.recipients()
        if each.role == "processor" and each.country and not EEA.fullmatch(each.country) and not each.safeguard
    ]
    return Outcome(holds=not without, why=", ".join(without), evidence={"without": len(without)})


def stores(at: dt.datetime) -> Outcome:
    """Places outside the database are declared, with the time they keep what is in them."""
    odd = [store.name for store in registry.stores() if not (store.kept and store.how)]
    return Outcome(holds=not odd, why=", ".join(odd), evidence={"stores": len(registry.stores())})


def sealed(at: dt.datetime) -> Outcome:
    """A sample of the live tables: ciphertext where it was declared, no personal data where none was."""
    report = scanner.scan(rows_max=ROWS, workspaces_max=WORKSPACES)
    found = sorted({f"{finding.column}: {finding.what}" for finding in report.findings})
    return Outcome(holds=not found, why=", ".join(found), evidence={"rows": report.rows, "unread": len(report.unread)})


def no_uploads(at: dt.datetime) -> Outcome:
    """No model takes a file."""
    found = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, FileField)
    ]
    return Outcome(holds=not found, why=", ".join(found))


def no_sensitive(at: dt.datetime) -> Outcome:
    """No category is of the special kinds: health, biometrics, belief, origin."""
    found = [key for key, each in registry.categories().items() if each.data_category.startswith(SENSITIVE)]
    return Outcome(holds=not found, why=", ".join(found), evidence={"categories": len(registry.categories())})


def claims(at: dt.datetime) -> Outcome:
    """What is claimed of certifications is what the profile lists: nothing, or what is said to be in progress."""
    held = [claim for claim in profiles.value("claims") if not claim.endswith("in_progress")]
    return Outcome(holds=not held, why=", ".join(held), evidence={"claims": len(profiles.value("claims"))})


def regions(at: dt.datetime) -> Outcome:
    """Every place that processes is registered."""
    known = profiles.value("regions")
    return Outcome(holds=bool(known), evidence={"regions": ",".join(known)})


def _absent(pattern: str) -> Callable[[dt.datetime], Outcome]:
    word = re.compile(pattern)

    def look(at: dt.datetime) -> Outcome:
        found = [column.label for column in registry.columns() if word.search(column.field.attname)]
        return Outcome(holds=not found, why=", ".join(found), evidence={"found": len(found)})

    return look


EEA = re.compile("A[T]|B[EG]|C[YZ]|D[EK]|E[ES]|F[IR]|GR|H[RU]|I[EST]|L[ITUV]|MT|N[LO]|P[LT]|RO|S[EIK]")
_LOOKS: Iterable[tuple[str, Callable[[dt.datetime], Outcome], str]] = (
    ("classified", classified, "Whether every field of every table is classified."),
    ("activities_cover", activities_cover, "Whether everything held about people serves a declared activity."),
    ("units", units, "Whether everything has a retention or a reason."),
    ("no_profiling", no_profiling, "The list of what is done with data."),
    ("recipients", recipients, "The list of everybody outside who is given data."),
    ("transfers", transfers, "Processors outside of the European Economic Area, and their safeguards."),
    ("stores", stores, "Places outside the database that may hold personal data."),
    ("no_uploads", no_uploads, "Fields that take files."),
    ("no_sensitive", no_sensitive, "Special kinds of data among the categories."),
    ("claims", claims, "What is claimed of certifications."),
    ("regions", regions, "Places of processing."),
    *(
        (f"no_{name}", _absent(pattern), f"Fields named like {name.replace('_', ' ')}.")
        for name, pattern in WORDS.items()
    ),
)
declare(
    *(
        Check(name=f"privacy.{name}", method="configuration", run=run, fresh=DAILY, what=what)
        for name, run, what in _LOOKS
    ),
    Check(
        name="privacy.sealed", method="database", run=sealed,
        what="A sample of every table: sealed values where declared, no personal data elsewhere.",
    ),
)  # fmt: skip
