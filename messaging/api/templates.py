"""Stored texts with placeholders."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Scope
from messaging import templating
from messaging.api.documents import TemplateDocument, TemplateRequest
from messaging.api.once import CODES, once
from messaging.models import Template
from smsplatform.lib import ids
from smsplatform.lib.api.openapi import documented
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.api.views import ApiView, Nothing, decoded

TAG = "Templates"


class Templates(ApiView):
    scopes = {"GET": Scope.MESSAGES_READ, "POST": Scope.MESSAGES_SEND}

    @documented("list_templates", tag=TAG, answers={200: TemplateDocument}, listed=True)
    def get(self, request: Request) -> Response:
        """List templates"""
        self.filters(Nothing)
        page = self.page(Template.objects.filter(workspace_id=self.workspace_id))
        return self.listed(page, [shown(template) for template in page.rows])

    @documented("create_template", tag=TAG, answers={201: TemplateDocument}, request=TemplateRequest,
                idempotent=True, codes=(*CODES, "template_variables", "not_found"))  # fmt: skip
    def post(self, request: Request) -> Response:
        """Create a template

        Placeholders are written {{name}}. With code_digits the only placeholder is {{code}}: the platform makes the
        code, tells it in the answer to the send, and stores it nowhere.
        """
        wanted = self.document(TemplateRequest)

        def make() -> tuple[UUID, Response]:
            made = templating.create(
                workspace=self.workspace_id, name=wanted.name, text=wanted.text, code_digits=wanted.code_digits,
                by=self.key_id, at=self.at,
            )  # fmt: skip
            return made.id, Response(shown(made), 201)

        return once(self, make, rows=Template.objects.filter(workspace_id=self.workspace_id), shown=shown)


class OneTemplate(ApiView):
    scopes = {"GET": Scope.MESSAGES_READ, "DELETE": Scope.MESSAGES_SEND}

    @documented("read_template", tag=TAG, answers={200: TemplateDocument}, codes=("not_found",))
    def get(self, request: Request, template_id: str) -> Response:
        """Read a template"""
        return Response(shown(self._found(template_id)))

    @documented("delete_template", tag=TAG, answers={204: None}, codes=("not_found", "conflict"))
    def delete(self, request: Request, template_id: str) -> Response:
        """Delete a template

        Not while messages made from it are on their way: their text may have to be made from it.
        """
        templating.delete(template=self._found(template_id), by=self.key_id, at=self.at)
        return Response(status=204)

    def _found(self, template_id: str) -> Template:
        wanted = decoded(ids.TEMPLATE, template_id)
        template = Template.objects.filter(id=wanted, workspace_id=self.workspace_id).first()
        if template is None:
            raise Problem.single("not_found")
        return template


def shown(template: Template) -> dict[str, Any]:
    """A template as JSON."""
    return {
        "id": ids.encode(ids.TEMPLATE, template.id),
        "object": "template",
        "name": template.name,
        "text": template.text,
        "code_digits": template.code_digits,
        "created_at": template.created_at,
    }
