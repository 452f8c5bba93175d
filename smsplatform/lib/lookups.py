"""What an address of ours names, or somebody entered: public ids. In an address, one that fits nothing is not there."""

from typing import TypeVar
from uuid import UUID

from django import forms
from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from smsplatform.lib import ids

M = TypeVar("M", bound=Model)


def named(prefix: str, text: str) -> UUID:
    """The id that a part of an address stands for. Raises ``Http404`` for any other text."""
    try:
        return ids.decode(prefix, text)
    except ids.InvalidId:
        raise Http404 from None


def find(rows: "QuerySet[M]", prefix: str, text: str) -> M:
    """The row among ``rows`` that a part of an address stands for. Raises ``Http404``."""
    found = rows.filter(pk=named(prefix, text)).first()
    if found is None:
        raise Http404
    return found


def entered(prefix: str, text: str) -> UUID:
    """The id that somebody wrote into a form. Raises ``ValidationError`` for any other text."""
    try:
        return ids.decode(prefix, text.strip())
    except ids.InvalidId:
        raise forms.ValidationError(_("This is not an id. It looks like %(like)s.") % {"like": f"{prefix}_…"}) from None
