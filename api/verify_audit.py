"""Verify an export of the audit trail against the checkpoints that a bank kept; one file that needs nothing of ours.

    python verify_audit.py EXPORT CHECKPOINTS --jwks FILE [--from N] [--to N]

EXPORT is what `GET /v1/audit/export` answered, CHECKPOINTS what was kept of `GET /v1/audit/checkpoints` (the answer as
it is, or one checkpoint or JWS a line, as the `audit.checkpoint` events bring them), FILE the published keys. Exit 0:
every entry is what it was when the checkpoints were signed; 1: something was changed, and the first bad line is named;
2: unreadable.

The subtle thing is what proves what. The hashes inside an export only show that it agrees with itself: whoever can
write the database can compute them anew. What cannot be computed anew is a checkpoint that lies elsewhere, so entries
after the newest kept one are reported as resting on the export's own last signature alone, and an export that none
reaches is refused. `--from` and `--to` say which part was asked for; without them the trail must be whole.

Source: RFC 6962 section 2.1 (a leaf's hash), RFC 7515 section 7.1 and RFC 7518 section 3.4 (ES256), RFC 8785.
"""

import argparse
import base64
import binascii
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

FORMAT: Final = "greenlien-audit-export-1"
KIND: Final = "greenlien-checkpoint+jws"
GENESIS: Final = b"0" * 64
LINE_BYTES_MAX: Final = 8 << 20
STATEMENT: Final = {"algorithm", "chain", "head", "issued_at", "sequence", "tree_root"}
NUMBER_BYTES: Final = 32

OPENING, MIDDLE, CLOSING = b'{"hash":"', b'","leaf":', b"}\n"
HASH: Final = slice(len(OPENING), len(OPENING) + len(GENESIS))
LEAF: Final = slice(HASH.stop + len(MIDDLE), -len(CLOSING))

_ECDSA: Final = ec.ECDSA(hashes.SHA256())
_dump: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


class Tampered(Exception):
    """Say what is wrong where; `line` counts the export's lines from 1, and is 0 for the kept checkpoints."""

    def __init__(self, line: int, zh: str, en: str) -> None:
        """Take the line and the words."""
        super().__init__(zh, en)
        self.line = line
        self.zh = f"第{line}行：{zh}" if line else f"检查点：{zh}"
        self.en = f"line {line}: {en}" if line else f"checkpoints: {en}"


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found sound; `beyond` entries came after the newest kept checkpoint."""

    chain: str
    first: int
    last: int
    checkpoints: int
    beyond: int


Key = tuple[str, ec.EllipticCurvePublicKey]
Statement = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a bank kept: the keys, and by number the hash that each signed checkpoint names."""

    keys: Sequence[Key]
    chain: str | None
    heads: Mapping[int, bytes]


def read_kept(checkpoints: bytes, jwks: bytes) -> Kept:
    """Read checkpoints and keys; raises Tampered where one is not signed, or they contradict each other.

    Raises ValueError where they are in no form that is known.
    """
    keys = read_keys(jwks)
    statements = [_signed(each, keys, 0) for each in _jws_of(checkpoints)]
    return Kept(keys, statements[0]["chain"] if statements else None, _heads(statements))


def verify(export: BinaryIO, kept: Kept, *, first: int | None = None, last: int | None = None) -> Verified:
    """Read an export once, in constant memory; raises Tampered at the first thing that is wrong."""
    header = _header(export.readline(LINE_BYTES_MAX))
    chain, begins = str(header["chain"]), int(header["first"])
    if kept.chain not in {None, chain}:
        raise Tampered(1, "不是这些检查点所属的链", "this is not the chain that the checkpoints are of")
    if begins != (first or 1):
        raise Tampered(1, f"应从第{first or 1}条开始", f"it should begin with entry {first or 1}")
    reached, ends = _walk(export, header, kept)
    if last is not None and reached != last:
        raise Tampered(ends, f"应到第{last}条为止", f"it should end with entry {last}")
    newest = max(kept.heads, default=0)
    if last is None and newest > reached:
        told = f"所留检查点已到第{newest}条，导出只到第{reached}条：尾部被截断，或数据库被还原到过去"
        raise Tampered(ends, told, f"a kept checkpoint knows entry {newest}, this ends at {reached}: cut, or restored")
    known = [sequence for sequence in kept.heads if begins - 1 <= sequence <= reached]
    if not known:
        raise Tampered(
            ends, "没有任何所留检查点涉及此导出，无从证明", "no kept checkpoint reaches it: nothing is proved"
        )
    return Verified(chain, begins, reached, len(known), reached - max(known))


