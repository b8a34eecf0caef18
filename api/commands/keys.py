"""Rotate and revoke the house's keys, and seal anew what lies sealed in the database."""

import argparse
import asyncio
import sys
from pathlib import Path

from api import wiring
from api.commands.demonstration import Demonstration
from api.settings import Settings
from domain.ports.key_store import KeysMissing, KeyUse
from domain.ports.secret_box import SecretsUnavailable

WRONG = 2


def add_rotation_arguments(command: argparse.ArgumentParser) -> None:
    """Describe the command line of `rotate-keys`."""
    command.add_argument(
        "--purpose",
        type=KeyUse,
        choices=list(KeyUse),
        action="append",
        default=None,
        help="only these; all, unless named",
    )
    command.add_argument(
        "--at-once", action="store_true", help="do not wait until the next key is known everywhere (a stolen key)"
    )
    _add_folder(command)


def add_revocation_arguments(command: argparse.ArgumentParser) -> None:
    """Describe the command line of `revoke-key`."""
    command.add_argument("key", metavar="KEY", help="its identifier, as /.well-known/jwks.json has it")
    _add_folder(command)


def adopt(_: argparse.Namespace) -> int:
    """Begin a folder of keys with the files that the house has used so far; what they signed and sealed stays good."""
    settings = Settings.from_environment()
    folder, sealing = Path(settings.need("key_store")), settings.secrets_key_file
    try:
        key = wiring.load_key(Path(settings.need("signing_key_file")))
        wiring.key_rotation.adopt(folder, key, Path(sealing) if sealing else None, wiring.now())
    except (OSError, ValueError) as failure:
        sys.stderr.write(f"{failure}\n")
        return WRONG
    sys.stdout.write(f"{folder} holds the house's keys\n")
    return 0


def rotate(arguments: argparse.Namespace) -> int:
    """Rotate; running processes take it up within seconds."""
    uses = arguments.purpose or list(KeyUse)
    try:
        done = wiring.key_rotation.rotate(_folder(arguments), uses, wiring.now(), at_once=arguments.at_once)
    except (wiring.key_rotation.TooEarly, KeysMissing, OSError) as failure:
        sys.stderr.write(f"{failure}\n")
        return WRONG
    for each in done:
        gone = f"; gone: {', '.join(each.pruned)}" if each.pruned else ""
        sys.stdout.write(f"{each.use.value}: {each.active} is active{gone}\n")
    return 0


def revoke(arguments: argparse.Namespace) -> int:
    """Revoke a key; whatever it signed is refused everywhere within a minute."""
    try:
        wiring.key_rotation.revoke(_folder(arguments), arguments.key, wiring.now())
    except (KeysMissing, OSError) as failure:
        sys.stderr.write(f"{failure}\n")
        return WRONG
    sys.stdout.write(f"{arguments.key} is revoked\n")
    return 0


def seal_secrets(_: argparse.Namespace) -> int:
    """Seal anew every secret that the key of today did not seal."""
    try:
        sealed = asyncio.run(wiring.reseal(Settings.from_environment()))
    except (KeysMissing, SecretsUnavailable) as failure:
        sys.stderr.write(f"{failure}\n")
        return WRONG
    sys.stdout.write("".join(f"{kind}: {count} sealed anew\n" for kind, count in sealed.items()))
    return 0


def _add_folder(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data-dir", type=Path, default=None, help="a demonstration's; else GREENLIEN_KEY_STORE")


def _folder(arguments: argparse.Namespace) -> Path:
    if arguments.data_dir is not None:
        return Demonstration(arguments.data_dir).key_store
    return Path(Settings.from_environment().need("key_store"))
