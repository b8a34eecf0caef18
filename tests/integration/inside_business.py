"""The business without a socket: the same application, asked in this process, for tests that ask thousands of times."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import httpx

from api.app import make_app
from domain.ports.tenants import Tenant
from integrations.database.engine import make_engine
from integrations.database.provisioning import register
from integrations.identity.tokens import JoseTokens
from tests.builders import NOW, a_right
from tests.database_session import Database
from tests.fakes.edge_app import ISSUER
from tests.fakes.inside import Inside
from tests.fakes.registry import FakeRegistry
from tests.filled_database import TENANTS, as_told
from tests.integration.business import HUANGSHI, SIGNING_KEY, Business, _house, _Opened, a_deal

MORE = (
    Tenant(id="enterprise.huangshi", kind="enterprise", name="黄石示例铸造有限公司", uscc=HUANGSHI, division=None),
    Tenant(id="exchange.zhejiang", kind="exchange", name="交易网", uscc=None, division=None),
    Tenant(id="greenlien", kind="platform", name="平台", uscc=None, division=None),
)


@contextmanager
def business_inside(
    database: Database, clock: Callable[[], datetime] = lambda: NOW, tenants: tuple[Tenant, ...] = ()
) -> Iterator[tuple[Business, Inside]]:
    """Open the product on a database with prices for COD; yields it as `open_for_business` does, and its inside."""
    asyncio.run(register(database.owner_url, [*TENANTS, *MORE, *tenants], []))
    registry = FakeRegistry([as_told(a_right())], clock)
    tokens = JoseTokens(issuer=ISSUER, audience=ISSUER, signing_key=SIGNING_KEY)
    engine = make_engine(database.app_url, pool_size=4)
    house = _house(engine, registry, clock)
    app = make_app(_Opened(house), tokens, ISSUER, clock=clock, allow_bearer=True)
    app.state.house = house
    with Inside(app) as inside:
        http = httpx.Client(transport=inside, trust_env=False)
        business = Business("http://inside", database, registry, tokens, clock, http)
        deals = [a_deal(number) for number in range(6)]
        deals += [a_deal(number, trade_no=f"HB-{number}", division="420200") for number in range(6)]
        business.post("exchange.zhejiang", "/v1/market/trades", {"source": "syn", "trades": deals}, 200)
        try:
            yield business, inside
        finally:
            inside.runner.run(engine.dispose())
