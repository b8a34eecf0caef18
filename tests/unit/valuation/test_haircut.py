"""What a forced sale may lose, by the most careful of what binds, and how far a haircut is trusted."""

from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_UP, Decimal, localcontext
from fractions import Fraction
from math import exp, sqrt

import pytest

from domain.valuation.estimate import estimate
from domain.valuation.evidence import Evidence, Tier
from domain.valuation.haircut import Losses, confidence_level, parts
from domain.values.instruments import Instrument
from domain.values.weekdays import weekdays_between
from tests.unit.market.deals import TODAY
from tests.unit.valuation.random_series import an_item

ALLOWANCE = Instrument.CARBON_ALLOWANCE
RIGHT = Instrument.DISCHARGE_RIGHT
NO_SHARES = dict.fromkeys(("guard", "roll_over", "melting", "lot", "total"), Fraction(0))


def evidence(tier: Tier = Tier.CITY, *prices: tuple[int, ...], stale: int = 0, administered: int = 0) -> Evidence:
    """Return evidence of one estimate for each row of daily prices, or of an administered price of so many days ago."""
    found = []
    for row in prices or (((100,) * 60),):
        items = [an_item(day, price) for day, price in enumerate(row)]
        found.append(estimate(items, items[-1].on + timedelta(days=stale)))
    return Evidence(
        tier=tier,
        estimates=() if tier is Tier.ADMINISTERED and not prices else tuple(found),
        items=(),
        exclusions=(),
        administered=Decimal(1000) if tier is Tier.ADMINISTERED else None,
        administered_on=TODAY - timedelta(days=administered) if tier is Tier.ADMINISTERED else None,
    )


@pytest.mark.parametrize("wait", [0, 20, 500])
def test_an_administered_price_that_nobody_paid_loses_at_least_half(wait: int) -> None:
    found = Losses(evidence(Tier.ADMINISTERED), 3, TODAY).at(wait)

    loss = 0.20 + 1.2 * 0.30 * sqrt(100 * (1 - exp(-wait / 100))) + 0.05
    assert float(found.market) == pytest.approx(min(max(1 - exp(-loss), 0.5), 0.9), abs=1e-9)
    assert found.floor == Decimal("0.50")


def test_an_administered_price_loses_more_the_older_it_is() -> None:
    losses = [Losses(evidence(Tier.ADMINISTERED, administered=days), 3, TODAY).at(0).market for days in (0, 30, 90)]

    assert losses[0] == Decimal("0.5") < losses[1] < losses[2] <= Decimal("0.9")
    assert weekdays_between(TODAY - timedelta(days=90), TODAY) > 60


def test_of_several_estimates_the_most_careful_haircut_binds() -> None:
    calm, wild = (100,) * 60, (100, 150, 90, 170, 60) * 12
    both = Losses(evidence(Tier.PROVINCE, calm, wild), 3, TODAY)

    assert both.at(20) == Losses(evidence(Tier.CITY, wild), 3, TODAY).at(20)
    assert both.at(20).market > Losses(evidence(Tier.CITY, calm), 3, TODAY).at(20).market


def test_deals_and_an_administered_price_together_lose_what_the_worse_of_them_loses() -> None:
    calm = evidence(Tier.ADMINISTERED, (100,) * 60)

    assert Losses(calm, 3, TODAY).at(20) == Losses(evidence(Tier.ADMINISTERED), 3, TODAY).at(20)


def test_the_share_of_a_rung_is_rounded_up_to_twelve_decimals_whatever_the_program_s_own_precision() -> None:
    losses = Losses(evidence(), 2, TODAY)
    expected = losses.share(17)

    assert 0 <= expected - losses.at(17).market < Decimal("1e-12")
    with localcontext(prec=6, rounding=ROUND_UP):
        assert Losses(evidence(), 2, TODAY).share(17) == expected
        assert Losses(evidence(Tier.ADMINISTERED), 3, TODAY).share(17) == Losses(
            evidence(Tier.ADMINISTERED), 3, TODAY
        ).share(17)


def test_a_liquid_allowance_is_at_level_one_and_a_discharge_right_at_two_until_200_own_deals() -> None:
    liquid = evidence()

    assert confidence_level(ALLOWANCE, liquid, 0) == confidence_level(Instrument.CARBON_CREDIT, liquid, 0) == 1
    assert [confidence_level(RIGHT, liquid, own) for own in (0, 199, 200)] == [2, 2, 1]


def test_own_deals_make_no_thin_market_better() -> None:
    assert confidence_level(RIGHT, evidence(Tier.CITY, (100,) * 8), 10**6) == 3


@pytest.mark.parametrize("tier", [Tier.PROVINCE, Tier.ADMINISTERED])
def test_a_province_s_mean_or_an_administered_price_is_at_level_three(tier: Tier) -> None:
    assert confidence_level(ALLOWANCE, evidence(tier, (100,) * 60), 10**6) == 3
    assert confidence_level(ALLOWANCE, evidence(tier), 10**6) == 3


def test_a_level_moved_with_other_provinces_is_at_two_at_best() -> None:
    assert confidence_level(ALLOWANCE, evidence(Tier.MOVEMENT, (100,) * 60), 0) == 2


def test_two_estimates_that_bind_together_are_at_level_three() -> None:
    assert confidence_level(ALLOWANCE, evidence(Tier.MOVEMENT, (100,) * 60, (90,) * 60), 0) == 3


def test_the_parts_add_up_to_the_loss_and_are_told_with_what_they_are_made_of() -> None:
    found = evidence(stale=400)
    loss = Losses(found, 3, TODAY).at(14)
    told = parts(found, loss, 20, NO_SHARES | {"lot": Fraction(1, 3)})

    total = told.base + told.uncertainty + told.confidence + told.silence
    assert float(told.market) == pytest.approx(1 - exp(-float(total)), abs=1e-5)
    assert told.silence > 0
    assert (told.liquidation_days, told.floor, told.cap) == (20, Decimal("0.25"), Decimal("0.90"))
    assert told.stale_weekdays == found.estimates[0].stale_weekdays
    assert told.lot == Decimal("0.333334")
    assert told.error >= found.estimates[0].error > told.error - Decimal("0.000001")


def test_a_silent_market_at_a_worse_level_loses_more() -> None:
    base = evidence()
    fresh, stale = (Losses(replace(base, estimates=evidence(stale=days).estimates), 2, TODAY) for days in (0, 300))

    assert fresh.at(0).market < stale.at(0).market
    assert fresh.at(0).market < fresh.at(60).market < Losses(base, 3, TODAY).at(60).market
