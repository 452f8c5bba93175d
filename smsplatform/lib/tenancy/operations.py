"""Migration operations that put a table behind row security, and hand functions to the definer role."""

from collections.abc import Mapping
from typing import Any

from django.db import router
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

Rights = Mapping[str, str]


class _OnTable(Operation):
    """An operation that runs SQL built from a model's table, on the database that owns it."""

    reversible = True
    reduces_to_sql = True

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Row security is not part of Django's model state."""

    def table(self, app_label: str, state: ProjectState) -> str:
        return str(state.apps.get_model(app_label, self.model_name)._meta.db_table)

    model_name: str

    def run(self, editor: BaseDatabaseSchemaEditor, app_label: str, statements: list[str]) -> None:
        if router.allow_migrate(editor.connection.alias, app_label):
            for statement in statements:
                editor.execute(statement)


def grants(table: str, rights: Rights) -> list[str]:
    """GRANT statements; ``rights`` maps a role to ``"select, insert"`` or ``"select (id, state)"``."""
    return [f'GRANT {what} ON "{table}" TO sp_{role}' for role, what in rights.items()]


class Isolate(_OnTable):
    """Force row security on a tenant table: one canonical policy, and the rights each role gets.

    ``rights`` maps ``app``, ``definer``, ``system``, ``staff`` … to what is granted. ``app`` sees the workspace in
    force; every other role named sees all rows, limited by its columns and verbs. ``definer`` may always select and
    delete: its functions take a closed workspace apart.
    """

    def __init__(self, model_name: str, *, column: str = "workspace_id", rights: Rights) -> None:
        self.model_name, self.column, self.rights = model_name, column, dict(rights)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "Isolate", [self.model_name], {"column": self.column, "rights": self.rights}

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        self.run(schema_editor, app_label, isolate(self.table(app_label, to_state), self.column, self.rights))

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        table = self.table(app_label, from_state)
        drops = [f'DROP POLICY IF EXISTS sp_{role} ON "{table}"' for role in self.rights]
        self.run(schema_editor, app_label, [*drops, f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY'])

    def describe(self) -> str:
        return f"Isolate the rows of {self.model_name} by workspace"


def isolate(table: str, column: str, rights: Rights) -> list[str]:
    """The statements behind ``Isolate``; also for tables that migrations create in SQL."""
    rights = {"definer": "select, delete", **rights}
    statements = [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
    ]
    for role in rights:
        seen = f"{column} = (SELECT tenancy.workspace())" if role == "app" else "true"
        statements.append(f'CREATE POLICY sp_{role} ON "{table}" TO sp_{role} USING ({seen}) WITH CHECK ({seen})')
    return [*statements, *grants(table, rights), f'GRANT SELECT, DELETE ON "{table}" TO sp_definer']


class Grant(_OnTable):
    """Give roles rights on a table that belongs to no workspace."""

    def __init__(self, model_name: str, *, rights: Rights) -> None:
        self.model_name, self.rights = model_name, dict(rights)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "Grant", [self.model_name], {"rights": self.rights}

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        self.run(schema_editor, app_label, grants(self.table(app_label, to_state), self.rights))

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        table = self.table(app_label, from_state)
        self.run(schema_editor, app_label, [f'REVOKE ALL ON "{table}" FROM sp_{role}' for role in self.rights])

    def describe(self) -> str:
        return f"Grant rights on {self.model_name}"
