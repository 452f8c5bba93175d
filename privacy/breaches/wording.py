"""What each audience is told, as a draft to be completed: the points that Art. 33 and 34 ask for."""

from django.utils.translation import gettext as _

from privacy.models import Incident, IncidentEntry

Audience = IncidentEntry.Audience


def draft(incident: Incident, audience: str) -> dict[str, str]:
    """Title and text: what somebody saved, or else the template filled with what is known."""
    saved = incident.drafts.get(audience)
    return {"title": saved["title"], "text": saved["text"]} if saved else _template(incident, audience)


def kinds(incident: Incident) -> list[str]:
    """What was harmed, in words."""
    named = (
        (incident.confidentiality, _("confidentiality")),
        (incident.integrity, _("integrity")),
        (incident.availability, _("availability")),
    )
    return [word for harmed, word in named if harmed]


def _template(incident: Incident, audience: str) -> dict[str, str]:
    title = _("Security incident: %(title)s") % {"title": incident.title}
    return {"title": title[:120], "text": "\n\n".join(_paragraphs(incident, audience))}


def _paragraphs(incident: Incident, audience: str) -> list[str]:
    known = _("On %(day)s we became aware of an incident that concerns the %(kinds)s of data.") % {
        "day": f"{incident.aware_at:%Y-%m-%d %H:%M} UTC",
        "kinds": ", ".join(kinds(incident)),
    }
    paragraphs = [known, incident.description]
    if incident.sealed_only:
        paragraphs.append(_("The data was encrypted, and the keys were not exposed."))
    if incident.measures:
        paragraphs.append(_("What we did: %(measures)s") % {"measures": incident.measures})
    paragraphs.append(_closing(audience))
    return paragraphs


def _closing(audience: str) -> str:
    if audience == Audience.CONTROLLERS:
        return _(
            "You decide whether the people you text, and your authority, have to be told. Ask us for anything that you "
            "need for that."
        )
    if audience == Audience.USERS:
        return _("Change your password if you use it elsewhere, and be careful with mail that asks for it.")
    return _("Further phases follow as soon as more is known.")
