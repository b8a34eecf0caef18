"""The figures of operation: sums over all tenants, through the one function that may see them."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from domain.ports.figures import Count, OperatingFigures, OrderFigure
from integrations.database.connection import Connection, Prepared

READ: Final = Prepared(text("select cast(operating_figures(:at) as text)"))


class DatabaseFigures:
    """Read the figures."""

    def __init__(self, connection: Connection) -> None:
        """Read on a connection."""
        self._connection = connection

    async def read(self, now: datetime) -> OperatingFigures:
        """Return the figures."""
        told = json.loads(str(await self._connection.value(READ, {"at": now})))
        return OperatingFigures(
            orders=[
                OrderFigure(
                    registry=each["registry"],
                    kind=each["kind"],
                    state=each["state"],
                    count=each["count"],
                    oldest=datetime.fromisoformat(each["oldest"]),
                )
                for each in told["orders"]
            ],
            alarms=_counts(told["alarms"]),
            jobs=_counts(told["jobs"]),
            cases=_counts(told["cases"]),
            closed_registries=told["closed"],
            orders_lately=told["orders_lately"],
            alarms_lately=told["alarms_lately"],
        )


def _counts(rows: Sequence[Mapping[str, Any]]) -> list[Count]:
    return [Count(name=each["name"], count=each["count"]) for each in rows]
