"""Rows that the ORM may read and nothing else: the ledger's functions are their only writers."""

from typing import Any, NoReturn, TypeVar

from django.db import models


class ReadOnlyRow(TypeError):
    """The ledger is written by its SQL functions (``billing.ledger``), never through the ORM."""


M = TypeVar("M", bound=models.Model)


class ReadOnlyQuerySet(models.QuerySet[M]):
    """Refuses every write in Python; the database refuses it again, by the role's rights."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ReadOnlyRow

    create = update = delete = bulk_create = bulk_update = get_or_create = update_or_create = _refuse


class ReadOnly(models.Model):
    """Base of the ledger's models."""

    objects = models.Manager.from_queryset(ReadOnlyQuerySet)()

    class Meta:
        abstract = True
        managed = False

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Always raises ``ReadOnlyRow``."""
        raise ReadOnlyRow

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Always raises ``ReadOnlyRow``."""
        raise ReadOnlyRow
