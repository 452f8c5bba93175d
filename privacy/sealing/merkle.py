"""Merkle trees as RFC 6962 section 2.1 hashes them, with proofs that need no tree.

Written here because it is small and everything else rests on it; tested against Certificate Transparency's own vectors.
Trees are lists of leaf hashes; a day of a hundred thousand takes about a tenth of a second.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

LEAF, NODE = b"\x00", b"\x01"
EMPTY = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf that holds ``data``."""
    return sha256(LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return sha256(NODE + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes. Level by level: an odd one at the end moves up as it is."""
    level = list(leaves)
    while len(level) > 1:
        paired = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = paired + (level[-1:] if len(level) % 2 else [])
    return level[0] if level else EMPTY


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of leaf ``index``, from its sibling up (RFC 6962 section 2.1.1). Raises ``IndexError``."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion(leaves[:split], index), root(leaves[split:])]
    return [*inclusion(leaves[split:], index - split), root(leaves[:split])]


def included(*, leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether ``path`` proves that ``leaf`` is at ``index`` of the tree (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    found, node, last = leaf, index, size - 1
    for step in path:
        if not last:
            return False
        if node % 2 or node == last:
            found = node_hash(step, found)
            while not node % 2 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, step)
        node, last = node >> 1, last >> 1
    return not last and found == root


def consistency(leaves: Sequence[bytes], former: int) -> list[bytes]:
    """What shows that the tree of the first ``former`` leaves is a beginning of this one (RFC 6962 section 2.1.2)."""
    if not 0 < former <= len(leaves):
        raise IndexError(former)
    return _subproof(leaves, former, whole=True)


def consistent(*, former: int, size: int, former_root: bytes, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether ``path`` proves that nothing of the smaller tree was changed (RFC 9162 section 2.1.4.2)."""
    if not 0 < former <= size:
        return False
    if former == size:
        return not path and former_root == root
    steps = [former_root, *path] if former & (former - 1) == 0 else list(path)
    return bool(steps) and _joined(former, size, steps) == (former_root, root)


def _joined(former: int, size: int, steps: list[bytes]) -> tuple[bytes, bytes] | None:
    """Both roots as the proof builds them."""
    node, last = former - 1, size - 1
    while node % 2:
        node, last = node >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if not last:
            return None
        if node % 2 or node == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not node % 2 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, step)
        node, last = node >> 1, last >> 1
    return (old, new) if not last else None


def _subproof(leaves: Sequence[bytes], former: int, *, whole: bool) -> list[bytes]:
    if former == len(leaves):
        return [] if whole else [root(leaves)]
    split = _split(len(leaves))
    if former <= split:
        return [*_subproof(leaves[:split], former, whole=whole), root(leaves[split:])]
    return [*_subproof(leaves[split:], former - split, whole=False), root(leaves[:split])]


def _split(size: int) -> int:
    """The largest power of two below ``size``: how RFC 6962 cuts a tree in two."""
    return 1 << (size - 1).bit_length() - 1


def growing(leaves: Iterable[bytes]) -> Iterator[bytes]:
    """The root after each leaf, in one pass: what stands at the right edge is all that the next leaf needs."""
    edge: list[tuple[int, bytes]] = []
    for leaf in leaves:
        size, found = 1, leaf
        while edge and edge[-1][0] == size:
            size, found = size * 2, node_hash(edge.pop()[1], found)
        edge.append((size, found))
        whole = edge[-1][1]
        for _, left in reversed(edge[:-1]):
            whole = node_hash(left, whole)
        yield whole
