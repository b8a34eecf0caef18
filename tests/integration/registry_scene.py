"""One registry, one order and one client: what the tests of the registry's wire share."""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import OrderAnswer, RegistryOrder
from domain.values.identifiers import Uscc
from domain.values.quantity import Quantity, Unit
from domain.values.time import business_date
from integrations.registry.client import HttpRegistry, RegistryEndpoint
from integrations.registry.demo_rights import ENTERPRISE_SHAOXING_USCC, SHAOXING_COD_RIGHT, demo_rights
from integrations.registry.simulator import create_simulator
from tests.fakes.loopback import serving

NOW: Final = datetime(2026, 11, 21, 2, 30, 15, tzinfo=UTC)
SECRET: Final = b"sixteen bytes or more"
BANK: Final = Uscc("91330000DEM009019L")
ORDER: Final = RegistryOrder(
    order_id="order_1",
    kind=OrderKind.FREEZE,
    registry="zhejiang",
    registry_no=SHAOXING_COD_RIGHT,
    holder_uscc=ENTERPRISE_SHAOXING_USCC,
    quantity=Quantity.parse("10", Unit.T_PER_YEAR),
    beneficiary=BANK,
    contract_no="质押字2026第001号",
    expected_version=1,
    registry_ref=None,
)


def simulated() -> AbstractContextManager[str]:
    """Serve a simulator with the demonstration rights and books in memory."""
    return serving(create_simulator(None, demo_rights(business_date(NOW)), SECRET, lambda: NOW))


@asynccontextmanager
async def client(
    base_url: str,
    *,
    registry: str = "zhejiang",
    app_id: str = "greenlien",
    secret: bytes = SECRET,
    now: datetime | None = NOW,
    timeout_seconds: float = 10.0,
) -> AsyncIterator[HttpRegistry]:
    """Lend a client of one registry; without `now` its clock is the machine's."""
    endpoint = RegistryEndpoint(base_url, app_id, secret)
    clock = {} if now is None else {"now": lambda: now}
    lent = HttpRegistry({registry: endpoint}, timeout_seconds=timeout_seconds, **clock)
    try:
        yield lent
    finally:
        await lent.aclose()


async def sent(base_url: str, timeout_seconds: float = 10.0) -> OrderAnswer:
    """Send the ordinary order."""
    async with client(base_url, timeout_seconds=timeout_seconds) as registry:
        return await registry.send_order(ORDER)
