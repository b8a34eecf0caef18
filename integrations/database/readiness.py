"""Whether the database answers, and whether a worker has lately shown that it lives."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

WORKER_SILENT_SECONDS_MAX = 30
ALIVE = text(
    "select count(*) from procrastinate_workers where last_heartbeat > now() - make_interval(secs => :seconds)"
)


async def database_answers(engine: AsyncEngine) -> bool:
    """Ask the database anything."""
    async with engine.connect() as connection:
        await connection.execute(text("select 1"))
        await connection.rollback()
    return True


async def worker_lives(engine: AsyncEngine) -> bool:
    """Tell whether any worker's heartbeat is fresh."""
    async with engine.connect() as connection:
        alive = (await connection.execute(ALIVE, {"seconds": WORKER_SILENT_SECONDS_MAX})).scalar_one()
        await connection.rollback()
    return bool(alive)
