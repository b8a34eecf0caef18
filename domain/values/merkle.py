r"""Merkle trees over an append-only list of hashes: roots, and proofs that a later list only adds to an earlier one.

The subtle thing is what has to be kept: not the tree, only its peaks, the roots of the complete subtrees that the
binary digits of the size name, largest first. From them and from the hashes that came since, both the new root and the
proof of consistency follow; nothing older has to be read again.

Leaves and nodes are hashed apart (a zero byte, a one byte), so that nothing can pass for the other.

Source: RFC 6962 sections 2.1, 2.1.2 and 2.1.4; RFC 9162 section 2.1.4.2 (how a proof is verified).

>>> leaf_hash(b"").hex()[:16], EMPTY_ROOT.hex()[:16]
('6e340b9cffb37a98', 'e3b0c44298fc1c14')
>>> tree = Peaks().grown([leaf_hash(b""), leaf_hash(b"\x00")])
>>> tree.size, tree.root.hex()[:16]
(2, 'fac54203e7cc696c')
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

EMPTY_ROOT: Final = hashlib.sha256().digest()
HASH_BYTES: Final = 32


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf's bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Peaks:
    """A tree of `size` leaves, told by the roots of its complete subtrees, largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError where there are not as many peaks as the size has ones."""
        if len(self.peaks) != self.size.bit_count():
            raise ValueError(self.size)

    @property
    def root(self) -> bytes:
        """Return the root of the whole tree."""
        if not self.peaks:
            return EMPTY_ROOT
        *larger, root = self.peaks
        for peak in reversed(larger):
            root = node_hash(peak, root)
        return root

    def grown(self, hashes: Iterable[bytes]) -> "Peaks":
        """Return the tree with more leaves behind, each given by its hash."""
        size, peaks = self.size, list(self.peaks)
        for each in hashes:
            carried, rest = each, size
            while rest & 1:
                carried = node_hash(peaks.pop(), carried)
                rest >>= 1
            peaks.append(carried)
            size += 1
        return Peaks(size, tuple(peaks))


def consistency_proof(before: Peaks, added: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the proof that the tree with `added` behind it begins with the tree before, in the order of RFC 6962.

    Empty where one of them is.
    """
    if before.size == 0 or not added:
        return ()
    return tuple(_subproof(before.size, 0, before.size + len(added), _Grown(before, added), whole=True))


def is_consistent(first: tuple[int, bytes], second: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Tell whether a proof shows that the second tree (size and root) begins with the first."""
    (first_size, first_root), (second_size, second_root) = first, second
    if first_size == second_size:
        return first_root == second_root and not proof
    if first_size == 0:
        return first_root == EMPTY_ROOT and not proof
    if first_size > second_size or not proof:
        return False
    path = list(proof) if first_size & (first_size - 1) else [first_root, *proof]
    place, last = first_size - 1, second_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    of_first = of_second = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            of_first, of_second = node_hash(step, of_first), node_hash(step, of_second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            of_second = node_hash(of_second, step)
        place, last = place >> 1, last >> 1
    return last == 0 and (of_first, of_second) == (first_root, second_root)


@dataclass(frozen=True, slots=True)
class _Grown:
    """The tree before, and the hashes since: the root of any range that a proof may name."""

    before: Peaks
    added: Sequence[bytes]

    def root_of(self, start: int, end: int) -> bytes:
        """Return the root over the leaves from `start` to before `end`; those before must be a run of peaks."""
        seen = 0
        inside: list[bytes] = []
        for peak, width in zip(self.before.peaks, _widths(self.before.size), strict=True):
            if start <= seen and seen + width <= end:
                inside.append(peak)
            seen += width
        known = Peaks(max(0, min(end, seen) - start), tuple(inside))
        return known.grown(self.added[max(start, seen) - seen : max(end, seen) - seen]).root


def _subproof(wanted: int, start: int, end: int, tree: _Grown, *, whole: bool) -> list[bytes]:
    """Return SUBPROOF(wanted, leaves from start to before end, whole) of RFC 6962; `wanted` counts from start."""
    width = end - start
    if wanted == width:
        return [] if whole else [tree.root_of(start, end)]
    half = 1 << (width - 1).bit_length() - 1
    if wanted <= half:
        return [
            *_subproof(wanted, start, start + half, tree, whole=whole),
            tree.root_of(start + half, end),
        ]
    return [
        *_subproof(wanted - half, start + half, end, tree, whole=False),
        tree.root_of(start, start + half),
    ]


def _widths(size: int) -> list[int]:
    """Return how many leaves lie under each peak, largest first."""
    return [1 << digit for digit in range(size.bit_length() - 1, -1, -1) if size >> digit & 1]
