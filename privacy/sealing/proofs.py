"""A row's proof: all that somebody needs to see, without us, that it is in the log that was signed.

It leads from the row's text and salt to its leaf, from the leaf up to the day's root, from the day's entry up to the
root of the signed checkpoint.
"""

import datetime as dt
import json
from typing import Any
from uuid import UUID

from privacy import leaves
from privacy.sealing import merkle, notes
from privacy.sealing.notes import Verifier
from privacy.sealing.records import Row, Seal, Segment
from privacy.sealing.stored import StoredLog
from smsplatform.lib import ids

FORM = "smsplatform audit proof 1"
FOUND_WITHIN = dt.timedelta(days=2)  # of its id: a row is sealed in the next minutes, or before its day is closed


class NotSealed(LookupError):
    """The row's day is not over, so it has no root yet."""


def of(log: StoredLog, event: UUID) -> dict[str, Any]:
    """The proof as it is downloaded. Raises ``NotSealed``, or ``LookupError`` for a row that is not there."""
    row = log.rows([event]).get(event)
    if row is None:
        raise LookupError(event)
    seal = sealed_in(log, event)
    segments = log.segments()
    segment = _segment_of(segments, seal)
    if seal is None or segment is None:
        raise NotSealed(event)
    day = [leaf for each in log.seals(segment.first_seal, segment.last_seal) for leaf in each.leaves]
    index = seal.first + seal.events.index(event) - segment.first
    return _document(row, day, index, segments, segment)


def sealed_in(log: StoredLog, event: UUID) -> Seal | None:
    """The seal that holds the row, if one does by now."""
    made_at = ids.time_of(event)
    return log.seal_with(event, since=made_at - FOUND_WITHIN)


def check(proof: Any, public: Verifier) -> str:
    """What is wrong with a proof; empty when it holds. The proof may be anything that JSON can say."""
    try:
        return _wrong(proof, public)
    except (KeyError, TypeError, ValueError, AttributeError):
        return "this is no proof"


def _document(row: Row, day: list[bytes], index: int, segments: list[Segment], segment: Segment) -> dict[str, Any]:
    tree = [each.leaf for each in segments]
    return {
        "form": FORM,
        "row": row.content.decode(),
        "salt": row.salt.hex(),
        "leaf": row.leaf.hex(),
        "day": {
            "entry": segment.entry.decode(),
            "index": index,
            "path": [step.hex() for step in merkle.inclusion(day, index)],
        },
        "tree": {
            "index": segment.number - 1,
            "path": [step.hex() for step in merkle.inclusion(tree, segment.number - 1)],
            "checkpoint": segments[-1].note,
        },
    }


def _wrong(proof: Any, public: Verifier) -> str:
    leaf = leaves.leaf(bytes.fromhex(proof["salt"]), proof["row"].encode())
    if leaf.hex() != proof["leaf"]:
        return "the row does not make this leaf"
    day, tree = proof["day"], proof["tree"]
    entry = json.loads(day["entry"])
    if not merkle.included(
        leaf=leaf, index=day["index"], size=entry["count"], path=_path(day), root=bytes.fromhex(entry["root"])
    ):
        return "the leaf is not in the day's root"
    return _wrong_tree(day["entry"], tree, public)


def _wrong_tree(entry: str, tree: Any, public: Verifier) -> str:
    name = tree["checkpoint"].partition("\n")[0]
    try:
        signed = notes.checkpoint(Verifier(name=name, key=public.key).open(tree["checkpoint"]))
    except notes.InvalidNote:
        return "the checkpoint is not signed by this key"
    leaf = merkle.leaf_hash(entry.encode())
    if not merkle.included(leaf=leaf, index=tree["index"], size=signed.size, path=_path(tree), root=signed.root):
        return "the day is not in the signed tree"
    return ""


def _path(proof: Any) -> list[bytes]:
    return [bytes.fromhex(step) for step in proof["path"]]


def _segment_of(segments: list[Segment], seal: Seal | None) -> Segment | None:
    if seal is None:
        return None
    return next((each for each in segments if each.first_seal <= seal.number <= each.last_seal), None)
