"""Making and removing templates."""

import datetime as dt
import re
from functools import lru_cache
from uuid import UUID

from messaging.models import Message, Outbox, Template
from privacy import audit
from smsplatform.lib.api.problems import FieldError, Problem

_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
CODE_DIGITS = (0, *range(4, 11))


def create(*, workspace: UUID, name: str, text: str, code_digits: int, by: UUID, at: dt.datetime) -> Template:
    """A new template in the open scope. Raises ``Problem`` when placeholders and code do not fit together."""
    faults = list(_faults(text, code_digits))
    if faults:
        raise Problem.of(faults)
    made = Template(workspace_id=workspace, name=name, text=text, code_digits=code_digits, created_at=at)
    made.save(force_insert=True)
    audit.record(
        action="user:template:created", workspace=workspace, actor=by, at=at, details={"template": str(made.id)}
    )
    return made


def delete(*, template: Template, by: UUID, at: dt.datetime) -> None:
    """Remove a template no message on its way needs. Raises ``Problem``."""
    on_its_way = Outbox.objects.filter(workspace_id=template.workspace_id).values("message_id")
    if Message.objects.filter(template_id=template.id, id__in=on_its_way).exists():
        raise Problem.single("conflict", detail="Messages made from this template are still on their way.")
    details = {"template": str(template.id)}
    audit.record(action="user:template:deleted", workspace=template.workspace_id, actor=by, at=at, details=details)
    template.delete()


@lru_cache(maxsize=1024)
def names(text: str) -> frozenset[str]:
    """The placeholders of a template's text."""
    return frozenset(name.strip() for name in _PLACEHOLDER.findall(text))


def _faults(text: str, code_digits: int) -> list[FieldError]:
    found = [name.strip() for name in _PLACEHOLDER.findall(text)]
    if code_digits not in CODE_DIGITS:
        return [FieldError(pointer="#/code_digits", code="out_of_range", detail="0, or 4 to 10.")]
    if code_digits and found != ["code"]:
        detail = "A template with a code has the placeholder {{code}} once and no other."
        return [FieldError(pointer="#/text", code="template_variables", detail=detail)]
    if not all(_NAME.fullmatch(name) for name in found) or (not code_digits and "code" in found):
        detail = "Names of placeholders are lower-case letters, digits and _; code is reserved for code_digits."
        return [FieldError(pointer="#/text", code="template_variables", detail=detail)]
    return []
