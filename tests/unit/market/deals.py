"""Deals for tests: one ordinary deal, and real ones as their notices gave them, each with its source.

A notice that names only the month stands under the first day of that month.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from domain.market.trades import Trade, TradeKind
from domain.values.identifiers import Division
from domain.values.instruments import Instrument
from domain.values.money import Money
from domain.values.pollutants import Pollutant
from domain.values.price import Period, Price
from domain.values.quantity import Quantity, Unit

TODAY: Final = date(2026, 11, 21)
ALWAYS_KNOWN: Final = datetime(2020, 1, 1, tzinfo=UTC)
SHAOXING: Final = Division("330600")
KEQIAO: Final = Division("330603")
NINGBO: Final = Division("330200")

_ORDINARY: Final = Trade(
    trade_no="1",
    source="test",
    traded_on=date(2026, 11, 1),
    known_at=ALWAYS_KNOWN,
    venue="绍兴市排污权储备交易中心",
    division=SHAOXING,
    instrument=Instrument.DISCHARGE_RIGHT,
    pollutant=Pollutant.SO2,
    vintage=None,
    kind=TradeKind.ENTERPRISE_TRADE,
    quantity=Quantity(Decimal(10), Unit.T_PER_YEAR),
    price=Price(Decimal(4000), Unit.T, Period.YEAR),
    term_years=Decimal(5),
    amount=None,
    seller=None,
    buyer=None,
    revises=None,
)


def a_trade(**changes: Any) -> Trade:  # noqa: ANN401 - any field of a trade, checked by `replace`
    """Return ten tonnes a year of SO2 in Shaoxing at 4000 yuan per tonne and year for five years, changed as asked."""
    return replace(_ORDINARY, **changes)


def a_price(amount: str, period: Period = Period.YEAR, unit: Unit = Unit.T) -> Price:
    """Return a price of unknown tax."""
    return Price(Decimal(amount), unit, period)


def tonnes_a_year(amount: str) -> Quantity:
    """Return a yearly quantity."""
    return Quantity(Decimal(amount), Unit.T_PER_YEAR)


def an_allowance_trade(**changes: Any) -> Trade:  # noqa: ANN401 - as `a_trade`
    """Return a hundred tCO2e at 60 yuan, without a vintage, changed as asked."""
    ordinary: dict[str, Any] = {
        "instrument": Instrument.CARBON_ALLOWANCE,
        "pollutant": Pollutant.CO2E,
        "kind": TradeKind.LISTED,
        "quantity": Quantity(Decimal(100), Unit.TCO2E),
        "price": a_price("60", Period.ONE_OFF, Unit.TCO2E),
        "term_years": None,
    }
    return a_trade(**(ordinary | changes))


# 安徽旌德, 企业间协议转让, 2024-11: reported 72.93 万元 in all (m.dunya.com.cn/news/detail-163933)
JINGDE_SO2: Final = a_trade(
    trade_no="jingde-2024-11-so2",
    source="m.dunya.com.cn/news/detail-163933",
    traded_on=date(2024, 11, 1),
    division=Division("341825"),
    kind=TradeKind.AGREEMENT,
    quantity=tonnes_a_year("8.074"),
    price=a_price("6000"),
    amount=Money.of("242220.00"),
)
JINGDE_NOX: Final = replace(
    JINGDE_SO2,
    trade_no="jingde-2024-11-nox",
    pollutant=Pollutant.NOX,
    quantity=tonnes_a_year("21.648"),
    price=a_price("4500"),
    amount=Money.of("487080.00"),
)

# 江西首批, 竞价, 2022-01: reported 18.6 and 33.4 万元, cut and not rounded (m.nmginfo.org/yaowen/2022020928367)
JIANGXI_SO2: Final = a_trade(
    trade_no="jiangxi-2022-01-so2",
    source="m.nmginfo.org/yaowen/2022020928367",
    traded_on=date(2022, 1, 1),
    division=Division("360000"),
    kind=TradeKind.GOVERNMENT_AUCTION,
    quantity=tonnes_a_year("96"),
    price=a_price("389"),
    amount=Money.of("186720.00"),
)
JIANGXI_NOX: Final = replace(
    JIANGXI_SO2,
    trade_no="jiangxi-2022-01-nox",
    pollutant=Pollutant.NOX,
    quantity=tonnes_a_year("137"),
    price=a_price("489"),
    amount=Money.of("334965.00"),
)

# 厦门, 2025-09-12: four rows make the published 31.56 万元 only with five years from purchase (sthjj.xm.gov.cn)
XIAMEN_NH3N: Final = a_trade(
    trade_no="xiamen-2025-09-nh3n",
    source="sthjj.xm.gov.cn t20250912_2955312",
    traded_on=date(2025, 9, 12),
    division=Division("350200"),
    pollutant=Pollutant.NH3N,
    kind=TradeKind.LISTED,
    quantity=tonnes_a_year("0.3825"),
    price=a_price("8007.27"),
    amount=Money.of("15313.90"),
)
XIAMEN_NOX_LISTED: Final = replace(
    XIAMEN_NH3N,
    trade_no="xiamen-2025-09-nox-listed",
    pollutant=Pollutant.NOX,
    quantity=tonnes_a_year("2.7427"),
    price=a_price("10184"),
    amount=Money.of("139658.28"),
)
XIAMEN_NOX_AGREED: Final = replace(
    XIAMEN_NOX_LISTED,
    trade_no="xiamen-2025-09-nox-agreed",
    kind=TradeKind.AGREEMENT,
    quantity=tonnes_a_year("4.9332"),
    price=a_price("9500"),
    amount=Money.of("234327.00"),
)

# 宁夏永宁, 2023-08: "75757元/吨·年", five years, 5000 yuan in all; the stated unit is wrong by the factor five
YONGNING: Final = a_trade(
    trade_no="yongning-2023-08-so2",
    source="宁夏永宁县排污权交易公告 2023-08",
    traded_on=date(2023, 8, 1),
    division=Division("640121"),
    quantity=tonnes_a_year("0.066"),
    price=a_price("75757"),
    amount=Money.of("5000.00"),
)

# 长三角 VOCs, 4 deals of 8 firms, to 2024-06: 13.3 t for 15.9 万元; neither period nor term is stated, and the region
# spans provinces (全国排污权有偿使用和交易进展报告 2024, section 7)
YANGTZE_DELTA: Final = a_trade(
    trade_no="yangtze-delta-voc",
    source="全国排污权有偿使用和交易进展报告(2024)",
    traded_on=date(2024, 6, 30),
    division=Division("310000"),
    pollutant=Pollutant.VOC,
    quantity=Quantity(Decimal("13.3"), Unit.T),
    price=None,
    term_years=None,
    amount=Money.of("159000.00"),
)

ACCEPTED: Final = (
    JINGDE_SO2,
    JINGDE_NOX,
    JIANGXI_SO2,
    JIANGXI_NOX,
    XIAMEN_NH3N,
    XIAMEN_NOX_LISTED,
    XIAMEN_NOX_AGREED,
)
