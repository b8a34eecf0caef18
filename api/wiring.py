"""The only file that names an adapter: it puts what the world answers behind the ports."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from litestar.types import ASGIApp, Receive, Scope, Send
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from api.house import House
from api.rate_limits import RateLimits, limits_of
from api.registries import Registries
from api.settings import Settings
from domain.jurisdictions.rulebook import load_rulebook
from domain.ports.key_store import KeysMissing, KeyStore, KeyUse
from domain.ports.notice_registry import NoNoticeRegistry, NoticeRegistry
from domain.ports.registry import Registry, RegistryUnavailable
from domain.ports.secret_box import NoSecretBox, SecretBox
from domain.ports.tokens import Tokens
from integrations import system_clock
from integrations.certificates.sheets import TypstSheets
from integrations.database import (
    backups,
    bootstrap,
    migrate,
    provisioning,
    restorations,
    schema_versions,
    sealed_secrets,
)
from integrations.database.embedded import EmbeddedServer
from integrations.database.engine import make_engine
from integrations.database.rate_buckets import DatabaseBuckets
from integrations.database.readiness import database_answers, worker_lives
from integrations.database.unit_of_work import unit_of_work
from integrations.exchange.files import ExchangeFileReader
from integrations.identity import key_rotation
from integrations.identity.dpop import sign_proof
from integrations.identity.key_store import FolderKeyStore, environment_key_store, files_key_store
from integrations.identity.keys import SigningKey, generate_key, load_key, save_key
from integrations.identity.order_signatures import JoseOrderSignatures, new_order_id, sign_order
from integrations.identity.rotating import RotatingSeal, RotatingSecretBox, RotatingTokens
from integrations.identity.seals import read_sealed
from integrations.identity.secret_box import make_secret_key
from integrations.identity.tokens import check_public_key, sign_client_assertion
from integrations.notice_registry import simulator as notice_simulator
from integrations.notice_registry.client import HttpNoticeRegistry, NoticeEndpoint
from integrations.registry.callbacks import HmacCallbacks
from integrations.registry.client import HttpRegistry, RegistryEndpoint
from integrations.registry.demo_rights import (
    ENTERPRISE_HUANGSHI_NAME,
    ENTERPRISE_HUANGSHI_USCC,
    ENTERPRISE_SHAOXING_NAME,
    ENTERPRISE_SHAOXING_USCC,
    demo_rights,
)
from integrations.registry.simulator import create_simulator
from integrations.registry_files.client import FileRegistry
from integrations.registry_manual.client import ManualRegistry
from integrations.webhooks.sender import HttpWebhookSender, webhook_sender

REGISTRY_PATIENCE_SECONDS = 5.0
NOTICE_PATH = "/notice_registry"

T = TypeVar("T")

__all__ = [
    "ENTERPRISE_HUANGSHI_NAME",
    "ENTERPRISE_HUANGSHI_USCC",
    "ENTERPRISE_SHAOXING_NAME",
    "ENTERPRISE_SHAOXING_USCC",
    "EmbeddedServer",
    "ExchangeFileReader",
    "JoseOrderSignatures",
    "SigningKey",
    "backups",
    "bootstrap",
    "check_public_key",
    "demo_rights",
    "generate_key",
    "key_rotation",
    "key_store",
    "load_key",
    "make_engine",
    "make_secret_key",
    "migrate",
    "new_order_id",
    "now",
    "open_house",
    "provisioning",
    "read_sealed",
    "require_schema",
    "reseal",
    "restorations",
    "save_key",
    "sign_client_assertion",
    "sign_order",
    "sign_proof",
    "simulators",
    "tokens_of",
]

now = system_clock.now


@asynccontextmanager
async def open_house(settings: Settings, *, worker: bool = False) -> AsyncIterator[House]:
    """Open the database and the registries for a process, and close them with it."""
    engine = make_engine(settings.need("worker_database_url" if worker else "database_url"))
    interfaces = _interfaces(settings)
    registry = _registries(settings, interfaces, engine)
    notice_registry = _notice_registry(settings)
    webhooks = _webhooks(settings)
    store = key_store(settings)
    secrets = _secret_box(store)
    try:
        yield House(
            open=partial(unit_of_work, engine, secrets=secrets),
            registry=registry,
            exchange=ExchangeFileReader(),
            signer=RotatingSeal(store),
            sheets=TypstSheets(),
            issuer=settings.need("issuer"),
            rulebook=load_rulebook(),
            now=now,
            ready=partial(_checks, engine, registry, notice_registry, settings),
            registry_patience_seconds=REGISTRY_PATIENCE_SECONDS,
            notice_registry=notice_registry or NoNoticeRegistry(),
            secrets=secrets or NoSecretBox(),
            sending_barred=partial(restorations.sending_barred, engine),
            webhooks=webhooks,
            callbacks=HmacCallbacks(_endpoints(settings)),
            openings=settings.openings(),
            order_signatures=JoseOrderSignatures(),
            rate_limits=None if worker else RateLimits(limits_of(settings.rate_limits), DatabaseBuckets(engine)),
        )
    finally:
        await interfaces.aclose()
        await webhooks.aclose()
        if notice_registry is not None:
            await notice_registry.aclose()
        await engine.dispose()


async def require_schema(database_url: str) -> None:
    """Stop with a sentence where the schema is older than this code; a database that is away is no such thing."""
    engine = make_engine(database_url, pool_size=1)
    try:
        behind = await schema_versions.schema_behind(engine)
    except (OSError, DBAPIError):
        return
    finally:
        await engine.dispose()
    if behind is not None:
        message = (
            f"The database's schema ({behind}) is older than this release, which needs {schema_versions.newest()}: "
            "run `python -m api migrate` as its owner first."
        )
        raise SystemExit(message)


def tokens_of(settings: Settings) -> Tokens:
    """Return what signs and verifies tokens for the issuer."""
    return RotatingTokens(key_store(settings), issuer=settings.need("issuer"))


def key_store(settings: Settings) -> KeyStore:
    """Return where this house's keys are read: a folder, the environment, or the two files of before."""
    if settings.key_store:
        return FolderKeyStore(Path(settings.key_store))
    if settings.keys:
        return environment_key_store(settings.keys)
    secrets = Path(settings.secrets_key_file) if settings.secrets_key_file else None
    return files_key_store(Path(settings.need("signing_key_file")), secrets)


