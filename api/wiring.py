"""The only file that names an adapter: it puts what the world answers behind the ports."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from pathlib import Path

from litestar.types import ASGIApp
from sqlalchemy.ext.asyncio import AsyncEngine

from api.house import House
from api.settings import Settings
from domain.jurisdictions.rulebook import load_rulebook
from domain.ports.registry import RegistryUnavailable
from domain.ports.tokens import Tokens
from integrations import system_clock
from integrations.database import bootstrap, migrate, provisioning
from integrations.database.embedded import EmbeddedServer
from integrations.database.engine import make_engine
from integrations.database.readiness import database_answers, worker_lives
from integrations.database.unit_of_work import unit_of_work
from integrations.exchange.files import ExchangeFileReader
from integrations.identity.keys import SigningKey, generate_key, load_key, save_key
from integrations.identity.tokens import JoseTokens, sign_client_assertion
from integrations.registry.client import HttpRegistry, RegistryEndpoint
from integrations.registry.demo_rights import (
    ENTERPRISE_HUANGSHI_NAME,
    ENTERPRISE_HUANGSHI_USCC,
    ENTERPRISE_SHAOXING_NAME,
    ENTERPRISE_SHAOXING_USCC,
    demo_rights,
)
from integrations.registry.simulator import create_simulator

REGISTRY_PATIENCE_SECONDS = 5.0

__all__ = [
    "ENTERPRISE_HUANGSHI_NAME",
    "ENTERPRISE_HUANGSHI_USCC",
    "ENTERPRISE_SHAOXING_NAME",
    "ENTERPRISE_SHAOXING_USCC",
    "EmbeddedServer",
    "ExchangeFileReader",
    "SigningKey",
    "bootstrap",
    "demo_rights",
    "generate_key",
    "load_key",
    "migrate",
    "now",
    "open_house",
    "provisioning",
    "registry_simulator",
    "save_key",
    "sign_client_assertion",
    "tokens_of",
]

now = system_clock.now


@asynccontextmanager
async def open_house(settings: Settings, *, worker: bool = False) -> AsyncIterator[House]:
    """Open the database and the registries for a process, and close them with it."""
    engine = make_engine(settings.need("worker_database_url" if worker else "database_url"))
    registry = _registry(settings)
    try:
        yield House(
            open=partial(unit_of_work, engine),
            registry=registry,
            exchange=ExchangeFileReader(),
            rulebook=load_rulebook(),
            now=now,
            ready=partial(_checks, engine, registry, settings),
            registry_patience_seconds=REGISTRY_PATIENCE_SECONDS,
        )
    finally:
        await registry.aclose()
        await engine.dispose()


def tokens_of(settings: Settings) -> Tokens:
    """Return what signs and verifies tokens for the issuer."""
    issuer = settings.need("issuer")
    return JoseTokens(issuer=issuer, audience=issuer, signing_key=load_key(Path(settings.need("signing_key_file"))))


def registry_simulator(ledger: Path, today: date, secret: bytes) -> ASGIApp:
    """Return the registries' simulator, holding the demo's rights and whatever its ledger already knows."""
    return create_simulator(ledger, demo_rights(today), secret)


def _registry(settings: Settings) -> HttpRegistry:
    endpoints = {
        name: RegistryEndpoint(each.base_url, each.app_id, each.secret_file.read_bytes())
        for name, each in settings.registry_endpoints().items()
    }
    return HttpRegistry(endpoints, timeout_seconds=float(settings.registry_timeout_seconds))


async def _checks(engine: AsyncEngine, registry: HttpRegistry, settings: Settings) -> Mapping[str, bool]:
    answers = {
        "database": await _held(partial(database_answers, engine)),
        "worker": await _held(partial(worker_lives, engine)),
    }
    for name in settings.registry_endpoints():
        answers[f"registry.{name}"] = await _held(partial(_registry_answers, registry, name))
    return answers


async def _registry_answers(registry: HttpRegistry, name: str) -> bool:
    try:
        await registry.query_order(name, "order_" + "0" * 32)
    except RegistryUnavailable:
        return False
    return True


async def _held(check: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await check()
    except Exception:  # noqa: BLE001 - whatever fails, the answer is no
        return False
