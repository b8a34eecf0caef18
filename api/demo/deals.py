"""The deals of the demonstration: real ones out of public notices, and two series that are plainly synthetic.

The real ones are single facts, each with the page it stands on. They are here because notices get prices wrong: some
leave out the term, one calls the price of five years a price per year. What a notice does not say is not invented: its
deals have no number, so ours is a label; where it names only a month or a year, the deal is dated its first day, which
can make it staler but never fresher; where it does not say how a deal came about, it counts as an agreement.

The synthetic series are dated relative to the day of the demonstration and are the same on every run of that day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

NOTICES: Final = "public-notices"
SYNTHETIC: Final = "synthetic-demo"
TERM_YEARS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDeal:
    """One deal as a notice tells it; none is what it does not state. `verdict` is the screening's, none to accept."""

    place: str
    told_on: str
    division: str
    pollutant: str
    source: str
    kind: str = "agreement"
    quantity: str | None = None
    unit: str = "t/a"
    price: str | None = None
    per_unit: str = "t"
    per_period: str | None = "year"
    term_years: str | None = "5"
    amount: str | None = None
    verdict: str | None = None

    @property
    def trade_no(self) -> str:
        """Return our label of the deal."""
        return f"NOTICE-{self.division}-{self.pollutant}-{self.told_on}-{self.quantity or self.price}"

    def row(self) -> dict[str, Any]:
        """Return the deal as an exchange sends it."""
        told: dict[str, Any] = {
            "trade_no": self.trade_no,
            "traded_on": (self.told_on + "-01-01")[: len("2024-11-01")],
            "venue": self.place,
            "division": self.division,
            "instrument": "discharge_right",
            "pollutant": self.pollutant,
            "kind": self.kind,
        }
        if self.quantity is not None:
            told["quantity"] = {"amount": self.quantity, "unit": self.unit}
        if self.price is not None:
            basis = {} if self.per_period is None else {"per_period": self.per_period}
            told["price"] = {"amount": self.price, "currency": "CNY", "per_unit": self.per_unit, **basis}
        if self.term_years is not None:
            told["term_years"] = self.term_years
        if self.amount is not None:
            told["amount"] = {"amount": self.amount, "currency": "CNY"}
        return told


_JINGDE: Final = {
    "place": "安徽旌德",
    "told_on": "2024-11",
    "division": "341825",
    "source": "m.dunya.com.cn/news/detail-163933",
}
_JIANGXI: Final = {
    "place": "江西",
    "told_on": "2022-01",
    "division": "360000",
    "source": "m.nmginfo.org/yaowen/2022020928367",
    "kind": "government_auction",
}
_XIAMEN: Final = {
    "place": "福建厦门",
    "told_on": "2025-09-12",
    "division": "350200",
    "source": "sthjj.xm.gov.cn t20250912_2955312",
}

