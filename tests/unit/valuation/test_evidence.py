"""Which tier speaks, what of it binds, and which deals are shown for it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from domain.market.priced_deals import PricedDeal
from domain.market.trades import TradeKind
from domain.rights.rights import Tenure
from domain.valuation.evidence import Evidence, NoPriceEvidence, Tier, gather
from domain.valuation.market import Market, look_at
from domain.valuation.quote import Quote, quote_of
from domain.valuation.series import LOG_ONE
from domain.values.identifiers import Division
from domain.values.instruments import Instrument
from tests.unit.market.deals import NINGBO, SHAOXING, TODAY
from tests.unit.valuation.subjects import NOW, a_deal, a_subject, an_allowance, days_ago
from tests.unit.valuation.test_market import a_tariff, allowances

PEERS = [Division(code) for code in ("340000", "350000", "360000", "370000")]


def run(price: int, newest: int, count: int = 12, every: int = 3, **changes: Any) -> list[PricedDeal]:  # noqa: ANN401 - as `a_deal`
    """Return deals at one price, the newest so many days ago."""
    place = changes.get("division", SHAOXING)
    return [
        a_deal(f"{place}-{newest}-{n}", price, traded_on=days_ago(newest + every * n), **changes) for n in range(count)
    ]


def peer(division: Division, early: int, late: int, since: int = 100) -> list[PricedDeal]:
    """Return a province whose price went from one to another so many days ago."""
    return [
        *run(early, since, 260, division=division, venue=division),
        *run(late, 1, since // 3, division=division, venue=division),
    ]


def told(rows: Sequence[PricedDeal], peers: Sequence[PricedDeal] = (), days: int = 0, **changes: Any) -> Evidence:  # noqa: ANN401 - of a subject
    """Return the evidence for the ordinary right so many days from today."""
    subject, as_of = a_subject(**changes), TODAY + timedelta(days=days)
    return gather(subject, look_at(subject, Market(deals=rows, peers=peers), as_of, NOW), as_of)


def quoted(rows: Sequence[PricedDeal], peers: Sequence[PricedDeal] = (), days: int = 0) -> Quote:
    """Return what that evidence says."""
    return quote_of(Instrument.DISCHARGE_RIGHT, told(rows, peers, days), 0, TODAY + timedelta(days=days))


def test_the_right_s_own_city_speaks_first_and_its_province_not_at_all() -> None:
    found = told([*run(4000, 1), *run(9000, 1, division=NINGBO)])

    assert (found.tier, len(found.estimates)) == (Tier.CITY, 1)
    assert {item.division for item in found.items} == {SHAOXING}


def test_where_the_city_has_too_few_deals_its_province_speaks_with_them() -> None:
    found = told([*run(4000, 1, count=4), *run(9000, 1, division=NINGBO)])

    assert found.tier is Tier.PROVINCE
    assert {item.division for item in found.items} == {SHAOXING, NINGBO}


def test_a_city_that_falls_silent_does_not_hand_over_to_a_dearer_province() -> None:
    rows = [*run(1000, 360), *run(9000, 100, division=NINGBO)]

    before, after = quoted(rows), quoted(rows, days=6)

    assert (before.tier, after.tier) == (Tier.CITY, Tier.PROVINCE)
    assert after.unit_value == before.unit_value == Decimal(1000)
    assert len(after.evidence.estimates) == 2
    assert after.confidence_level == 3


def test_a_city_that_falls_silent_does_hand_over_to_a_cheaper_province() -> None:
    rows = [*run(9000, 360), *run(1000, 100, division=NINGBO)]

    assert [quoted(rows, days=days).unit_value for days in (0, 6)] == [9000, 1000]


def test_too_few_deals_are_no_evidence_and_never_a_value() -> None:
    for rows in ([], run(4000, 1, count=4), run(4000, 1, every=0), run(4000, 1, count=2) + run(4000, 400, count=3)):
        with pytest.raises(NoPriceEvidence) as refused:
            told(rows)
        assert refused.value.deals_needed == 5


def test_the_refusal_counts_what_there_is() -> None:
    with pytest.raises(NoPriceEvidence) as refused:
        told([*run(4000, 1, count=2), *run(4000, 1, count=1, division=NINGBO)])

    assert (refused.value.deals_in_city, refused.value.deals_in_province) == (2, 3)


def test_after_two_years_of_silence_no_deal_speaks_any_more() -> None:
    rows = [*run(1000, 700), *run(2000, 650, division=NINGBO)]

    assert quoted(rows, days=80).unit_value == 1000
    with pytest.raises(NoPriceEvidence):
        quoted(rows, days=81)


def test_peers_are_asked_for_their_movement_where_the_own_evidence_is_older_than_twenty_weekdays() -> None:
    halved = [deal for division in PEERS for deal in peer(division, 2000, 1000, since=10)]

    fresh, stale = quoted(run(4000, 28), halved), quoted(run(4000, 30), halved)

    assert (fresh.tier, fresh.unit_value) == (Tier.CITY, Decimal(4000))
    assert stale.tier is Tier.MOVEMENT
    assert stale.unit_value == pytest.approx(Decimal(2000), abs=1)
    assert stale.evidence.moved_by == pytest.approx(-0.6931 * LOG_ONE, rel=1e-3)
    assert set(stale.evidence.peers) == set(PEERS)


def test_peers_move_a_value_down_and_never_up() -> None:
    doubled = [deal for division in PEERS for deal in peer(division, 1000, 2000)]

    assert quoted(run(4000, 200), doubled).unit_value == 4000
    assert told(run(4000, 200), doubled).moved_by == 0


def test_the_peers_median_move_counts_and_of_two_the_lower() -> None:
    late = dict(zip(PEERS, (500, 1000, 1900, 4000), strict=True))
    moves = [deal for division, price in late.items() for deal in peer(division, 2000, price)]

    assert quoted(run(4000, 200), moves).unit_value == pytest.approx(Decimal(2000), abs=1)


@pytest.mark.parametrize(("count", "is_moved"), [(2, False), (3, True)])
def test_fewer_than_three_peers_move_nothing(count: int, is_moved: bool) -> None:
    halved = [deal for division in PEERS[:count] for deal in peer(division, 2000, 1000)]

    assert (quoted(run(4000, 200), halved).unit_value < 4000) is is_moved


def test_a_peer_that_has_not_dealt_since_says_nothing() -> None:
    silent = [deal for division in PEERS[:3] for deal in run(1000, 300, division=division, venue=division)]

    assert told(run(4000, 200), silent).moved_by is None


def test_a_peer_s_level_is_never_the_right_s() -> None:
    level = [deal for division in PEERS for deal in run(77, 1, 100, division=division, venue=division)]

    assert quoted(run(4000, 200), level).unit_value == 4000
    with pytest.raises(NoPriceEvidence):
        quoted(run(4000, 200, count=4), level)


def test_what_peers_took_off_stays_off_when_a_province_takes_over_or_nobody_has_dealt_for_two_years() -> None:
    halved = [deal for division in PEERS for deal in peer(division, 2000, 1000, since=60)]
    rows = [*run(4000, 364), *run(5000, 10, division=NINGBO)]

    city, province = quoted(rows, halved), quoted(rows, halved, days=3)
    assert len(province.evidence.estimates) == 2
    assert province.unit_value == city.unit_value < 2001

    old = [*run(4000, 729), a_tariff("t", 9000, 300)]
    deals, tariff = quoted(old, halved), quoted(old, halved, days=3)
    assert (deals.tier, tariff.tier) == (Tier.MOVEMENT, Tier.ADMINISTERED)
    assert tariff.unit_value == deals.unit_value < 2001


def test_an_administered_price_alone_is_the_last_tier() -> None:
    found = quoted([a_tariff("t", 1000, 30)])

    assert (found.tier, found.unit_value, found.confidence_level) == (Tier.ADMINISTERED, Decimal(1000), 3)
    assert found.losses.at(0).market >= Decimal("0.5")
    assert [item.trade_no for item in found.evidence.items] == ["t"]
    assert found.volume_a_weekday is None


def test_an_administered_price_older_than_two_years_is_none() -> None:
    assert quoted([a_tariff("t", 1000, 730)]).unit_value == 1000
    with pytest.raises(NoPriceEvidence):
        quoted([a_tariff("t", 1000, 731)])


@pytest.mark.parametrize(("days", "capped"), [(11, True), (12, False)])
def test_an_administered_price_caps_a_market_of_fewer_than_twelve_trading_days(days: int, capped: bool) -> None:
    found = quoted([*run(4000, 1, count=days), a_tariff("t", 1000, 30)])

    assert found.unit_value == 4000
    assert found.lending_unit_value == (1000 if capped else 4000)


def test_an_administered_price_is_never_a_floor() -> None:
    for days in (6, 30):
        found = quoted([*run(4000, 1, count=days, every=2), a_tariff("t", 9000, 30)])
        assert found.unit_value == found.lending_unit_value == 4000

    old = quoted([*run(1000, 740), a_tariff("t", 9000, 30)])
    assert (old.tier, old.unit_value) == (Tier.ADMINISTERED, Decimal(1000))
    assert old.lending_unit_value == 1000


def test_the_cap_of_a_thin_city_stays_when_a_busy_province_takes_over() -> None:
    rows = [*run(4000, 364, count=6), *run(5000, 1, count=30, division=NINGBO), a_tariff("t", 1000, 300)]

    before, after = quoted(rows), quoted(rows, days=3)

    assert (before.tier, after.tier) == (Tier.CITY, Tier.PROVINCE)
    assert before.lending_unit_value == after.lending_unit_value == 1000


def test_each_deal_is_shown_with_its_share_of_its_day_s_weight() -> None:
    day = [a_deal("big", 4000, 30, traded_on=TODAY), a_deal("small", 4400, 10, traded_on=TODAY)]
    found = told([*run(4000, 1), *day])

    weights = {item.trade_no: item.weight for item in found.items}
    assert weights["big"] == 3 * weights["small"]
    assert sum(weights.values()) == 1
    assert found.items[-1].printed_unit_value == Decimal("4400.000000")


def test_a_deal_far_from_its_day_and_one_before_the_window_are_named_as_such() -> None:
    far = a_deal("far", 12000, 1, traded_on=days_ago(1))
    found = told([*run(4000, 1, count=6), far, a_deal("old", traded_on=days_ago(386))])

    assert {row.trade_no: row.code for row in found.exclusions} == {"far": "far_from_its_day", "old": "before_window"}


def test_a_right_for_good_is_priced_by_deals_for_good_alone() -> None:
    for_good = [replace(deal, basis=a_subject(tenure=Tenure.PERMANENT, valid_to=None).basis) for deal in run(18000, 1)]

    found = told([*run(4000, 1), *for_good], tenure=Tenure.PERMANENT, valid_to=None)

    assert {item.unit_value for item in found.items} == {Fraction(18000)}


def test_an_allowance_is_priced_by_those_of_its_vintage() -> None:
    rows = [*allowances(2025, "same"), *allowances(2024, "other")]
    subject = an_allowance(vintage=2025)

    found = gather(subject, look_at(subject, Market(deals=rows), TODAY, NOW), TODAY)

    assert {item.source for item in found.items} == {"same"}


def test_a_block_and_a_government_sale_are_shown_with_half_the_weight() -> None:
    rows = run(4000, 1, count=12)
    halved = [replace(rows[3], kind=TradeKind.GOVERNMENT_SALE), *rows[:3], *rows[4:]]

    whole, half = ({item.trade_no: item.weight for item in told(each).items} for each in (rows, halved))

    number, beside = rows[3].trade_no, rows[4].trade_no
    assert float(half[number] / half[beside]) == pytest.approx(float(whole[number] / whole[beside]) / 2, rel=1e-3)


def test_the_first_day_of_a_market_is_like_any_other() -> None:
    assert told(run(4000, 1), days=0).items[0].traded_on >= date(2026, 1, 1)
