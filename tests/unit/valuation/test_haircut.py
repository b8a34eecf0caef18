"""What a forced sale may lose."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest

from domain.market.trades import Trade
from domain.valuation.evidence import Panel, Tier, panels
from domain.valuation.haircut import HaircutParts, confidence_level, haircut
from domain.values.decimals import round_up
from domain.values.instruments import Instrument
from tests.unit.market.deals import TODAY
from tests.unit.valuation.subjects import NOW, a_subject, deals

NOTHING_MELTS = Fraction(0)


def panel_of(trades: list[Trade]) -> Panel:
    """Return today's evidence."""
    return panels(a_subject(), trades, TODAY, NOW)[-1]


def cut(level: int = 3, prices: tuple[int, ...] = (4000,) * 5, **changes: Any) -> HaircutParts:  # noqa: ANN401 - arguments
    """Return the haircut of deals made daily up to today, none of whose value melts, changed as asked."""
    ordinary: dict[str, Any] = {"as_of": TODAY, "liquidation_days": 20, "melting": NOTHING_MELTS}
    return haircut(level, panel_of(deals(*prices, first_days_ago=0)), **(ordinary | changes))


def test_the_haircut_is_one_less_the_exponential_of_base_spread_count_and_level_rounded_up() -> None:
    with localcontext(prec=50):
        spread = 3 * Decimal("0.02") * (1 + Decimal(20 + 0) / 90).sqrt()
        loss = Decimal("0.20") + spread + Decimal("0.30") / 5 + Decimal("0.05")
        expected = round_up(1 - (-loss).exp(), 6)

    assert cut(level=3).total == cut(level=3).market == expected


def test_the_parts_are_told_one_by_one() -> None:
    with localcontext(prec=50):
        spread = 3 * Decimal("0.02") * (1 + Decimal(20 + 7) / 90).sqrt()

    assert cut(level=2, as_of=TODAY + timedelta(days=7)) == HaircutParts(
        dispersion=Decimal("0.02"),
        stale_days=7,
        liquidation_days=20,
        base=Decimal("0.20"),
        spread=round_up(spread, 6),
        few_deals=Decimal("0.30") / 5,
        confidence=Decimal("0.02"),
        floor=Decimal("0.15"),
        cap=Decimal("0.90"),
        market=cut(level=2, as_of=TODAY + timedelta(days=7)).market,
        melting=Decimal(0),
        total=cut(level=2, as_of=TODAY + timedelta(days=7)).market,
    )


def test_scatter_age_a_longer_sale_fewer_deals_and_a_worse_level_each_raise_the_haircut() -> None:
    ordinary = cut(level=2).total

    assert cut(level=2, prices=(3000, 4000, 5000, 3500, 4500)).total > ordinary
    assert cut(level=2, as_of=TODAY + timedelta(days=1)).total > ordinary
    assert cut(level=2, liquidation_days=21).total > ordinary
    assert cut(level=2, prices=(4000,) * 4).total > ordinary
    assert cut(level=3).total > ordinary > cut(level=1).total


def test_no_haircut_is_above_ninety_percent_before_melting() -> None:
    wild = (1, 100, 10_000, 1_000_000, 100_000_000)

    assert cut(prices=wild).market == Decimal("0.90")


@pytest.mark.parametrize(("level", "floor"), [(1, "0.10"), (2, "0.15"), (3, "0.25")])
def test_no_haircut_is_below_its_level_s_floor(level: int, floor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.valuation.haircut.BASE", Decimal(-9))

    assert cut(level=level).total == Decimal(floor)


def test_what_melts_during_the_sale_comes_off_what_the_market_leaves() -> None:
    melting = Fraction(20, 100)
    with localcontext(prec=50):
        spread = 3 * Decimal("0.02") * (1 + Decimal(20) / 90).sqrt()
        left = (-(Decimal("0.20") + spread + Decimal("0.06") + Decimal("0.05"))).exp()

    assert cut(level=3, melting=melting).total == round_up(1 - Fraction(left) * (1 - melting), 6)


def level_of(trades: list[Trade], instrument: Instrument = Instrument.DISCHARGE_RIGHT, stale_days: int = 0) -> int:
    """Return the confidence level of deals up to today, some days later."""
    return confidence_level(instrument, panel_of(trades), TODAY + timedelta(days=stale_days))


def test_a_discharge_right_is_never_at_level_one() -> None:
    daily = deals(*[4000] * 60, first_days_ago=0)

    assert level_of(daily, Instrument.CARBON_ALLOWANCE) == 1
    assert level_of(daily, Instrument.DISCHARGE_RIGHT) == 2


def test_level_one_needs_a_deal_within_seven_days_and_forty_deal_days_in_ninety() -> None:
    daily = deals(*[4000] * 60, first_days_ago=0)

    assert level_of(daily, Instrument.CARBON_ALLOWANCE, stale_days=7) == 1
    assert level_of(daily, Instrument.CARBON_ALLOWANCE, stale_days=8) == 2
    assert level_of(daily[:40], Instrument.CARBON_ALLOWANCE) == 1
    assert level_of(daily[:39], Instrument.CARBON_ALLOWANCE) == 2


def test_level_two_needs_a_deal_within_28_days_and_ten_deal_days_in_ninety() -> None:
    weekly = deals(*[4000] * 10, first_days_ago=0, every_days=9)

    assert level_of(weekly, stale_days=28) == 2
    assert level_of(weekly, stale_days=29) == 3
    assert level_of(weekly[:9]) == 3
    assert level_of(deals(*[4000] * 10, first_days_ago=0, every_days=10)) == 3


def test_provincial_evidence_is_always_at_level_three() -> None:
    panel = panel_of(deals(*[4000] * 60, first_days_ago=0))

    assert confidence_level(Instrument.CARBON_ALLOWANCE, replace(panel, tier=Tier.PROVINCE), TODAY) == 3