def _walk(export: BinaryIO, header: Statement, kept: Kept) -> tuple[int, int]:
    """Follow the chain to the closing line; returns the last entry's number and the number of lines."""
    sequence, heads = int(header["first"]) - 1, kept.heads
    previous = GENESIS if sequence == 0 else heads.get(sequence)
    opening = f'{{"algorithm":"sha256","chain":{_dump(header["chain"])},"entry":{{'.encode()
    number = 1
    while line := export.readline(LINE_BYTES_MAX):
        number += 1
        if not line.startswith(OPENING):
            _close(line, number, sequence, previous, header, kept.keys)
            if export.read(1):
                raise Tampered(number + 1, "结束行之后还有内容", "something follows the closing line")
            return sequence, number
        sequence += 1
        previous = _entry(line, number, sequence, previous, opening)
        if sequence in heads and heads[sequence] != previous:
            raise Tampered(
                number,
                f"第{sequence}条与所留检查点不符：历史被改写（分叉）",
                f"entry {sequence} is not what the kept checkpoint says: history was rewritten (a fork)",
            )
    raise Tampered(number + 1, "缺少结束行：导出被截断", "there is no closing line: it was cut")


def _entry(line: bytes, number: int, sequence: int, previous: bytes | None, opening: bytes) -> bytes:
    """Return the hash of an entry's line; raises Tampered."""
    stated, leaf = line[HASH], line[LEAF]
    if line[HASH.stop : LEAF.start] != MIDDLE or not line.endswith(CLOSING):
        raise Tampered(number, "不是一条记录的写法", "it is not written as an entry is")
    if hashlib.sha256(b"\x00" + leaf).hexdigest().encode() != stated:
        raise Tampered(number, "内容与其哈希不符：有改动", "the entry does not have the hash beside it: it was changed")
    ending = b'","sequence":%d}' % sequence
    if not leaf.endswith(ending):
        raise Tampered(
            number,
            f"此处应为第{sequence}条：有记录被删除、插入、重复或调换",
            f"entry {sequence} belongs here: one was taken out, put in, repeated or exchanged",
        )
    linked = leaf[-len(ending) - len(GENESIS) : -len(ending)]
    if previous is not None and linked != previous:
        raise Tampered(number, "与上一条记录不相连", "it does not follow from the entry before")
    if not leaf.startswith(opening) or not _is_canonical(leaf):
        raise Tampered(number, "记录的写法不规范，或属于另一条链", "it is not in its one spelling, or of another chain")
    return stated


def _close(
    line: bytes, number: int, sequence: int, previous: bytes | None, header: Statement, keys: Sequence[Key]
) -> None:
    """Check the closing line, in which the house signed where the export ends; raises Tampered."""
    closing = _object(line)
    if closing is None or closing.keys() != {"checkpoint"} or _line_of(closing) != line:
        raise Tampered(number, "既不是记录也不是结束行", "it is neither an entry nor the closing line")
    statement = _signed(str(closing["checkpoint"]), keys, number)
    told = (statement["chain"], statement["sequence"], statement["head"])
    if told != (header["chain"], sequence, (previous or b"").decode()) or header["last"] != sequence:
        raise Tampered(number, "末尾与签名所述不符：尾部被截断或改动", "it does not end where the signature says: cut")


def _header(line: bytes) -> Statement:
    header = _object(line)
    if (
        header is None
        or header.keys() != {"algorithm", "chain", "first", "format", "last"}
        or (header["algorithm"], header["format"]) != ("sha256", FORMAT)
        or not isinstance(header["chain"], str)
        or type(header["first"]) is not int
        or type(header["last"]) is not int
        or _line_of(header) != line
    ):
        raise Tampered(1, "不是审计导出的首行", "it is not the first line of an export of the audit trail")
    return header


def _heads(statements: Sequence[Statement]) -> dict[int, bytes]:
    """Return the hash that each number must have; raises Tampered where the checkpoints contradict each other."""
    heads: dict[int, bytes] = {}
    highest = 0
    for each in sorted(statements, key=lambda statement: (str(statement["issued_at"]), statement["sequence"])):
        sequence, head = each["sequence"], str(each["head"]).encode()
        if each["chain"] != statements[0]["chain"]:
            raise Tampered(0, "属于不同的链", "they are of different chains")
        if heads.setdefault(sequence, head) != head:
            raise Tampered(0, f"第{sequence}条有两个不同的哈希（分叉）", f"two hashes for entry {sequence}: a fork")
        if sequence < highest:
            told = f"later ones reach entry {sequence} only, after {highest}: the past was restored"
            raise Tampered(0, f"较晚的检查点只到第{sequence}条，早先已到第{highest}条：曾被还原到过去", told)
        highest = sequence
    return heads


