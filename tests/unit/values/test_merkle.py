"""Merkle trees: the published vectors, and every pair of sizes up to seventy."""

import hashlib

import pytest

from domain.values.merkle import EMPTY_ROOT, Peaks, consistency_proof, is_consistent, leaf_hash, node_hash

LEAVES = [bytes.fromhex(each) for each in ("", "00", "10", "2021", "3031", "40414243")]
LEAVES += [bytes.fromhex("5051525354555657"), bytes.fromhex("606162636465666768696a6b6c6d6e6f")]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""The tree heads of the eight leaves that every implementation of certificate transparency is tested with."""
SIZES = 70
HASHES = [leaf_hash(bytes([number])) for number in range(SIZES)]


def root_of(hashes: list[bytes]) -> bytes:
    """Return the root as RFC 6962 section 2.1 defines it, by halving."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256().digest()
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(root_of(hashes[:half]), root_of(hashes[half:]))


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots_come_out(size: int) -> None:
    assert Peaks().grown(map(leaf_hash, LEAVES[:size])).root.hex() == ROOTS[size - 1]


@pytest.mark.parametrize(
    ("first", "second", "proof"),
    [
        (1, 1, []),
        (
            1,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ],
)
def test_the_published_proofs_come_out(first: int, second: int, proof: list[str]) -> None:
    hashes = [leaf_hash(each) for each in LEAVES]
    made = consistency_proof(Peaks().grown(hashes[:first]), hashes[first:second])
    assert [each.hex() for each in made] == proof
    assert is_consistent((first, bytes.fromhex(ROOTS[first - 1])), (second, bytes.fromhex(ROOTS[second - 1])), made)


def test_every_tree_proves_that_it_begins_with_every_smaller_one() -> None:
    roots = [root_of(HASHES[:size]) for size in range(SIZES)]
    assert roots[0] == EMPTY_ROOT
    for first in range(SIZES):
        before = Peaks().grown(HASHES[:first])
        assert before.root == roots[first]
        for second in range(first, SIZES):
            proof = consistency_proof(before, HASHES[first:second])
            assert is_consistent((first, roots[first]), (second, roots[second]), proof)


def test_a_rewritten_tree_has_no_proof() -> None:
    for first in range(1, 20):
        before = Peaks().grown(HASHES[:first])
        rewritten = [*HASHES[: first - 1], leaf_hash(b"other")]
        for second in range(first + 1, 24):
            after = Peaks().grown([*rewritten, *HASHES[first:second]])
            for basis in (before, Peaks().grown(rewritten)):
                proof = consistency_proof(basis, HASHES[first:second])
                assert not is_consistent((first, before.root), (second, after.root), proof)


def test_a_proof_that_is_too_long_too_short_or_for_a_smaller_tree_is_none() -> None:
    before, after = Peaks().grown(HASHES[:6]), Peaks().grown(HASHES[:13])
    first, second = (6, before.root), (13, after.root)
    proof = consistency_proof(before, HASHES[6:13])
    assert is_consistent(first, second, proof)
    for wrong in (proof[:-1], [*proof, proof[0]], proof[1:], ()):
        assert not is_consistent(first, second, wrong)
    assert not is_consistent(second, first, proof)
    assert not is_consistent(first, (6, after.root), ())


def test_a_tree_has_as_many_peaks_as_its_size_has_ones() -> None:
    with pytest.raises(ValueError, match="3"):
        Peaks(3, (EMPTY_ROOT,))
