"""What every page of a workspace begins with after an incident, until somebody says that they have read it."""

from typing import Any

from django import template
from django.template import Context

from privacy.breaches import notices
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope

register = template.Library()


@register.inclusion_tag("components/incident_banner.html", takes_context=True)
def incident_banner(context: Context) -> dict[str, Any]:
    """The newest notices nobody of the workspace has marked as read; only inside its scope."""
    place = getattr(context.get("request"), "workspace", None)
    if place is None or scope.current() != place.id:
        return {"notices": []}
    return {"notices": notices.to_show(place.id, at=clock.now())}
