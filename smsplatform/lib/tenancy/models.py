"""What a tenant model inherits and the constraint that keeps references inside one workspace."""

from typing import Any

from django.apps import apps
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement
from django.db.models import BaseConstraint, Model


class SameWorkspace(BaseConstraint):
    """``FOREIGN KEY (workspace_id, <field>_id) REFERENCES <to> (workspace_id, id)``.

    A plain foreign key is checked with the owner's eyes and so accepts another workspace's row; the composite
    one cannot. Declare the Django field with ``db_constraint=False`` beside it.
    """

    def __init__(self, *, field: str, to: str, name: str, on_delete: str = "NO ACTION") -> None:
        super().__init__(name=name)
        self.field, self.to, self.on_delete = field, to, on_delete

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, tuple(args), {**kwargs, "field": self.field, "to": self.to, "on_delete": self.on_delete}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameWorkspace) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self.name)

    def constraint_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        """Inline form; empty because the referenced unique key may be created after the table."""
        assert schema_editor is not None
        assert model is not None
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))
        return ""

    def create_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Statement:  # type: ignore[override]  # the stub says str, Django's own classes return this
        assert schema_editor is not None
        assert model is not None
        app, _, name = self.to.partition(".")
        target = model._meta.apps.get_model(app, name)
        column = str(model._meta.get_field(self.field).column)  # type: ignore[union-attr]  # a concrete field by contract
        return Statement(
            'ALTER TABLE %(table)s ADD CONSTRAINT %(name)s FOREIGN KEY ("workspace_id", %(column)s) '
            'REFERENCES %(target)s ("workspace_id", "id") ON DELETE %(on_delete)s',
            table=schema_editor.quote_name(model._meta.db_table),
            name=schema_editor.quote_name(self.name),
            column=schema_editor.quote_name(column),
            target=schema_editor.quote_name(target._meta.db_table),
            on_delete=self.on_delete,
        )

    def remove_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Statement:  # type: ignore[override]  # as above
        assert schema_editor is not None
        assert model is not None
        return Statement(
            "ALTER TABLE %(table)s DROP CONSTRAINT %(name)s",
            table=schema_editor.quote_name(model._meta.db_table),
            name=schema_editor.quote_name(self.name),
        )

    def validate(
        self, model: type[Model], instance: Model, exclude: set[str] | None = None, using: str = "default"
    ) -> None:
        """Left to the database: inside a scope the other workspace's row cannot even be read."""


def workspace_key(name: str) -> models.UniqueConstraint:
    """The (workspace, id) key that ``SameWorkspace`` of other tables refers to."""
    return models.UniqueConstraint(fields=["workspace", "id"], name=name)


def is_tenant(model: type[Model]) -> bool:
    """Whether rows of ``model`` belong to a workspace."""
    return any(field.column == "workspace_id" for field in model._meta.concrete_fields) and model._meta.managed


def tenant_models() -> list[type[Model]]:
    """Every managed model whose rows belong to a workspace."""
    return [model for model in apps.get_models() if is_tenant(model) and model._meta.app_label != "keystore"]
