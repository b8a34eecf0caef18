"""The processes: API, worker, simulators, and the one that starts them all for a demonstration."""

import argparse
import asyncio
import os
import signal
import sys
import threading
from datetime import timedelta
from typing import Final

import structlog
import uvicorn

from api import wiring
from api.app import make_app
from api.commands.demonstration import Demonstration
from api.commands.supervisor import supervise
from api.http_protocol import SERVER_OPTIONS
from api.settings import Settings
from api.worker import run_worker
from domain.values.time import business_date

HOST: Final = "127.0.0.1"
GRACE_SECONDS: Final = 4
PARENT_CHECK: Final = timedelta(seconds=0.5)


def serve(arguments: argparse.Namespace) -> int:
    """Serve the API; with --demo start everything around it."""
    if arguments.demo:
        return supervise(arguments.data_dir, arguments.port, allow_bearer=arguments.allow_bearer)
    if arguments.allow_bearer and not os.environ.get("GREENLIEN_DEMO"):
        sys.stderr.write("--allow-bearer is for demonstrations: start with --demo.\n")
        return 2
    _log_as_json()
    _end_with_parent(arguments.until_parent_ends)
    settings = Settings.from_environment()
    asyncio.run(wiring.require_schema(settings.need("database_url")))
    app = make_app(
        wiring.open_house(settings),
        wiring.tokens_of(settings),
        settings.need("issuer"),
        clock=wiring.now,
        allow_bearer=arguments.allow_bearer,
        proxy_secret=settings.proxy_secret(),
    )
    _serve_app(app, arguments.port)
    return 0


def work(arguments: argparse.Namespace) -> int:
    """Work on jobs until told to stop."""
    _log_as_json()
    _end_with_parent(arguments.until_parent_ends)
    settings = Settings.from_environment()

    async def run() -> None:
        await wiring.require_schema(settings.need("worker_database_url"))
        async with wiring.open_house(settings, worker=True) as house:
            await run_worker(house, settings)

    asyncio.run(run())
    return 0


def simulate(arguments: argparse.Namespace) -> int:
    """Serve the registries' simulator."""
    _end_with_parent(arguments.until_parent_ends)
    demonstration = Demonstration(arguments.data_dir)
    today, secret = business_date(wiring.now()), demonstration.registry_secret()
    app = wiring.simulators(demonstration.ledger, demonstration.notice_ledger, today, secret)
    _serve_app(app, arguments.port)
    return 0


def migrate(arguments: argparse.Namespace) -> int:
    """Bring the database to a revision."""
    wiring.migrate.upgrade(Settings.from_environment().need("migration_database_url"), arguments.revision)
    return 0


def print_settings(_: argparse.Namespace) -> int:
    """Print every variable."""
    sys.stdout.write(Settings.from_environment().printed() + "\n")
    return 0


def _serve_app(app: object, port: int) -> None:
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]  # Litestar and our simulator are ASGI applications of their own types
        host=HOST,
        port=port,
        log_config=None,
        timeout_graceful_shutdown=GRACE_SECONDS,
        **SERVER_OPTIONS,
    )
    uvicorn.Server(config).run()


def _end_with_parent(parent: int) -> None:
    """Stop this process when the one that started it is gone, so that a `kill -9` there leaves no orphan here."""
    if not parent:
        return

    def watch() -> None:
        pause = threading.Event()
        while os.getppid() == parent:
            pause.wait(PARENT_CHECK.total_seconds())
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _log_as_json() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
