"""The JSON documents of requests about people's data, and of what a workspace lets us fulfil without asking."""

import datetime as dt
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from privacy.models import RequestTicket
from privacy.models.data_request import Kind as RequestKind


class RefusalRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why a person's request is refused; they read it, with the way to complain."""

    reason: Annotated[str, Meta(min_length=1, max_length=4000)]


class PrivacyRequestFilter(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which requests to list."""

    status: Literal[tuple(RequestTicket.State.values)] | None = None  # type: ignore[valid-type]  # words of the model


class PrivacyRequestDocument(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a person who was texted asks about their data. They have shown that the number is theirs."""

    id: str
    object: Literal["privacy_request"]
    kind: Literal[tuple(RequestKind.values)]  # type: ignore[valid-type]  # words of the model
    status: Literal[tuple(RequestTicket.State.values)]  # type: ignore[valid-type]  # words of the model
    automatic: Annotated[bool, Meta(description="Fulfilled without asking, as the workspace's settings say")]
    number: str | None
    words: Annotated[str | None, Meta(description="What the person wrote")]
    reason: Annotated[str | None, Meta(description="Of a refusal")]
    due_at: Annotated[dt.datetime, Meta(description="Until then the person must have an answer")]
    decided_at: dt.datetime | None
    created_at: dt.datetime


Objection = Annotated[bool, Meta(description="Stop texts to who wants none")]
Restriction = Annotated[bool, Meta(description="Leave data alone while something is cleared up")]
Access = Annotated[bool, Meta(description="Give people a copy of their data: access and portability")]
Erasure = Annotated[bool, Meta(description="Erase or anonymise a number and its messages")]


class AutomaticChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which kinds of requests are fulfilled without asking, from now on. Fields left out stay."""

    objection: Objection | UnsetType = UNSET
    restriction: Restriction | UnsetType = UNSET
    access: Access | UnsetType = UNSET
    erasure: Erasure | UnsetType = UNSET


class AutomaticDocument(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which kinds of requests are fulfilled without asking; a correction is always asked for."""

    object: Literal["privacy_request_settings"]
    objection: Objection
    restriction: Restriction
    access: Access
    erasure: Erasure
