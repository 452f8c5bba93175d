"""What consent and the count of visits hold, for the inventory."""

import datetime as dt

from django.utils.translation import gettext_noop as _

from privacy.consent import visits
from privacy.models import ConsentRecord
from privacy.registry import Activity, F, ModelPolicy, Store, Subject, Unit, each

ROW = F("none", reason="random id of this row")
MIRROR = F("none", reason="the declaration of cookies, which is public")
RECORDS_KEPT = 3 * dt.timedelta(days=365)


def purge_records(*, at: dt.datetime) -> int:
    """Delete records of decisions that nobody can contest any more."""
    return ConsentRecord.objects.using("system").filter(decided_at__lt=at - RECORDS_KEPT).delete()[0]


def records_due() -> dt.datetime | None:
    """The end of the oldest record."""
    found = ConsentRecord.objects.using("system").order_by("decided_at").values_list("decided_at", flat=True).first()
    return found + RECORDS_KEPT if found else None


RECORDS = Unit(
    name="consent records",
    kept=_("3 years"),
    anchor="decided_at",
    action="delete",
    purge=purge_records,
    due=records_due,
)
VISITS = Unit(name="visits", kept=_("90 days"), anchor="at", action="delete", purge=visits.purge, due=visits.due)

DECLARED = (
    Subject(
        key="visitor",
        label="People who visit the pages",
        identities=("consent",),
        proofs=("consent_cookie",),
        source="Their browser",
    ),
    Activity(
        key="remember_choice",
        purpose="Remember what visitors decided about cookies, and prove it",
        role="controller",
        basis="Legal obligation",
        subjects=("visitor", "account_holder"),
        data_use="essential.legal_obligation",
    ),
    Activity(
        key="count_visits",
        purpose="Count views of public pages, without knowing whose they are",
        role="controller",
        basis="Legitimate interest; consent where a cookie is used",
        subjects=("visitor",),
        data_use="analytics.reporting",
        objection="stop",
    ),
    Store(
        name="cookies of a visitor",
        kept="as the list of cookies says, at most a year for ours",
        holds=("session",),
        how="declared in privacy/consent/cookies.py; a crawl in a browser finds what is not",
    ),
    ModelPolicy(
        model="privacy.ConsentRecord",
        scope="global",
        what=_("What you decided about cookies"),
        paths={"visitor": "consent_id"},
        activities=("remember_choice",),
        units=(RECORDS,),
        fields={
            "id": ROW,
            "consent_id": F("person_id", export="subject", erase="delete_row"),
            **each("decision groups text_version language gpc method decided_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="privacy.Visit",
        scope="global",
        what=_("Views of public pages"),
        activities=("count_visits",),
        units=(VISITS,),
        fields={
            "id": ROW,
            **each("at page", F("account_meta", export="never")),
            "network": F(
                "address", form="plain", export="never", reason="cut to /24 or /48, which the table itself enforces",
                resembles=("ip",),
            ),
            "visit_id": F("person_id", export="never", erase="delete_row"),
        },
    ),
    ModelPolicy(
        model="cookie_consent.CookieGroup",
        scope="system",
        reason="not about people",
        fields=each("id varname name description is_required is_deletable ordering created", MIRROR),
    ),
    ModelPolicy(
        model="cookie_consent.Cookie",
        scope="system",
        reason="not about people",
        fields=each("id cookiegroup_id name description path domain created", MIRROR),
    ),
    ModelPolicy(
        model="cookie_consent.LogItem",
        scope="system",
        reason="always empty: privacy.ConsentRecord is the record",
        fields=each("id action cookiegroup_id version created", F("none", reason="never written")),
    ),
)  # fmt: skip