def simulators(ledger: Path, notice_ledger: Path, today: date, secret: bytes) -> ASGIApp:
    """Return the counterparts' simulators as one application: the registries, and the notice registry under its path.

    The registries hold the demo's rights; all hold whatever their ledgers already know. The process's own beginning and
    end are told to the registries alone: the notice registry's books are on disk after every act and need no closing.
    """
    registries = create_simulator(ledger, demo_rights(today), secret)
    notice = notice_simulator.create_simulator(notice_ledger, secret)

    async def together(scope: Scope, receive: Receive, send: Send) -> None:
        if str(scope["type"]) != "lifespan" and scope["path"].startswith(NOTICE_PATH):
            below = dict(scope)
            below["path"] = scope["path"].removeprefix(NOTICE_PATH)
            below["raw_path"] = scope["raw_path"].removeprefix(NOTICE_PATH.encode())
            await notice(cast("Scope", below), receive, send)
        else:
            await registries(scope, receive, send)

    return together


def _registries(settings: Settings, interfaces: HttpRegistry, engine: AsyncEngine) -> Registries:
    """Return each registry by its transport."""
    by_name: dict[str, Registry] = dict.fromkeys(settings.registry_endpoints(), interfaces)
    for name, box in settings.registry_mailboxes().items():
        by_name[name] = FileRegistry(box.folder, name, now, form=box.form)
    for name, statements in settings.manual_registries().items():
        told = None if statements is None else FileRegistry(statements.folder, name, now, form=statements.form)
        by_name[name] = ManualRegistry(partial(unit_of_work, engine, None), told, now)
    return Registries(by_name)


def _notice_registry(settings: Settings) -> HttpNoticeRegistry | None:
    each = settings.notice_endpoint()
    if each is None:
        return None
    endpoint = NoticeEndpoint(each.base_url, each.app_id, each.secret_file.read_bytes())
    return HttpNoticeRegistry(endpoint, timeout_seconds=float(settings.registry_timeout_seconds))


def _secret_box(store: KeyStore) -> SecretBox | None:
    try:
        return RotatingSecretBox(store)
    except KeysMissing:
        return None


async def reseal(settings: Settings) -> Mapping[str, int]:
    """Seal every secret in the database by the key that seals now; returns how many were not, by kind."""
    store = key_store(settings)
    active = store.keys(KeyUse.SECRETS)[0].id
    return await sealed_secrets.reseal(settings.need("worker_database_url"), RotatingSecretBox(store), active)


def _webhooks(settings: Settings) -> HttpWebhookSender:
    ports = frozenset(int(port) for port in settings.webhook_ports.split(","))
    return webhook_sender(ports, loopback=settings.demonstration == "1")


def _interfaces(settings: Settings) -> HttpRegistry:
    return HttpRegistry(_endpoints(settings), timeout_seconds=float(settings.registry_timeout_seconds))


def _endpoints(settings: Settings) -> dict[str, RegistryEndpoint]:
    return {
        name: RegistryEndpoint(each.base_url, each.app_id, each.secret_file.read_bytes())
        for name, each in settings.registry_endpoints().items()
    }


async def _checks(
    engine: AsyncEngine, registry: Registry, notice_registry: NoticeRegistry | None, settings: Settings
) -> Mapping[str, bool | str]:
    answers: dict[str, bool | str] = {
        "database": await _held(partial(database_answers, engine)),
        "worker": await _held(partial(worker_lives, engine)),
        "sending": await _held(partial(_may_send, engine)),
        "schema": await _held(partial(_schema_fits, engine)),
    }
    for name in settings.registry_endpoints():
        answers[f"registry.{name}"] = await _held(partial(_registry_answers, registry, name))
    if notice_registry is not None:
        answers["notice_registry"] = await _held(partial(_notice_registry_answers, notice_registry))
    return answers


async def _registry_answers(registry: Registry, name: str) -> bool:
    try:
        await registry.query_order(name, "order_" + "0" * 32)
    except RegistryUnavailable:
        return False
    return True


async def _notice_registry_answers(notice_registry: NoticeRegistry) -> bool:
    try:
        await notice_registry.query_order("notice_" + "0" * 32)
    except RegistryUnavailable:
        return False
    return True


async def _may_send(engine: AsyncEngine) -> bool | str:
    return await restorations.sending_barred(engine) or True


async def _schema_fits(engine: AsyncEngine) -> bool | str:
    return schema_versions.BEHIND if await schema_versions.schema_behind(engine) is not None else True


async def _held(check: Callable[[], Awaitable[T]]) -> T | bool:
    try:
        return await check()
    except Exception:  # noqa: BLE001 - whatever fails, the answer is no
        return False
