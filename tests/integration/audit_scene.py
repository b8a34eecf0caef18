"""What the audit's stories share: entries of a tenant's business, checkpoints, exports, and the verifier's verdict."""

import asyncio
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from api.jobs.audit_checkpoints import checkpoint_audit
from api.verify_audit import Tampered, Verified, read_kept, verify
from integrations.database.engine import make_engine
from integrations.database.postmaster import SUPERUSER
from integrations.database.unit_of_work import unit_of_work
from integrations.identity.keys import SigningKey
from integrations.identity.seals import HouseSeal
from tests.builders import NOW
from tests.database_session import Database
from tests.filled_database import OFFICER
from tests.integration.business import SIGNING_KEY, Business
from tests.integration.certificate_scene import ask

AUDITOR = "bank-a.auditor"
JWKS = json.dumps({"keys": [SIGNING_KEY.public_jwk]}).encode()


@dataclass(frozen=True, slots=True)
class Kept:
    """An export with the checkpoints that a bank kept."""

    export: bytes
    checkpoints: bytes

    @property
    def lines(self) -> list[bytes]:
        """Return the export's lines: the opening one, the entries, the closing one."""
        return self.export.splitlines(keepends=True)


def write_entries(database: Database, count: int, parties: Sequence[str] = ("bank-a",)) -> None:
    """Write entries as the first bank's officer, ten a transaction."""
    asyncio.run(_write(database, count, tuple(parties)))


async def _write(database: Database, count: int, parties: tuple[str, ...]) -> None:
    engine = make_engine(database.app_url, pool_size=1)
    try:
        for start in range(0, count, 10):
            async with unit_of_work(engine, OFFICER) as uow:
                for number in range(start, min(start + 10, count)):
                    note = f'第{number}条“引号"\\\u0001\u007f'
                    details = {"number": number, "note": note, "of": [{"b": None, "a": True}]}
                    await uow.audit.write(OFFICER, "entry.written", f"subject_{number}", details, parties, NOW)
                await uow.commit()
    finally:
        await engine.dispose()


def checkpoint(business: Business) -> int:
    """Sign the chains' heads, as the worker does every hour."""

    async def work() -> int:
        async with business.worker_house() as house:
            return await checkpoint_audit(house)

    return asyncio.run(work())


def kept_of(business: Business, client: str = AUDITOR, query: str = "") -> Kept:
    """Return what an auditor reads through the API."""
    export = ask(business, client, "GET", f"/v1/audit/export{query}")
    assert export.status_code == 200, export.text
    checkpoints = ask(business, client, "GET", "/v1/audit/checkpoints?limit=200")
    assert checkpoints.status_code == 200, checkpoints.text
    return Kept(export.content, checkpoints.content)


def verdict(export: bytes, checkpoints: bytes, jwks: bytes = JWKS) -> Verified:
    """Return what the verifier finds; raises Tampered."""
    return verify(io.BytesIO(export), read_kept(checkpoints, jwks))


def is_caught(export: bytes, checkpoints: bytes) -> bool:
    """Tell whether the verifier refuses."""
    try:
        verdict(export, checkpoints)
    except Tampered:
        return True
    return False


def signed(statement: dict[str, object], key: SigningKey = SIGNING_KEY) -> str:
    """Return a checkpoint's JWS as the house would sign it."""
    return HouseSeal(key).sign(statement, "greenlien-checkpoint+jws")


def leaves_of(database: Database, chain: str) -> list[dict[str, Any]]:
    """Return a chain's leaves as told; asserts that each is hashed rightly and follows from the one before."""
    with psycopg.connect(database.libpq(SUPERUSER)) as connection:
        rows = connection.execute(
            "select leaf, hash from audit_leaves where chain = %s order by sequence", [chain]
        ).fetchall()
    previous = "0" * 64
    told: list[dict[str, Any]] = []
    for leaf, stated in rows:
        assert hashlib.sha256(b"\x00" + leaf).digest() == stated
        read = json.loads(leaf)
        assert (read["previous"], read["chain"]) == (previous, chain)
        previous = stated.hex()
        told.append(read)
    return told
