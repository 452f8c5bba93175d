"""Rectification (Art. 16): what may be corrected by asking, as the inventory says, and the correction itself.

What a workspace holds of those it texted it corrects in its own systems, and says so on its ticket.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model

from privacy import audit, registry
from privacy.models import DataRequest
from privacy.models.data_request import State
from privacy.registry import Column
from privacy.requests import desk


class NotThere(LookupError):
    """There is no such field, or nobody whose it is."""


def fields() -> dict[str, Column]:
    """By label: what people who sign in may have corrected."""
    people = get_user_model()._meta.label
    return {one.label: one for one in registry.columns() if one.declared.correct and one.policy.model == people}


def correct(request: DataRequest, *, by: desk.By, actor: UUID, answer: str = "", at: dt.datetime) -> None:
    """Put the value that was asked for and close the request, in one transaction.

    Raises ``NotThere``, ``NotAllowed``.
    """
    column = fields().get(request.field)
    if column is None or request.user_id is None:
        raise NotThere
    with desk.recorded() as workspace:
        person: Any = get_user_model().objects.select_for_update().filter(pk=request.user_id).first()
        if person is None:
            raise NotThere
        setattr(person, column.field.attname, request.value)
        person.save(update_fields=[column.field.attname])
        desk.move(request, State.DELIVERED, by=by, actor=actor, note="corrected", answer=answer, at=at)
        audit.record(
            action=f"{desk.SOURCE[by]}:data_request:corrected", workspace=workspace, actor=actor, at=at,
            details={"request": str(request.pk), "field": column.label},
        )  # fmt: skip
