"""The level of a price after each of its deals."""

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.market.trades import TradeKind
from domain.valuation.daily_items import DailyItem
from domain.valuation.series import LOG_ONE, UNIT, Levels, Series, capped, logarithms
from tests.unit.valuation import reference
from tests.unit.valuation.random_series import a_series, an_item

SEEDS = range(24)
ROUNDED = 1e-8


def levels_of(items: Sequence[DailyItem]) -> Levels:
    """Return the level after each of some items."""
    series = Series.of(items)
    return series.levels(0, len(series.items) - 1)


def last(items: Sequence[DailyItem]) -> tuple[float, float]:
    """Return level and scale after the last of some items, as logarithms."""
    found = levels_of(items)
    return int(found.log[-1]) / LOG_ONE, int(found.scale[-1]) / LOG_ONE


@pytest.mark.parametrize("seed", SEEDS)
def test_every_level_is_that_of_the_words_worked_out_item_by_item(seed: int) -> None:
    items = a_series(seed)
    found = levels_of(items)

    for at in range(len(items)):
        expected = reference.level(items[: at + 1])
        held = len(expected.weights)
        assert abs(int(found.log[at]) - expected.log) <= ROUNDED * LOG_ONE, at
        assert int(found.centre[at]) == at + 1 - held + expected.centre
        assert int(found.scale[at]) == expected.scale
        row = found.weights[at].tolist()
        assert [Fraction(weight, sum(row)) for weight in row[-held:]] == expected.weights
        assert not any(row[:-held])


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_rounded_on_the_way_matters_less_than_two_millionths_of_the_scale(seed: int) -> None:
    items = a_series(seed)
    found = levels_of(items)

    for at in range(0, len(items), 5):
        exact = reference.level(items[: at + 1], exactly=True)
        assert abs(int(found.log[at]) - exact.log) <= Fraction(20, UNIT) * exact.scale + 100, at


def test_the_levels_of_some_items_do_not_depend_on_which_are_asked_for() -> None:
    series = Series.of(a_series(1))
    whole = series.levels(0, len(series.items) - 1)

    for at in range(len(series.items)):
        alone = series.levels(at, at)
        assert (alone.log[0], alone.scale[0], alone.centre[0]) == (whole.log[at], whole.scale[at], whole.centre[at])


@pytest.mark.parametrize("price", [1, 7, 10**6, 123_456_789, 10**12 + 1, 10**24, 10**30])
def test_logarithms_are_right_to_the_last_billionth_for_every_price_that_can_be_told(price: int) -> None:
    assert logarithms([price]).tolist() == [reference.ln(price)]


@settings(max_examples=150)
@given(st.integers(1, 10**30))
def test_logarithms_are_right_for_any_price(price: int) -> None:
    assert logarithms([price]).tolist() == [reference.ln(price)]


