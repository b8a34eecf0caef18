"""The command line: `python -m api COMMAND`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from api import verify_audit
from api.commands import (
    call,
    certificates,
    clients,
    demo,
    demonstration,
    document,
    imports,
    keys,
    orders,
    processes,
    restorations,
    states,
)
from domain.market.imports import FileFormat

Command = Callable[[argparse.Namespace], int]
DATA_FOLDER = Path(".data/serve")
PORT = 8300
PROCESSES_MAX = 256


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    root = argparse.ArgumentParser(
        prog="python -m api", description="greenlien: lending against verified emission rights"
    )
    commands = root.add_subparsers(dest="command", required=True)

    serve = _command(
        commands, "serve", processes.serve, "the API; with --demo also a database, a worker and the simulators"
    )
    serve.add_argument(
        "--demo", action="store_true", help="start everything with an embedded database and demo clients"
    )
    serve.add_argument("--allow-bearer", action="store_true", help="accept bearer tokens without a proof (demo only)")
    serve.add_argument("--port", type=int, default=PORT)
    serve.add_argument("--data-dir", type=Path, default=DATA_FOLDER)
    serve.add_argument("--until-parent-ends", type=int, default=0, help=argparse.SUPPRESS)

    work = _command(commands, "work", processes.work, "a worker")
    work.add_argument("--until-parent-ends", type=int, default=0, help=argparse.SUPPRESS)

    simulate = _command(commands, "simulate", processes.simulate, "the counterparts' simulators")
    simulate.add_argument("--port", type=int, default=PORT + 1)
    simulate.add_argument("--data-dir", type=Path, default=DATA_FOLDER)
    simulate.add_argument("--until-parent-ends", type=int, default=0, help=argparse.SUPPRESS)

    migrate = _command(commands, "migrate", processes.migrate, "bring the database to the newest schema, as its owner")
    migrate.add_argument("--revision", default="head")

    _command(commands, "settings", processes.print_settings, "print every variable, secrets masked")

    token = _command(commands, "token", demonstration.print_token, "print an access token of a demo client")
    token.add_argument("client")
    token.add_argument("--base-url", default=None)
    token.add_argument("--data-dir", type=Path, default=DATA_FOLDER)

    _add_clients(commands)
    _add_upkeep(commands)

    facts = _command(
        commands, "demo-facts", demonstration.print_facts, "print the demo's clients, rights and simulators as JSON"
    )
    facts.add_argument("--data-dir", type=Path, default=DATA_FOLDER)

    play = _command(commands, "demo", demo.play_main_job, "play the main job end to end, and attacks on it")
    play.add_argument("--data-dir", type=Path, default=None, help="keep the data here instead of in a temporary folder")

    _command(commands, "draw-states", states.draw, "print the pledge's states as a Mermaid diagram, from the table")

    backtest = _command(commands, "backtest", _backtest, "judge the valuation on a file of deals, and write a report")
    backtest.add_argument(
        "--trades", type=Path, required=True, metavar="FILE", help="CSV: market,instrument,date,price,volume"
    )
    backtest.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the report is written")
    backtest.add_argument("--processes", type=_count, default=None, help="how many to use; by default every processor")
    backtest.add_argument("--without-attacks", action="store_true", help="leave the wash trades out, which is faster")

    again = _command(commands, "recompute", _recompute, "make a valuation again from its inputs and compare digests")
    again.add_argument("file", metavar="FILE", help="the answer of GET /v1/valuations/{id}/inputs, or - for stdin")

    reading = _command(commands, "import", imports.show, "print what would be made of a file of trades; stores nothing")
    reading.add_argument("file", type=Path, metavar="FILE")
    reading.add_argument("--format", type=FileFormat, required=True, choices=list(FileFormat), help="what it is")
    for name, words in imports.DEFAULTS.items():
        known = None if words is None else list(words)
        reading.add_argument("--" + name.replace("_", "-"), choices=known, help="where the file lacks such a column")

    certificate = _command(
        commands, "verify-certificate", certificates.verify, "verify a certificate against published keys, offline"
    )
    certificate.add_argument("file", type=Path, metavar="FILE", help="the certificate as JSON, or its JWS alone")
    certificate.add_argument("--jwks", type=Path, required=True, metavar="FILE", help="/.well-known/jwks.json, as kept")

    audit = _command(
        commands, "verify-audit", verify_audit.run, "verify an export of the trail against kept checkpoints, offline"
    )
    verify_audit.add_arguments(audit)

    order = _command(
        commands, "verify-order", orders.verify, "verify a signed order and our receipt against published keys, offline"
    )
    orders.add_arguments(order)

    openapi = _command(commands, "openapi", document.write, "write openapi/greenlien.yaml")
    openapi.add_argument("--check", action="store_true", help="write nothing; exit 1 if the committed file differs")
    return root


def _add_clients(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add what clients call with, and how they are registered."""
    calling = _command(commands, "call", call.call, "send one request with its token, its proof and its signature")
    call.add_arguments(calling, DATA_FOLDER)

    registration = _command(commands, "register-client", clients.register, "register a client, as the database's owner")
    clients.add_arguments(registration)

    key = _command(commands, "make-key", clients.make_key, "make a private key in a new file; prints the public one")
    key.add_argument("file", type=Path, metavar="FILE")


def _add_upkeep(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add what keeps the house: backups and what follows them."""
    backup = _command(commands, "backup", restorations.back_up, "write a backup of the database, as its owner")
    restore = _command(commands, "restore", restorations.restore, "read a backup into an empty database, as its owner")
    for command in (backup, restore):
        command.add_argument("file", type=Path, metavar="FILE")
        command.add_argument("--data-dir", type=Path, default=DATA_FOLDER, help="without a MIGRATION_DATABASE_URL")
    resuming = _command(
        commands, "resume-after-restore", restorations.resume, "check a restored database, and vote for sending again"
    )
    restorations.add_arguments(resuming)

    rotating = _command(commands, "rotate-keys", keys.rotate, "let each next key sign, and make another; no restart")
    keys.add_rotation_arguments(rotating)
    revoking = _command(commands, "revoke-key", keys.revoke, "refuse all that a key of ours signed or sealed")
    keys.add_revocation_arguments(revoking)
    _command(commands, "adopt-keys", keys.adopt, "begin a folder of keys with the key files that were set so far")
    _command(commands, "seal-secrets", keys.seal_secrets, "seal every secret in the database by the key of today")


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: Command, words: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=words, description=words)
    command.set_defaults(run=run)
    return command


def _recompute(arguments: argparse.Namespace) -> int:
    from api.commands import recompute  # noqa: PLC0415 - brings NumPy, which no other command should wait for

    return recompute.again(arguments)


def _backtest(arguments: argparse.Namespace) -> int:
    from api.commands import backtest  # noqa: PLC0415 - no other command is to wait for NumPy and the charts

    return backtest.judge(arguments)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:4]) <= PROCESSES_MAX:
        raise argparse.ArgumentTypeError(f"not a number from 1 to {PROCESSES_MAX}: {text[:20]}")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    parsed = parser().parse_args(arguments)
    run: Command = parsed.run
    return run(parsed)


if __name__ == "__main__":
    sys.exit(main())