def read_keys(jwks: bytes) -> list[Key]:
    """Return the ES256 keys of a JWK set, each with its id; raises ValueError."""
    keys: list[Key] = []
    for each in json.loads(jwks)["keys"]:
        if (each.get("kty"), each.get("crv"), each.get("use", "sig")) == ("EC", "P-256", "sig"):
            x, y = (int.from_bytes(_unpadded(str(each[name])), "big") for name in ("x", "y"))
            keys.append((str(each["kid"]), ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()))
    return keys


def _jws_of(kept: bytes) -> Iterator[str]:
    """Return each checkpoint's JWS, from an answer with `items`, or from lines of objects or of bare JWS."""
    text = kept.decode("utf-8").strip()
    whole = _object(text.encode())
    if whole is not None and isinstance(whole.get("items"), list):
        yield from (str(item["jws"]) for item in whole["items"])
        return
    for line in filter(None, text.split("\n")):
        if line.startswith("{"):
            told = json.loads(line)
            yield str(told["data"]["jws"] if "data" in told else told["jws"])
        else:
            yield line.strip()


def _signed(jws: str, keys: Sequence[Key], line: int) -> Statement:
    """Return the statement that one of the keys signed; raises Tampered."""
    try:
        head, payload, signature = (_unpadded(segment) for segment in jws.split("."))
        key, statement = _key_for(_object(head), keys), _object(payload)
        r, s = (int.from_bytes(part, "big") for part in (signature[:NUMBER_BYTES], signature[NUMBER_BYTES:]))
        if len(signature) == 2 * NUMBER_BYTES:
            key.verify(encode_dss_signature(r, s), jws.rpartition(".")[0].encode("ascii"), _ECDSA)
        else:
            statement = None
    except (ValueError, InvalidSignature):
        raise Tampered(line, "检查点的签名不成立", "a checkpoint is not signed by one of the keys") from None
    if statement is None or statement.keys() != STATEMENT or type(statement["sequence"]) is not int:
        raise Tampered(line, "签名的不是检查点", "what was signed is no checkpoint")
    return statement


def _key_for(header: Statement | None, keys: Sequence[Key]) -> ec.EllipticCurvePublicKey:
    """Return the key that a header names; raises ValueError where it is no checkpoint's or names none of them."""
    sound = header is not None and header.keys() == {"alg", "kid", "typ"}
    named = [public for name, public in keys if sound and header and name == header["kid"]]
    if not header or len(named) != 1 or (header["alg"], header["typ"]) != ("ES256", KIND):
        raise ValueError("header")
    return named[0]


def _line_of(value: Mapping[str, Any]) -> bytes:
    return _dump(value).encode("utf-8") + b"\n"


def _is_canonical(leaf: bytes) -> bool:
    """Tell whether an entry reads in one way only: no name twice, no spelling but the one."""
    try:
        return _dump(json.loads(leaf)).encode("utf-8") == leaf
    except (ValueError, RecursionError):
        return False


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _unpadded(segment: str) -> bytes:
    """Return the bytes of canonical base64url without padding; raises ValueError."""
    try:
        raw = base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(segment) from error
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != segment:
        raise ValueError(segment)
    return raw


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments to a parser."""
    parser.add_argument("export", type=Path, metavar="EXPORT", help="the answer of GET /v1/audit/export")
    parser.add_argument("checkpoints", type=Path, metavar="CHECKPOINTS", help="the checkpoints that you kept")
    parser.add_argument("--jwks", type=Path, required=True, metavar="FILE", help="/.well-known/jwks.json, as kept")
    parser.add_argument("--from", type=int, default=None, dest="first", metavar="N", help="the first entry asked for")
    parser.add_argument("--to", type=int, default=None, dest="last", metavar="N", help="the last entry asked for")


def run(arguments: argparse.Namespace) -> int:
    """Verify, and say what was found in Chinese and English."""
    try:
        kept, jwks = arguments.checkpoints.read_bytes(), arguments.jwks.read_bytes()
        with arguments.export.open("rb") as export:
            found = verify(export, read_kept(kept, jwks), first=arguments.first, last=arguments.last)
    except Tampered as fault:
        sys.stdout.write(f"{fault.zh}\n{fault.en}\n")
        return 1
    except (OSError, ValueError, TypeError, KeyError) as refusal:
        sys.stderr.write(f"verify-audit: {refusal!r}\n")
        return 2
    sys.stdout.write(
        f"链 {found.chain}：第{found.first}至{found.last}条完整无改动，经{found.checkpoints}个所留检查点核对；"
        f"其后{found.beyond}条仅凭导出时的签名\n"
        f"chain {found.chain}: entries {found.first} to {found.last} are whole and unchanged by {found.checkpoints} "
        f"kept checkpoints; the last {found.beyond} rest on the export's own signature\n"
    )
    return 0


if __name__ == "__main__":
    _parser = argparse.ArgumentParser(description="Verify an export of the audit trail, offline.")
    add_arguments(_parser)
    sys.exit(run(_parser.parse_args()))
