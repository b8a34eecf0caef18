"""The product's command line with a bug planted in the taking: `python -m tests.races.mutant_server serve`.

Nothing of the product knows of this. One pair of servers plays all the bugs, one at a time: which one it has, it reads
before each taking from the file that the environment names.
"""

import asyncio
import os
import sys
from decimal import Decimal
from pathlib import Path
from typing import Final
from unittest.mock import patch

from sqlalchemy import TextClause, text

from api.__main__ import main
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.holds import QuantityUnavailable
from domain.rights.rights import Right
from domain.use_cases import submit_pledge
from domain.values.quantity import Quantity
from integrations.database import unit_of_work
from integrations.database.rights import DatabaseRights
from tests.races.mutants import BUG_FILE, Bug

LOOKING_AWAY_SECONDS: Final = 0.05
FREE: Final = text("select quantity - taken from right_balances where right_id = :id")
HELD: Final = text("select coalesce(sum(quantity), 0) from hold_summaries where right_id = :id")
WHOLE: Final = text("select quantity from right_balances where right_id = :id")
MOVE: Final = text("update right_balances set taken = taken + :amount where right_id = :id")
WRITE: Final = text("update right_balances set taken = :amount where right_id = :id")

TAKE_AS_IT_IS: Final = submit_pledge._take


class PlantedRights(DatabaseRights):
    """Rights whose quantities are taken as the planted bug takes them."""

    async def take(self, right_id: str, quantity: Decimal) -> bool:
        """Take a quantity, or say that it is not free."""
        match planted():
            case Bug.CHECK_THEN_INSERT:
                return await self._read(FREE, right_id) >= quantity and await self._write(MOVE, right_id, quantity)
            case Bug.SUM_READ_COMMITTED:
                held = await self._read(HELD, right_id) + quantity
                return held <= await self._read(WHOLE, right_id) and await self._write(WRITE, right_id, held)
            case Bug.NO_GUARD:
                return await self._write(MOVE, right_id, quantity)
            case Bug.HOLD_WITHOUT_UPDATE:
                return await self._read(FREE, right_id) >= quantity
            case _:
                return await super().take(right_id, quantity)

    async def _read(self, statement: TextClause, right_id: str) -> Decimal:
        return Decimal((await self._connection.execute(statement, {"id": right_id})).scalar_one())

    async def _write(self, statement: TextClause, right_id: str, amount: Decimal) -> bool:
        return (await self._connection.execute(statement, {"id": right_id, "amount": amount})).rowcount == 1


async def take_and_look_later(uow: UnitOfWork, right: Right, asked: Quantity, pointer: str) -> None:
    """Take, and where that is refused look up what is available some time after."""
    if planted() is not Bug.STALE_REFUSAL:
        return await TAKE_AS_IT_IS(uow, right, asked, pointer)
    if not await uow.rights.take(right.id, asked.amount):
        await asyncio.sleep(LOOKING_AWAY_SECONDS)
        seen = await uow.rights.find(right.id)
        raise QuantityUnavailable(right.id, (seen or right).available, pointer)
    return None


def planted() -> Bug:
    """Return the bug that this server has at the moment."""
    return Bug(Path(os.environ[BUG_FILE]).read_text(encoding="ascii"))


if __name__ == "__main__":
    with (
        patch.object(unit_of_work, "DatabaseRights", PlantedRights),
        patch.object(submit_pledge, "_take", take_and_look_later),
    ):
        sys.exit(main())
