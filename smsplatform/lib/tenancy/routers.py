"""Which database a model lives in, and which one its migrations run on."""

from typing import Any

from django.db.models import Model

from smsplatform.lib.tenancy import scope, staff

OF_CUSTOMERS = {"messaging", "billing", "accounts"}  # apps whose tenant tables are read by staff under a grant only


class Router:
    """Key-store models live in ``keystore``; everything else in ``main``, migrated through ``owner`` only.

    Whatever a staff page reads of customers is read as ``sp_staff``, whichever function does it. What staff do under a
    grant (approve a sender, revoke a key) happens in the workspace's own scope.
    """

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        if model._meta.app_label == "keystore":
            return "keystore"
        return staff.ALIAS if staff.in_console() and of_customers(model) and not _acting() else None

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        return "keystore" if model._meta.app_label == "keystore" else None

    def allow_relation(self, obj1: Model, obj2: Model, **hints: Any) -> bool | None:
        return (obj1._meta.app_label == "keystore") == (obj2._meta.app_label == "keystore")

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return app_label == "keystore" if db == "keystore" else db == "owner" and app_label != "keystore"


def of_customers(model: type[Model]) -> bool:
    """Whether rows of ``model`` are a workspace, or belong to one."""
    meta = model._meta
    if meta.app_label not in OF_CUSTOMERS:
        return False
    return meta.label == "accounts.Workspace" or any(field.column == "workspace_id" for field in meta.concrete_fields)


def _acting() -> bool:
    """Whether the scope that is open is that of the workspace whose grant is in force."""
    present = staff.held()
    return present is not None and scope.current() == present.workspace