def test_where_the_machine_s_logarithm_cannot_be_sure_of_the_rounding_decimals_decide(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("domain.valuation.series._UNSURE", 1.0)
    prices = list(range(999_990, 1_000_200))

    assert logarithms(prices).tolist() == [reference.ln(price) for price in prices]


def test_one_item_is_its_own_level() -> None:
    level, scale = last([an_item(0, 80)])

    assert level == pytest.approx(log(80), abs=ROUNDED)
    assert scale == 0.02


def test_items_that_agree_are_their_own_level_whatever_their_size_and_age() -> None:
    found = levels_of([an_item(day, 80, volume=1 + day**3) for day in range(0, 300, 11)])

    assert set(found.log.tolist()) == {reference.ln(80 * 10**6)}


def test_no_series_is_made_of_nothing() -> None:
    with pytest.raises(ValueError, match="nothing"):
        Series.of([])


def weights(items: Sequence[DailyItem]) -> list[Fraction]:
    """Return the weights behind the last level, oldest first."""
    row = levels_of(items).weights[-1].tolist()
    return [Fraction(weight, sum(row)) for weight in row if weight]


def beside_the_next(item: DailyItem) -> float:
    """Return the weight of an item of the seventh day of twelve by that of the eighth, which weighs fully."""
    row = weights([*(an_item(day) for day in range(6)), item, *(an_item(day) for day in range(7, 12))])
    return float(row[6] / row[7])


def test_only_the_newest_twenty_items_are_looked_at() -> None:
    items = [an_item(day, 80) for day in range(30)]

    assert len(weights(items)) == 20
    assert last([an_item(0, 8000), *items[10:]]) == last(items)


def test_an_item_more_than_365_days_older_than_the_newest_is_not_looked_at() -> None:
    items = [an_item(365 + day) for day in range(3)]

    assert len(weights([an_item(2), *items])) == 4
    assert len(weights([an_item(1), *items])) == 3


def test_days_count_back_from_the_newest_item() -> None:
    late = [an_item(day + 1000, 80 + day) for day in range(0, 30, 3)]
    early = [an_item(day, 80 + day) for day in range(0, 30, 3)]

    assert last(late) == last(early)


def test_an_item_weighs_half_of_its_size_every_one_and_a_half_items_and_every_fifteen_days() -> None:
    in_a_row = weights([an_item(day, 80) for day in range(20)])
    spread = weights([an_item(15 * day, 80) for day in range(20)])

    for row, halvings in ((in_a_row, Fraction(2) + Fraction(3, 15)), (spread, Fraction(2) + 3)):
        assert float(row[13] / row[10]) == pytest.approx(2 ** float(halvings), rel=0.01)


def test_a_fifth_of_the_ordinary_volume_weighs_fully_and_dust_in_proportion() -> None:
    full = beside_the_next(an_item(6))

    assert beside_the_next(an_item(6, volume=20)) == beside_the_next(an_item(6, volume=10**6)) == full
    assert beside_the_next(an_item(6, volume=10)) == pytest.approx(full / 2, rel=1e-3)
    assert beside_the_next(an_item(6, volume=1)) == pytest.approx(full / 20, rel=1e-3)


def test_a_block_counts_half() -> None:
    full = beside_the_next(an_item(6))

    for kind in TradeKind:
        is_half = kind in {TradeKind.BLOCK, TradeKind.GOVERNMENT_AUCTION, TradeKind.GOVERNMENT_SALE}
        assert beside_the_next(an_item(6, kind=kind)) == pytest.approx(full / 2 if is_half else full, rel=1e-3)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_up_to_four_items_weigh_alike(count: int) -> None:
    assert weights([an_item(10 * day, volume=10**day) for day in range(count)]) == [Fraction(1, count)] * count


@settings(max_examples=150)
@given(st.lists(st.integers(1, UNIT), min_size=1, max_size=20))
def test_no_item_weighs_more_than_a_quarter_and_the_order_of_sizes_stays(sizes: list[int]) -> None:
    row = capped(np.array([sizes], dtype=np.int64))[0].tolist()

    assert [Fraction(weight, sum(row)) for weight in row] == reference.a_quarter_at_most(sizes)
    assert max(row) * min(4, len(row)) <= sum(row)
    assert [weight for _, weight in sorted(zip(sizes, row, strict=True))] == sorted(row)


groups_and_sizes = st.lists(st.tuples(st.integers(0, 6), st.integers(1, UNIT)), min_size=1, max_size=20)


@settings(max_examples=150)
@given(groups_and_sizes)
def test_no_group_weighs_more_than_a_quarter_however_many_deals_it_makes(rows: list[tuple[int, int]]) -> None:
    groups = [group for group, _ in rows]
    row = capped(*(np.array([each], dtype=np.int64) for each in ([size for _, size in rows], groups)))[0].tolist()

    of_group = {
        group: Fraction(sum(weight for weight, other in zip(row, groups, strict=True) if other == group), sum(row))
        for group in groups
    }
    assert all(share <= Fraction(1, min(4, len(of_group))) + Fraction(40, UNIT) for share in of_group.values())
    assert min(row) > 0


def test_a_group_that_deals_daily_weighs_a_quarter_beside_four_that_dealt_once() -> None:
    others = [an_item(day, 80, group=name) for day, name in enumerate("abcd")]
    busy = [an_item(4 + day, 240, group="busy") for day in range(8)]

    assert sum(weights([*others, *busy])[4:]) == pytest.approx(0.25, abs=1e-5)
    assert last([*others, *busy])[0] == pytest.approx(log(80), abs=0.01)


def test_items_whose_parties_are_withheld_are_no_group() -> None:
    nobody = [an_item(day, 80) for day in range(8)]

    assert max(weights(nobody)) == Fraction(1, 4)
    assert sum(weights([*nobody, an_item(8, 80, group="a")])[:8]) > Fraction(1, 2)


def test_between_two_prices_of_equal_weight_the_lower_is_the_centre() -> None:
    for prices in ((60, 80, 80, 60), (80, 60, 60, 80), (80, 80, 60, 60)):
        items = [an_item(day, price) for day, price in enumerate(prices)]
        assert items[int(levels_of(items).centre[-1])].price == 60 * 10**6


def steady(count: int = 12) -> list[DailyItem]:
    """Return daily items at a hundred, a per cent up and down."""
    return [an_item(day, "100" if day % 2 else "101") for day in range(count)]


def influence_of(ratio: str) -> float:
    """Return how far an item six days old moves the level of items that all say a hundred."""
    flat = [an_item(day) for day in range(12)]
    return last([*flat[:6], an_item(6, ratio), *flat[7:]])[0] - last(flat)[0]


def undrawn(by: float) -> float:
    """Return what is left of a move when the newest item, which has not moved, has drawn the level back."""
    return by * (1 - 0.60)


def test_an_item_within_one_scale_counts_as_it_is_beyond_it_counts_less_and_from_four_scales_on_nothing() -> None:
    weight = float(weights([an_item(day) for day in range(12)])[6])

    assert influence_of("101") == pytest.approx(undrawn(weight * log(1.01)), rel=1e-3)
    assert influence_of("102") == pytest.approx(undrawn(weight * log(1.02)), rel=1e-3)
    assert influence_of("105") == pytest.approx(undrawn(weight * (4 * 0.02 - log(1.05)) / 3), rel=1e-3)
    assert influence_of("108.4") == influence_of("10000000") == influence_of("0.000001") == 0


def test_a_newest_item_an_ordinary_step_away_draws_the_level_60_percent_of_the_way() -> None:
    level, _ = last([*steady(), an_item(12, "102")])
    undrawn = float(reference.level([*steady(), an_item(12, "102", volume=0 + 1)]).log) / LOG_ONE

    assert level > undrawn
    drawn = levels_of([*steady(), an_item(12, "102")]).drawn[-1]
    assert int(drawn) == UNIT


@pytest.mark.parametrize(("price", "share"), [("103", 1.0), ("104.6", 0.5), ("106.2", 0.0), ("300", 0.0), ("33", 0.0)])
def test_the_bigger_the_newest_step_the_less_it_draws_and_none_from_three_usual_steps_on(
    price: str, share: float
) -> None:
    drawn = levels_of([an_item(day) for day in range(12)] + [an_item(12, price)]).drawn[-1]

    assert int(drawn) / UNIT == pytest.approx(share, abs=0.02)


def test_dust_draws_no_level_to_itself() -> None:
    drawn = levels_of([*steady(), an_item(12, "102", volume=1)]).drawn[-1]

    assert int(drawn) / UNIT == pytest.approx(5 / 100, abs=1e-6)


def test_a_run_of_daily_limits_is_followed() -> None:
    run = [an_item(12 + day, f"{100 * 1.1 ** (day + 1):.6f}") for day in range(12)]

    assert last([*steady(), *run])[0] > log(100 * 1.1**11)


@settings(max_examples=150)
@given(st.integers(0, 10**6), st.integers(1, 10**24))
def test_a_level_lies_between_the_prices_that_were_paid(seed: int, price: int) -> None:
    items = list(a_series(seed))
    items[seed % len(items)] = DailyItem(
        items[seed % len(items)].on, price, items[0].volume, "XX", "", TradeKind.ENTERPRISE_TRADE
    )
    series = Series.of(items)
    found = series.levels(len(series.items) - 1, len(series.items) - 1)

    prices = [logarithms([item.price])[0] for item in series.items[-20:]]
    assert min(prices) - 1 <= int(found.log[0]) <= max(prices)


def test_the_order_of_input_is_irrelevant() -> None:
    items = list(a_series(3))

    assert Series.of(items).items == Series.of(items[::-1]).items


def test_a_second_wash_of_the_same_group_draws_no_level_to_itself() -> None:
    market = [an_item(day, group=f"buyer {day % 5}") for day in range(12)]
    one, another = an_item(12, "300", group="wash"), an_item(13, "300", group="wash")
    of_others = an_item(13, "300", group="another")

    assert int(levels_of([*market, one, another]).drawn[-1]) == 0
    assert int(levels_of([*market, one, of_others]).drawn[-1]) == UNIT


def test_a_second_venue_s_wash_on_the_same_day_draws_no_level_to_itself() -> None:
    market = [an_item(day) for day in range(12)]
    washes = [an_item(12, "300", venue=venue) for venue in ("NB", "SX")]

    assert int(levels_of([*market, *washes]).drawn[-1]) == 0
    assert last([*market, *washes])[0] == pytest.approx(log(100), abs=0.01)


def test_the_last_item_by_a_day_is_found() -> None:
    series = Series.of([an_item(0), an_item(5), an_item(9)])

    assert [series.last_by(an_item(day).on) for day in (0, 4, 5, 8, 9, 1000)] == [0, 0, 1, 1, 2, 2]
    assert series.last_by(an_item(0).on - timedelta(days=1)) is None