PUBLIC_DEALS: Final = (
    PublicDeal(**_JINGDE, pollutant="SO2", quantity="8.074", price="6000", amount="242220.00"),
    PublicDeal(**_JINGDE, pollutant="NOX", quantity="21.648", price="4500", amount="487080.00"),
    PublicDeal(**_JIANGXI, pollutant="SO2", quantity="96", price="389", amount="186720.00"),
    PublicDeal(**_JIANGXI, pollutant="NOX", quantity="137", price="489", amount="334965.00"),
    PublicDeal(
        **_XIAMEN, pollutant="NH3N", kind="listed", quantity="0.3825", price="8007.27", amount="15313.90"
    ),  # this row and the next two are of one bulletin, whose rows sum to its published totals
    PublicDeal(**_XIAMEN, pollutant="NOX", kind="listed", quantity="2.7427", price="10184", amount="139658.28"),
    PublicDeal(**_XIAMEN, pollutant="NOX", quantity="4.9332", price="9500", amount="234327.00"),
    PublicDeal(
        place="宁夏永宁",
        told_on="2023-08",
        division="640121",
        pollutant="SO2",
        source="宁夏永宁 2023-08 公告",
        quantity="0.066",
        price="75757",
        amount="5000.00",
        verdict="amount_mismatch",
    ),
    PublicDeal(
        place="长三角跨区域(4笔8家合计)",
        told_on="2024-06",
        division="330000",
        pollutant="VOC",
        source="全国排污权交易报告(至2024-06)第七节",
        quantity="13.3",
        unit="t",
        term_years=None,
        amount="159000.00",
        verdict="price_basis_missing",
    ),
    PublicDeal(
        place="湖北荆州",
        told_on="2016-01-20",
        division="421000",
        pollutant="COD",
        source="wuhan.baogaosu.com 荆州专场",
        kind="government_auction",
        quantity="9.195",
        unit="t",
        price="10491.96",
        per_period=None,
        term_years=None,
        amount="96473.55",
        verdict="price_basis_missing",
    ),
    PublicDeal(
        place="湖北咸宁",
        told_on="2014",
        division="421200",
        pollutant="COD",
        source="m.tanger168.cn/news/detail-10258612",
        kind="government_auction",
        quantity="133.252",
        unit="t",
        price="10284.27",
        per_period=None,
        term_years=None,
        amount="1370400.00",
        verdict="price_basis_missing",
    ),
    PublicDeal(
        place="福建(首场竞价)",
        told_on="2014-09-28",
        division="350000",
        pollutant="NOX",
        source="fuzhou.baogaosu.com 24551256",
        kind="government_auction",
        quantity="959",
        unit="t",
        price="11102.19",
        per_period=None,
        term_years=None,
        amount="10647000.00",
        verdict="price_basis_missing",
    ),
    PublicDeal(
        place="甘肃兰州(只公布最高价)",
        told_on="2015-08-27",
        division="620100",
        pollutant="NOX",
        source="lakalal8.com 8095087356391",
        kind="government_auction",
        price="8.8",
        per_unit="kg",
        per_period=None,
        term_years=None,
        verdict="unit_unknown",
    ),
    PublicDeal(
        place="山西(基准价，非成交)",
        told_on="2012-06-13",
        division="140000",
        pollutant="NOX",
        source="njmfgj.cn id=40983 山西省物价局",
        kind="benchmark_price",
        price="18000",
        per_period="one_off",
        term_years=None,
    ),
)


def synthetic_series(label: str, place: str, division: str, count: int, today: date) -> list[dict[str, Any]]:
    """Return invented COD deals of five years each, spread over the 350 days up to yesterday, at about 4,200 yuan.

    The numbers and the venue say that they are synthetic.
    """
    return [
        _synthetic(f"SYNTHETIC-{label}-COD-{n + 1:03d}", place, division, _figures(n, count, today))
        for n in range(count)
    ]


def _figures(n: int, count: int, today: date) -> tuple[date, Decimal, int]:
    """Return day, tonnes per year and yuan per tonne and year of the n-th deal: scattered, and always the same."""
    day = today - timedelta(days=1 + n * 350 // count)
    return day, Decimal(5 + n * 53 % 80) / 10, 3900 + n * 137 % 600


def _synthetic(trade_no: str, place: str, division: str, figures: tuple[date, Decimal, int]) -> dict[str, Any]:
    day, tonnes, price = figures
    return {
        "trade_no": trade_no,
        "traded_on": day.isoformat(),
        "venue": f"合成数据·{place}(演示用，非真实成交)",
        "division": division,
        "instrument": "discharge_right",
        "pollutant": "COD",
        "kind": "enterprise_trade",
        "quantity": {"amount": str(tonnes), "unit": "t/a"},
        "price": {
            "amount": str(price),
            "currency": "CNY",
            "per_unit": "t",
            "per_period": "year",
            "tax": "unknown",
        },
        "term_years": str(TERM_YEARS),
        "amount": {"amount": f"{tonnes * price * TERM_YEARS:.2f}", "currency": "CNY"},
    }


def verdicts() -> Mapping[str, str | None]:
    """Return what the screening must say of each real deal, by its label."""
    return {deal.trade_no: deal.verdict for deal in PUBLIC_DEALS}
