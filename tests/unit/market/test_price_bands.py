"""What a right could lawfully be sold for, as the packs of Shanxi and Hebei say; and what is no sale at all."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.jurisdictions.rulebook import Rule, Rulebook, Standing, load_rulebook
from domain.market.quarantine import QuarantineCode
from domain.market.screening import screen
from domain.market.trades import Trade, TradeKind
from domain.values.identifiers import Division, Uscc
from domain.values.pollutants import Pollutant
from domain.values.price import Period, Price
from domain.values.quantity import Unit
from tests.unit.market.deals import TODAY, a_price, a_trade

BOOK = load_rulebook()
TAIYUAN, TANGSHAN = Division("140100"), Division("130200")
ORGAN, FIRM = Uscc("11330000DEM0000017"), Uscc("913306000000000006")


def in_shanxi(price: str | Price, **changes: Any) -> Trade:  # noqa: ANN401 - any field of a trade
    """Return a NOx right sold for good in Taiyuan in 2013."""
    ordinary: dict[str, Any] = {
        "division": TAIYUAN,
        "pollutant": Pollutant.NOX,
        "traded_on": date(2013, 5, 1),
        "price": a_price(price, Period.ONE_OFF) if isinstance(price, str) else price,
        "term_years": None,
    }
    return a_trade(**(ordinary | changes))


def code_of(trade: Trade, book: Rulebook = BOOK) -> QuarantineCode | None:
    """Return the code under which a trade is quarantined."""
    found = screen(trade, TODAY, book)
    return None if found is None else found.code


BANDS: list[tuple[str, Trade, bool]] = [
    ("Shanxi, base 18,000, at the base", in_shanxi("18000"), True),
    ("Shanxi, a fen below the base", in_shanxi("17999.99"), False),
    ("Shanxi, between enterprises at 1.20 x base", in_shanxi("21600"), True),
    ("Shanxi, between enterprises a fen above it", in_shanxi("21600.01"), False),
    ("Shanxi, quoted per kilogram, within", in_shanxi(a_price("18", Period.ONE_OFF, Unit.KG)), True),
    ("Shanxi, quoted per kilogram, above", in_shanxi(a_price("25", Period.ONE_OFF, Unit.KG)), False),
    ("Shanxi, an auction may go above", in_shanxi("40000", kind=TradeKind.GOVERNMENT_AUCTION), True),
    ("Shanxi, an auction may not go below", in_shanxi("17000", kind=TradeKind.GOVERNMENT_AUCTION), False),
    ("Shanxi, its first day", in_shanxi("1", traded_on=date(2012, 7, 1)), False),
    ("Shanxi, the day before", in_shanxi("1", traded_on=date(2012, 6, 30)), True),
    ("Shanxi, its last day", in_shanxi("1", traded_on=date(2014, 6, 30)), False),
    ("Shanxi, expired", in_shanxi("1", traded_on=date(2014, 7, 1)), True),
    ("Shanxi, a pollutant without a base", in_shanxi("1", pollutant=Pollutant.COD), True),
    ("Shanxi, priced per year: another basis", in_shanxi(a_price("1"), term_years=Decimal(5)), True),
    ("Shanxi, a published base price is no deal", in_shanxi("1", kind=TradeKind.BENCHMARK_PRICE), True),
    ("Zhejiang has no band", in_shanxi("1", division=Division("330600")), True),
    ("Hebei, SO2 floor 5,000 in 2019", in_shanxi("4999", division=TANGSHAN, pollutant=Pollutant.SO2,
     traded_on=date(2019, 1, 1)), False),
    ("Hebei, no ceiling is known", in_shanxi("99999", division=TANGSHAN, pollutant=Pollutant.SO2,
     traded_on=date(2019, 1, 1)), True),
    ("Hebei, lead from 2023: known to exist, not known", in_shanxi("1", division=TANGSHAN, pollutant=Pollutant.PB,
     traded_on=date(2024, 1, 1)), True),
]  # fmt: skip


@pytest.mark.parametrize(("trade", "lawful"), [row[1:] for row in BANDS], ids=[row[0] for row in BANDS])
def test_a_price_is_judged_by_the_band_of_its_division_and_day(trade: Trade, lawful: bool) -> None:
    assert code_of(trade) == (None if lawful else QuarantineCode.OUTSIDE_PRICE_BAND)


def test_the_detail_names_price_bound_and_document() -> None:
    found = screen(in_shanxi("25000"), TODAY, BOOK)

    assert found is not None
    for number in ("25000.00", "21600.00", "18000.00"):
        assert number in found.detail_zh
        assert number in found.detail_en
    assert "论文" in found.detail_en


def test_without_a_rulebook_no_band_is_judged() -> None:
    assert screen(in_shanxi("1"), TODAY) is None


SALES: list[tuple[str, dict[str, Any], bool]] = [
    ("five years", {"term_years": Decimal(5)}, True),
    ("one year", {"term_years": Decimal(1)}, True),
    ("eleven months are a lease", {"term_years": Decimal("0.916667")}, False),
    ("eleven months that say so are kept", {"term_years": Decimal("0.916667"), "kind": TradeKind.LEASE}, True),
    ("a government organ buys back", {"buyer": ORGAN}, False),
    ("a government organ buys back, and says so", {"buyer": ORGAN, "kind": TradeKind.BUY_BACK}, True),
    ("a government organ sells among enterprises", {"seller": ORGAN}, False),
    ("a government organ lists", {"seller": ORGAN, "kind": TradeKind.LISTED}, True),
    ("a government organ auctions", {"seller": ORGAN, "kind": TradeKind.GOVERNMENT_AUCTION}, True),
    ("a firm buys at an auction", {"buyer": FIRM, "kind": TradeKind.GOVERNMENT_AUCTION}, True),
]


@pytest.mark.parametrize(("changes", "sale"), [row[1:] for row in SALES], ids=[row[0] for row in SALES])
def test_what_is_plainly_no_sale_may_not_pose_as_one(changes: dict[str, Any], sale: bool) -> None:
    assert code_of(a_trade(**changes)) == (None if sale else QuarantineCode.NOT_A_SALE)


def test_a_price_that_is_exactly_the_use_fee_is_a_charge_unless_it_says_so() -> None:
    trade = a_trade(pollutant=Pollutant.TP, price=a_price("7000"))

    assert code_of(trade) is QuarantineCode.NOT_A_SALE
    assert code_of(replace(trade, price=Price(Decimal(7), Unit.KG, Period.YEAR))) is QuarantineCode.NOT_A_SALE
    assert code_of(replace(trade, price=a_price("7000.01"))) is None
    assert code_of(replace(trade, kind=TradeKind.CHARGE)) is None
    assert code_of(replace(trade, price=a_price("35000", Period.TERM))) is None


def test_a_rule_whose_content_is_unknown_judges_nothing() -> None:
    unknown = Rule(
        "price.base.nox", TAIYUAN, None, "CNY/t", "某通知", "", "", date(2013, 1, 1), None, Standing.UNKNOWN, ""
    )  # fmt: skip

    assert code_of(in_shanxi("1"), BOOK.with_rules([unknown])) is None
