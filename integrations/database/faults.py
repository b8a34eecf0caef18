"""The database's own troubles that pass by themselves, told as one refusal: the client comes back, nobody is called.

The subtle thing is that none of them says anything of the command: it was rolled back whole, and may be sent again
under its own idempotency key.

Source: PostgreSQL, appendix A (error codes); asyncpg and SQLAlchemy each wrap them in their own way.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain.ports.unit_of_work import Busy

PASSING: Final = frozenset(
    {
        "40001",  # serialization_failure
        "40P01",  # deadlock_detected
        "53300",  # too_many_connections
        "55P03",  # lock_not_available: lock_timeout
        "57014",  # query_canceled: statement_timeout
        "57P01",  # admin_shutdown
        "57P02",  # crash_shutdown
        "57P03",  # cannot_connect_now
        "08001",  # sqlclient_unable_to_establish_sqlconnection
        "08003",  # connection_does_not_exist
        "08006",  # connection_failure
    }
)


@contextmanager
def passing_faults() -> Iterator[None]:
    """Raise Busy for a fault that passes by itself; every other error is ours and stays what it is."""
    try:
        yield
    except PoolTimeout as error:
        raise Busy("pool_timeout") from error
    except (ConnectionError, FileNotFoundError) as error:  # nobody listens; a socket's file is gone with its server
        raise Busy("connection") from error
    except (asyncpg.PostgresError, DBAPIError) as error:
        state = getattr(getattr(error, "orig", error), "sqlstate", None)
        if state in PASSING:
            raise Busy(state) from error
        raise
