"""A believed deal in whole numbers, and why it may be no evidence."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.market.priced_deals import BILLIONTHS, MILLIONTHS, NO_SALES, apart_from_public, priced
from domain.market.trades import Basis, TradeKind, unit_value, volume
from domain.values.price import Period, Price
from domain.values.quantity import Quantity, Unit
from tests.unit.market.deals import ACCEPTED, YANGTZE_DELTA, a_price, a_trade, an_allowance_trade


@pytest.mark.parametrize("trade", ACCEPTED, ids=lambda trade: trade.trade_no)
def test_a_real_deal_is_its_unit_value_in_millionths_and_its_volume_in_billionths(trade: object) -> None:
    deal = priced(trade, "group_1", None)  # type: ignore[arg-type]  # the deals are trades

    assert deal.unit_price == unit_value(trade) * MILLIONTHS  # type: ignore[arg-type]  # as above
    assert deal.volume == volume(deal.quantity) * BILLIONTHS
    assert (deal.basis, deal.seller_group, deal.buyer_group, deal.exclusion) == (
        Basis.PER_TONNE_YEAR,
        "group_1",
        None,
        None,
    )


@pytest.mark.parametrize("kind", TradeKind)
def test_a_kind_in_which_nobody_bought_is_excluded_by_its_name(kind: TradeKind) -> None:
    deal = priced(a_trade(kind=kind), None, None)

    assert deal.exclusion == (kind.value if kind in NO_SALES else None)
    assert set(NO_SALES) == {"benchmark_price", "charge", "lease", "buy_back"}


def test_the_three_bases_never_meet() -> None:
    assert priced(a_trade(price=a_price("20000", Period.TERM)), None, None).unit_price == 4000 * MILLIONTHS
    for_good = priced(a_trade(price=a_price("18000", Period.ONE_OFF), term_years=None), None, None)
    assert (for_good.basis, for_good.unit_price) == (Basis.PER_TONNE_PERMANENT, 18000 * MILLIONTHS)
    assert priced(an_allowance_trade(), None, None).basis is Basis.PER_TONNE_CO2E


def test_a_tariff_without_a_quantity_speaks_of_one_unit() -> None:
    tariff = a_trade(kind=TradeKind.CHARGE, quantity=None, price=a_price("30", unit=Unit.KG))

    assert priced(tariff, None, None).quantity == Quantity(Decimal(1), Unit.KG)
    assert priced(tariff, None, None).volume == BILLIONTHS // 1000
    assert priced(tariff, None, None).unit_price == 30 * 1000 * MILLIONTHS


def test_a_deal_without_a_basis_is_not_priced() -> None:
    with pytest.raises(ValueError, match="screen it first"):
        priced(YANGTZE_DELTA, None, None)


@given(st.decimals(Decimal("0.000001"), Decimal(10**9), places=6), st.integers(1, 70))
def test_a_price_is_rounded_to_the_nearest_millionth_once(amount: Decimal, years: int) -> None:
    trade = a_trade(price=Price(amount, Unit.T, Period.TERM), term_years=Decimal(years))
    exact = Fraction(amount) / years * MILLIONTHS
    if exact <= Fraction(1, 2):
        return

    assert abs(priced(trade, None, None).unit_price - exact) <= Fraction(1, 2)


def test_a_banks_own_deal_that_everybody_is_told_counts_once_and_each_public_one_excludes_one() -> None:
    public = [priced(a_trade(trade_no="P"), None, None)]
    own = [priced(a_trade(trade_no=number), None, None) for number in ("1", "2")]

    assert [deal.exclusion for deal in apart_from_public(own, public)] == ["duplicate", None]
    far = [replace(own[0], unit_price=own[0].unit_price * 2), replace(own[0], volume=1)]
    assert [deal.exclusion for deal in apart_from_public(far, public)] == [None, None]
    lease = [priced(a_trade(kind=TradeKind.LEASE), None, None)]
    assert [deal.exclusion for deal in apart_from_public(own[:1], lease)] == [None]
