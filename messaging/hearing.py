"""Listening to texts from phones for the one thing they can say to us so far: stop.

A text goes to a sender. Every workspace that owns that sender and knows the number stops writing to it. The words are
looked at in memory and kept nowhere; other texts are acknowledged, counted by carrier and day, and dropped.
"""

import datetime as dt
import logging
import re
from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db import connections

from messaging import suppressing
from messaging.carriers.smpp import inbound
from messaging.carriers.smpp.session import Delivery
from messaging.models import Sender
from messaging.provisioning import sender_index
from privacy import finding, keyring
from smsplatform.lib import database
from smsplatform.lib.tenancy import scope

_NUMBER = re.compile(r"\+?([1-9]\d{6,14})")
_USED = ("default", "system", "keystore")

logger = logging.getLogger(__name__)


def hear(texts: Sequence[Delivery], *, carrier: UUID, at: dt.datetime) -> int:
    """Suppress whoever says stop; in how many workspaces. Raises ``DatabaseUnavailable``.

    Safe to repeat, but that the texts that are not kept are counted again. For the thread that writes down what a
    carrier said: its connections are closed again, because this is rare.
    """
    stops = [(text.source, text.destination, words) for text in texts if suppressing.is_stop(words := _words(text))]
    try:
        heard = sum(_stop(*stop, at=at) for stop in stops)
        _count(len(texts) - len(stops), carrier, at)
    except database.UNAVAILABLE as error:
        raise database.DatabaseUnavailable(type(error).__name__) from None
    finally:
        for alias in _USED:
            connections[alias].close()
    if stops:
        logger.info("stop_heard", extra={"texts": len(stops), "workspaces": heard})
    return heard


def _count(texts: int, carrier: UUID, at: dt.datetime) -> None:
    if texts:
        with connections["system"].cursor() as cursor:
            cursor.execute("SELECT pipeline.count_unheard(%s, %s, %s)", [carrier, at.astimezone(dt.UTC).date(), texts])


def _words(text: Delivery) -> str:
    return inbound.decode(
        text.payload, esm_class=text.esm_class, data_coding=text.data_coding, tlvs=text.tlvs
    ).text  # fmt: skip


def _stop(source: bytes, destination: bytes, words: str, *, at: dt.datetime) -> int:
    found = _NUMBER.fullmatch(source.decode("ascii", "replace"))
    if found is None:
        return 0
    msisdn = f"+{found[1]}"
    heard = 0
    for workspace in finding.workspaces_of(msisdn):
        with scope.workspace(workspace):
            if _owns(workspace, destination.decode("ascii", "replace")):
                heard += suppressing.heard(workspace=workspace, msisdn=msisdn, text=words, at=at)
    return heard


def _owns(workspace: UUID, address: str) -> bool:
    """Whether the address that was answered is a sender of the open workspace, with or without its plus."""
    index = keyring.key(workspace, keyring.Purpose.INDEX)
    wanted = [sender_index(index, each) for each in _forms(address)]
    return Sender.objects.filter(workspace_id=workspace, address_idx__in=wanted).exists()


def _forms(address: str) -> Iterator[str]:
    plain = address.removeprefix("+")
    yield from (plain, f"+{plain}")
