"""Which database a model lives in, and which one its migrations run on."""

from typing import Any

from django.db.models import Model


class Router:
    """Key-store models live in ``keystore``; everything else in ``main``, migrated through ``owner`` only."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        return "keystore" if model._meta.app_label == "keystore" else None

    db_for_write = db_for_read

    def allow_relation(self, obj1: Model, obj2: Model, **hints: Any) -> bool | None:
        return (obj1._meta.app_label == "keystore") == (obj2._meta.app_label == "keystore")

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return app_label == "keystore" if db == "keystore" else db == "owner" and app_label != "keystore"
