"""The official command-line client: one request with its token, its proof and, for an order, its signature.

The status goes to standard error, the answer's body to standard output, and the exit code says the class of the
status, so that a script need not read either: 0 for 2xx, otherwise its first digit; 1 where nothing answered, 2 for a
command line that is wrong.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

import httpx

from api import wiring
from api.commands.demonstration import CLIENTS, Demonstration
from api.commands.signing_client import WITH_BODY, SigningClient
from api.orders import RECEIPT_HEADER

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
TIMEOUT_SECONDS: Final = 30.0
NO_ANSWER: Final = 1
WRONG: Final = 2


def add_arguments(command: argparse.ArgumentParser, data_folder: Path) -> None:
    """Describe the command line."""
    command.add_argument("client")
    command.add_argument("method", type=str.upper, choices=METHODS)
    command.add_argument("path", help="with its query, such as /v1/rights?limit=10")
    command.add_argument(
        "--json", type=Path, default=None, metavar="FILE", help="the body, - for standard input; {} without it"
    )
    command.add_argument("--order", action="store_true", help="sign the body with the client's order key")
    command.add_argument("--order-id", default=None, help="to repeat an order under its key; a fresh one without it")
    command.add_argument("--receipt", type=Path, default=None, metavar="FILE", help="where to put our signed receipt")
    command.add_argument("--idempotency-key", default=None, help="to repeat a command; a fresh one without it")
    command.add_argument("--base-url", default=None, help="where the API answers; the demonstration's without it")
    command.add_argument("--data-dir", type=Path, default=data_folder)
    command.add_argument("--key", type=Path, default=None, metavar="FILE", help="the client's private key, PEM")
    command.add_argument("--order-key", type=Path, default=None, metavar="FILE", help="its private key for orders, PEM")


def call(arguments: argparse.Namespace) -> int:
    """Send the request and print what came."""
    demonstration = Demonstration(arguments.data_dir)
    if arguments.key is None and arguments.client not in {each.id for each in CLIENTS}:
        sys.stderr.write(f"{arguments.client} is no demo client: name its key with --key\n")
        return WRONG
    if not arguments.path.startswith("/"):
        sys.stderr.write("the path begins with a slash\n")
        return WRONG
    key = _key(arguments.key) or demonstration.client_key(arguments.client)
    order_key = _key(arguments.order_key)
    if arguments.order and order_key is None:
        if arguments.key is not None:
            sys.stderr.write("--order needs --order-key\n")
            return WRONG
        order_key = demonstration.order_key(arguments.client)
    base_url = arguments.base_url or str(demonstration.facts()["base_url"])
    body = _body(arguments.method, arguments.json)
    with httpx.Client(base_url=base_url, trust_env=False, timeout=TIMEOUT_SECONDS) as http:
        client = SigningClient(arguments.client, key, order_key, http)
        try:
            answer = client.request(
                arguments.method,
                arguments.path,
                body,
                order=arguments.order,
                order_id=arguments.order_id,
                idempotency_key=arguments.idempotency_key,
            )
        except httpx.HTTPStatusError as refused:
            answer = refused.response
        except httpx.HTTPError as silent:
            sys.stderr.write(f"no answer from {base_url}: {silent}\n")
            return NO_ANSWER
    sys.stderr.write(f"HTTP {answer.status_code} {answer.reason_phrase}\n")
    sys.stdout.write(answer.text + ("" if answer.text.endswith("\n") else "\n"))
    if arguments.receipt is not None and RECEIPT_HEADER in answer.headers:
        arguments.receipt.write_text(answer.headers[RECEIPT_HEADER] + "\n", encoding="ascii")
    return 0 if answer.is_success else answer.status_code // 100


def _key(path: Path | None) -> "wiring.SigningKey | None":
    return None if path is None else wiring.load_key(path)


def _body(method: str, path: Path | None) -> bytes | None:
    """Return the exact bytes to send: a command without a file is an empty object."""
    if path is None:
        return b"{}" if method in WITH_BODY else None
    return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
