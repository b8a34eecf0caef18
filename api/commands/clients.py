"""Register a client as the database's owner: for the first administrators, and where there is no API yet."""

import argparse
import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

from api import wiring
from api.schemas.clients import CLIENT_ID_PATTERN
from api.settings import Settings
from domain.ports.tenants import Tenant
from domain.ports.tokens import TokenRefused
from domain.use_cases.register_clients import KINDS
from domain.values.actors import Role
from domain.values.identifiers import Division, parse_uscc
from domain.values.thumbprints import thumbprint_of


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    command.add_argument("client", help="its id, such as bank-a.officer")
    command.add_argument("--tenant", required=True)
    command.add_argument("--role", type=Role, choices=list(Role), required=True)
    command.add_argument("--key", type=Path, required=True, metavar="FILE", help="its public key for tokens, a JWK")
    command.add_argument(
        "--order-key", type=Path, default=None, metavar="FILE", help="its public key for orders, a JWK"
    )
    command.add_argument("--person", default=None, help="who is behind a platform administrator's client")
    command.add_argument("--tenant-kind", default=None, help="only for a tenant that is new, like the next three")
    command.add_argument("--tenant-name", default=None)
    command.add_argument("--uscc", type=parse_uscc, default=None)
    command.add_argument("--division", type=Division, default=None)


class _Wrong(ValueError):
    """Say in a sentence what is wrong with the command line."""


def register(arguments: argparse.Namespace) -> int:
    """Write the client, and its tenant where it is new; what is there already stays as it is."""
    owner_url = Settings.from_environment().need("migration_database_url")
    try:
        tenants = _tenants(arguments, asyncio.run(wiring.provisioning.kind_of(owner_url, arguments.tenant)))
        keys = [_jwk(path) for path in (arguments.key, arguments.order_key) if path is not None]
        client = wiring.provisioning.NewClient(
            arguments.client,
            arguments.tenant,
            arguments.role.value,
            keys[0],
            keys[1] if len(keys) > 1 else None,
            arguments.person,
        )
        new = asyncio.run(wiring.provisioning.register(owner_url, tenants, [client], told=True))
    except (_Wrong, wiring.provisioning.NotRegistered) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    said = "is registered" if new else "was registered before"
    sys.stdout.write(f"{arguments.client} {said}; keys: {', '.join(thumbprint_of(key) for key in keys)}\n")
    return 0


def _tenants(arguments: argparse.Namespace, known: str | None) -> list[Tenant]:
    """Return the tenant to make, if it is new, once all that is named fits together."""
    if any(re.fullmatch(CLIENT_ID_PATTERN, each) is None for each in (arguments.client, arguments.tenant)):
        raise _Wrong("ids are 3 to 64 lower-case letters, digits, dots and hyphens")
    kind = known or arguments.tenant_kind
    if kind is None or (known is None and arguments.tenant_name is None):
        raise _Wrong(f"there is no tenant {arguments.tenant}: name --tenant-kind and --tenant-name to make it")
    if kind not in KINDS[arguments.role]:
        raise _Wrong(f"a {arguments.role} belongs to a tenant of kind {' or '.join(sorted(KINDS[arguments.role]))}")
    if (kind == "platform") != (arguments.person is not None):
        raise _Wrong("an administrator of the platform names its --person, and nobody else does")
    if known is not None:
        return []
    named, uscc, division = arguments.tenant_name, arguments.uscc, arguments.division
    return [Tenant(id=arguments.tenant, kind=kind, name=named, uscc=uscc, division=division)]


def make_key(arguments: argparse.Namespace) -> int:
    """Make a private key in a new file of its owner's alone, and print the public one to register."""
    key = wiring.generate_key()
    wiring.save_key(key, arguments.file)
    sys.stdout.write(json.dumps(dict(key.public_jwk), indent=2) + "\n")
    return 0


def _jwk(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if "d" in told:
            raise _Wrong(f"{path} holds a private key, which belongs to the client alone")
        point = {name: told[name] for name in ("kty", "crv", "x", "y")}
        jwk = {**point, "kid": told.get("kid") or thumbprint_of(point), "use": "sig", "alg": "ES256"}
        wiring.check_public_key(jwk)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError, TokenRefused) as refusal:
        raise _Wrong(f"{path} is no public key on P-256 as a JWK ({type(refusal).__name__})") from None
    return jwk
