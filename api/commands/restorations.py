"""Back up, restore, and let a restored database send again.

A restored database believes what was true when it was backed up. It serves, but sends nothing to any counterpart, until
an administrator of operations and one of security have each run `resume-after-restore`: each run verifies the audit
chains, asks the registries about every open order, reconciles, and votes only where all of it is in order.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from api import wiring
from api.asking_only import asking_only
from api.commands.demonstration import Demonstration
from api.commands.supervisor import DATABASE
from api.jobs.restoration import Reconciled, VerifiedChain, kept_heads, reconcile_all, verify_chain
from api.settings import Settings
from api.verify_audit import Tampered
from domain.ports.registry import RegistryUnavailable

NOT_IN_ORDER: Final = 1
WRONG: Final = 2


def add_arguments(resuming: argparse.ArgumentParser) -> None:
    """Describe the command line of `resume-after-restore`."""
    resuming.add_argument("--as", dest="client", required=True, metavar="CLIENT", help="the administrator's client")
    resuming.add_argument("--key", type=Path, required=True, metavar="FILE", help="its private key for tokens")
    resuming.add_argument(
        "--checkpoints", type=Path, action="append", default=[], metavar="FILE", help="what a bank kept; may be several"
    )


def back_up(arguments: argparse.Namespace) -> int:
    """Write a backup to a new file."""
    try:
        with _owner_url(arguments.data_dir) as owner_url:
            wiring.backups.dump(owner_url, arguments.file)
    except (wiring.backups.BackupFailed, OSError) as failure:
        sys.stderr.write(f"{failure}\n")
        return NOT_IN_ORDER
    sys.stdout.write(f"{arguments.file}: {arguments.file.stat().st_size} bytes; keys and files are not in it\n")
    return 0


def restore(arguments: argparse.Namespace) -> int:
    """Read a backup into an empty database, which may then not send."""
    try:
        with _owner_url(arguments.data_dir, make=True) as owner_url:
            wiring.backups.restore(owner_url, arguments.file)
            asyncio.run(wiring.restorations.mark_restored(owner_url, arguments.file.name))
    except (wiring.backups.BackupFailed, OSError) as failure:
        sys.stderr.write(f"{failure}\n")
        return NOT_IN_ORDER
    sys.stdout.write("restored; nothing is sent to any counterpart until resume-after-restore has been run twice\n")
    return 0


def resume(arguments: argparse.Namespace) -> int:
    """Check everything, and vote for sending again; the second of two administrators ends the bar."""
    settings = Settings.from_environment()
    owner_url = settings.need("migration_database_url")
    jwks = json.dumps({"keys": [dict(key) for key in wiring.tokens_of(settings).public_keys()]}).encode()
    try:
        key = wiring.load_key(arguments.key)
        heads = kept_heads([path.read_bytes() for path in arguments.checkpoints], jwks)
        findings = asyncio.run(_findings(settings, heads, jwks))
        lifted = asyncio.run(wiring.restorations.vote(owner_url, arguments.client, key.key_id, findings))
    except Tampered as found:
        sys.stderr.write(f"{found.zh}\n{found.en}\n")
        return NOT_IN_ORDER
    except RegistryUnavailable as silence:
        sys.stderr.write(f"the registry {silence.registry} does not answer: {silence.reason}\n")
        return NOT_IN_ORDER
    except _NotInOrder as failure:
        sys.stderr.write(f"{failure}\n")
        return NOT_IN_ORDER
    except (wiring.restorations.NotAllowed, OSError, ValueError) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return WRONG
    said = "sending begins again" if lifted else "now the other administrator (operations and security) runs it too"
    sys.stdout.write(f"in order; {said}\n")
    return 0


class _NotInOrder(RuntimeError):
    """Say what keeps the house from sending."""


async def _findings(settings: Settings, heads: Mapping[str, Mapping[int, bytes]], jwks: bytes) -> dict[str, object]:
    """Return what the checks found; raises _NotInOrder, Tampered or RegistryUnavailable."""
    engine = wiring.make_engine(settings.need("worker_database_url"), pool_size=1)
    try:
        async with wiring.open_house(settings, worker=True) as house:
            if await house.sending_barred() is None:
                raise _NotInOrder("nothing is barred here")
            asking = asking_only(house)
            names = await wiring.restorations.chains(engine)
            verified = [await verify_chain(asking, name, heads.get(name, {}), jwks) for name in names]
            open_orders = await wiring.restorations.open_orders(engine)
            notices = open_orders.notices if settings.notice_registry else []
            found = await reconcile_all(asking, open_orders.registry, notices)
    finally:
        await engine.dispose()
    _say(verified, found)
    if found.failed:
        raise _NotInOrder(f"not reconciled with {', '.join(found.failed)}; run it again when they answer")
    if found.open_cases:
        raise _NotInOrder(f"nobody has taken up {', '.join(found.open_cases)}: acknowledge each, then run it again")
    lost = {each.chain: each.lost for each in verified if each.lost}
    return {"chains": len(verified), "lost": lost, "settled": found.settled, "differences": found.differences}


def _say(verified: list[VerifiedChain], found: Reconciled) -> None:
    for each in verified:
        lost = f"; {each.lost} later ones are lost" if each.lost else ""
        sys.stdout.write(f"{each.chain}: {each.entries} entries sound, {each.checkpoints} checkpoints{lost}\n")
    sys.stdout.write(
        f"orders that the registries knew: {found.settled}; rights compared: {found.rights}, "
        f"differing: {found.differences}\n"
    )


@contextmanager
def _owner_url(folder: Path, *, make: bool = False) -> Iterator[str]:
    """Lend the owner's address that is set, or that of the embedded server below a folder."""
    given = Settings.from_environment().migration_database_url
    if given:
        yield given
        return
    with wiring.EmbeddedServer.start(Demonstration(folder).database) as server:
        if make:
            asyncio.run(wiring.bootstrap.prepare(server.superuser_url(), DATABASE))
        yield server.url(DATABASE, wiring.bootstrap.OWNER)
