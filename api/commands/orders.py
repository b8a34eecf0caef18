"""Verify a signed order away from the house, with `python -m api verify-order FILE [--jwks FILE]`.

FILE is the answer of `GET /v1/orders/{order_id}`, byte for byte. Needs no database and no network; with the published
keys the receipt is verified, too, and with `--receipt` and `--answer` what was kept of it elsewhere. Exit 0: ordered,
and answered, as it says; 1: it is not, and why; 2: unreadable.
"""

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

from api import wiring
from domain.use_cases.accept_order import RECEIPT
from domain.use_cases.verify_order import (
    OrderNotGenuine,
    VerifiedOrder,
    require_answer,
    verify_order,
    verify_receipt,
)

NOT_GENUINE: Final = 1
USAGE: Final = 2
SIGNED_ZH: Final = (
    "{tenant} 的 {client} 于 {signed_at} 以密钥 {key_thumbprint} 签署指令 {order_id}：{method} {target}，正文如下。"
)
SIGNED_EN: Final = (
    "{client} of {tenant} signed the order {order_id} at {signed_at} with the key {key_thumbprint}:"
    " {method} {target}, with this body."
)
ANSWERED_ZH: Final = "平台于 {received_at} 收到，答复 {status}，记于 {chain} 审计链第 {sequence} 条({leaf})。"
ANSWERED_EN: Final = (
    "We received it at {received_at} and answered {status}; it is entry {sequence} of the audit chain {chain} ({leaf})."
)
UNVERIFIED_ZH: Final = "未给出平台公钥(--jwks)，回执未核验：密钥属于谁、何时收到、如何答复，只是文件自己的说法。"
UNVERIFIED_EN: Final = (
    "Without --jwks the receipt was not verified: whose key it is, when it came in and what was answered is the file's"
    " own word."
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    command.add_argument("file", type=Path, metavar="FILE", help="the answer of GET /v1/orders/{order_id}, as it came")
    command.add_argument("--jwks", type=Path, metavar="FILE", help="/.well-known/jwks.json, as kept")
    command.add_argument("--receipt", type=Path, metavar="FILE", help="the header Receipt of the answer, as kept")
    command.add_argument("--answer", type=Path, metavar="FILE", help="the answer's body, as kept")


def verify(arguments: argparse.Namespace) -> int:
    """Say what was ordered by whom, or why the file shows no such order."""
    if arguments.jwks is None and (arguments.receipt or arguments.answer):
        sys.stderr.write("--receipt and --answer need --jwks\n")
        return USAGE
    try:
        found = _verified(arguments)
    except OrderNotGenuine as refusal:
        sys.stderr.write(f"指令不成立：{refusal.zh}\nnot genuine: {refusal.en}\n")
        return NOT_GENUINE
    except (OSError, ValueError, TypeError, KeyError) as refusal:
        sys.stderr.write(f"python -m api verify-order: {refusal!r}\n")
        return USAGE
    sys.stdout.write(_words(found))
    return 0


def _verified(arguments: argparse.Namespace) -> VerifiedOrder:
    keys: list[dict[str, Any]] | None = None
    if arguments.jwks is not None:
        keys = [dict(key) for key in json.loads(arguments.jwks.read_text(encoding="utf-8"))["keys"]]
    read = partial(wiring.read_sealed, kind=RECEIPT)
    found = verify_order(arguments.file.read_bytes(), wiring.JoseOrderSignatures(), read, keys)
    if keys is None or found.receipt is None:
        return found
    if arguments.receipt is not None:
        kept = verify_receipt(arguments.receipt.read_text(encoding="utf-8").strip(), read, keys)
        if kept != found.receipt:
            raise OrderNotGenuine(
                "所存回执与文件中的回执不同。", "the receipt that was kept is another than the file's"
            )
    if arguments.answer is not None:
        require_answer(found.receipt, arguments.answer.read_bytes())
    return found


def _words(found: VerifiedOrder) -> str:
    said = [line.format_map(found.told) for line in (SIGNED_ZH, SIGNED_EN)]
    said.append(found.body.decode("utf-8", "backslashreplace"))
    if found.receipt is None:
        said += [UNVERIFIED_ZH, UNVERIFIED_EN]
    else:
        said += [line.format_map({**found.told, **found.receipt["audit"]}) for line in (ANSWERED_ZH, ANSWERED_EN)]
    return "\n".join(said) + "\n"
