"""Global Privacy Control as the request that the law makes of it: not to sell or share the data of whoever sends it.

Where somebody is known (signed in, or by the record of their decisions on cookies) it is recorded once and answered
at once. Statistics are declined in any case, see ``privacy.consent.choices``.
"""

import datetime as dt
from uuid import UUID

from privacy.models import DataRequest
from privacy.models.data_request import About, Kind
from privacy.requests import desk
from privacy.requests.desk import Wish
from privacy.requests.proofs import Identity

HOW = "gpc"


def of_account(*, user: UUID, email: str, at: dt.datetime) -> None:
    """Somebody signed in with a browser that sends the signal."""
    if not _said(user_id=user):
        identity = Identity(kind="mail", value=email.casefold())
        _record(at, about=About.ACCOUNT_HOLDER, identity=identity, user=user)


def of_visitor(*, consent: UUID, at: dt.datetime) -> None:
    """Somebody decided on cookies with such a browser."""
    if not _said(consent_id=consent):
        _record(at, about=About.VISITOR, wish=Wish(consent=consent))


def _said(**who: UUID) -> bool:
    return DataRequest.objects.filter(kind=Kind.OPT_OUT_OF_SALE, proof=HOW, **who).exists()


def _record(
    at: dt.datetime, *, about: str, identity: Identity | None = None, user: UUID | None = None, wish: Wish | None = None
) -> None:
    with desk.recorded():
        kind = Kind.OPT_OUT_OF_SALE
        made = desk.receive(kind=kind, about=about, identity=identity, user=user, wish=wish, at=at)
        desk.prove(made, how=HOW, at=at)
