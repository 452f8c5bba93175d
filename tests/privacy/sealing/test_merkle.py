"""Our trees against Certificate Transparency's published vectors, and against every small tree there is."""

import pytest

from privacy.sealing import merkle

# google/certificate-transparency, the reference tree of eight leaves.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATH_0_OF_8 = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
PATH_6_TO_8 = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
PATH_2_TO_5 = [
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
]
LEAVES = [merkle.leaf_hash(bytes.fromhex(text)) for text in INPUTS]
SIZES = range(1, 18)


def tree(size: int) -> list[bytes]:
    return [merkle.leaf_hash(bytes([number])) for number in range(size)]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_the_empty_tree_is_the_hash_of_nothing() -> None:
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_paths_are_those_of_certificate_transparency() -> None:
    assert [step.hex() for step in merkle.inclusion(LEAVES, 0)] == PATH_0_OF_8
    assert [step.hex() for step in merkle.consistency(LEAVES, 6)] == PATH_6_TO_8
    assert [step.hex() for step in merkle.consistency(LEAVES[:5], 2)] == PATH_2_TO_5


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_is_proven_at_its_place_and_at_no_other(size: int) -> None:
    leaves = tree(size)
    root = merkle.root(leaves)
    for index, leaf in enumerate(leaves):
        path = merkle.inclusion(leaves, index)
        proven = [at for at in range(size) if merkle.included(leaf=leaf, index=at, size=size, path=path, root=root)]
        assert proven == [index]
        assert not merkle.included(leaf=b"\0" * 32, index=index, size=size, path=path, root=root)
        assert not merkle.included(leaf=leaf, index=index, size=size, path=[*path, leaf], root=root)


@pytest.mark.parametrize("size", SIZES)
def test_every_beginning_is_consistent_and_a_changed_one_is_not(size: int) -> None:
    leaves = tree(size)
    root = merkle.root(leaves)
    for former in range(1, size + 1):
        path, old = merkle.consistency(leaves, former), merkle.root(leaves[:former])
        assert merkle.consistent(former=former, size=size, former_root=old, root=root, path=path)
        other = merkle.root([merkle.leaf_hash(b"other"), *leaves[1:former]])
        assert not merkle.consistent(former=former, size=size, former_root=other, root=root, path=path)
        assert not merkle.consistent(former=former, size=size, former_root=old, root=other, path=path)


def test_what_is_not_in_the_tree_has_no_proof() -> None:
    with pytest.raises(IndexError):
        merkle.inclusion(LEAVES, 8)
    with pytest.raises(IndexError):
        merkle.consistency(LEAVES, 9)
    assert not merkle.included(leaf=LEAVES[0], index=9, size=8, path=[], root=merkle.root(LEAVES))
    assert not merkle.consistent(former=0, size=8, former_root=b"", root=merkle.root(LEAVES), path=[])
