"""The engine: a pool of asyncpg connections with the limits that every statement of ours lives under."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

DRIVER: Final = "postgresql+asyncpg"
"""An address may come with any driver of PostgreSQL's, or none; ours is this one."""
POOL_SIZE: Final = 20
STATEMENT_TIMEOUT_MS: Final = 5_000
LOCK_TIMEOUT_MS: Final = 2_000
IDLE_IN_TRANSACTION_TIMEOUT_MS: Final = 15_000
SERVER_SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "application_name": "greenlien",
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "lock_timeout": str(LOCK_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
        "timezone": "UTC",
        "jit": "off",
    }
)


def make_engine(url: str, *, pool_size: int = POOL_SIZE) -> AsyncEngine:
    """Return an engine for a role's address; nothing is connected yet.

    Transactions are begun and ended by `connection.transaction` alone, so SQLAlchemy begins none, and nothing rolls a
    returned connection back a second time.
    """
    return create_async_engine(
        make_url(url).set(drivername=DRIVER),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_use_lifo=True,  # few connections that are warm, rather than all of them in turn
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        connect_args={"server_settings": dict(SERVER_SETTINGS)},
    )
