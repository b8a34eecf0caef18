"""The rulebook: narrow before wide, dates respected, and the unknown never replaced by a guess."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.jurisdictions.rulebook import InvalidRule, Rule, Rulebook, RuleUnknown, Standing
from domain.jurisdictions.rules import checked, day, flag, ratio, whole, word, words
from domain.values.identifiers import NATIONAL, Division

ZHEJIANG, HANGZHOU, XIHU, HUBEI = (Division(code) for code in ("330000", "330100", "330106", "420000"))
TODAY = date(2026, 11, 21)
LTV = "pledge.ltv_max"


def a_rule(value: object = Decimal("0.80"), division: Division = NATIONAL, **changes: object) -> Rule:
    ordinary = Rule(
        name=LTV,
        division=division,
        value=value,
        unit="ratio",
        document="某省办法",
        number="某发〔2022〕1号",
        article="7",
        valid_from=None,
        valid_to=None,
        standing=Standing.UNKNOWN if value is None else Standing.DIGEST,
        note="",
    )
    return replace(ordinary, **changes)  # type: ignore[arg-type]  # each test names real fields


@pytest.mark.parametrize("own", [XIHU, HANGZHOU, ZHEJIANG, NATIONAL])
def test_the_narrowest_jurisdiction_that_has_a_rule_decides(own: Division) -> None:
    wider = [place for place in (HANGZHOU, ZHEJIANG, NATIONAL) if place < own or place == NATIONAL]
    rules = [a_rule(division=place) for place in {*wider, own} - {own}]
    narrowest = a_rule(Decimal("0.55"), own)

    assert Rulebook([*rules, narrowest]).find(LTV, XIHU, TODAY) == narrowest


def test_a_neighbouring_province_decides_nothing() -> None:
    assert Rulebook([a_rule(division=HUBEI)]).find(LTV, XIHU, TODAY) is None


def test_a_city_is_not_bound_by_the_rule_of_its_county() -> None:
    assert Rulebook([a_rule(division=XIHU)]).find(LTV, HANGZHOU, TODAY) is None


@pytest.mark.parametrize(
    ("on", "holds"),
    [
        (date(2021, 12, 31), False),
        (date(2022, 1, 1), True),
        (date(2025, 12, 31), True),
        (date(2026, 1, 1), False),
    ],
)
def test_a_rule_holds_from_its_first_day_through_its_last(on: date, holds: bool) -> None:
    rule = a_rule(valid_from=date(2022, 1, 1), valid_to=date(2025, 12, 31))

    assert (Rulebook([rule]).find(LTV, XIHU, on) == rule) is holds


def test_of_two_rules_in_force_the_later_one_decides_whatever_their_order() -> None:
    old = a_rule(Decimal("0.60"))
    middle = a_rule(Decimal("0.70"), valid_from=date(2020, 1, 1))
    new = a_rule(Decimal("0.80"), valid_from=date(2024, 1, 1))

    for order in ([old, middle, new], [new, middle, old], [middle, new, old]):
        book = Rulebook(order)
        assert book.find(LTV, XIHU, date(2026, 1, 1)) == new
        assert book.find(LTV, XIHU, date(2023, 12, 31)) == middle
        assert book.find(LTV, XIHU, date(2019, 12, 31)) == old


def test_an_expired_rule_of_a_province_gives_way_to_the_national_one() -> None:
    expired = a_rule(Decimal("0.50"), ZHEJIANG, valid_to=date(2025, 12, 31))
    national = a_rule()

    assert Rulebook([expired, national]).require(LTV, XIHU, TODAY) == national


def test_an_unknown_rule_of_a_province_is_not_replaced_by_the_national_one() -> None:
    book = Rulebook([a_rule(None, ZHEJIANG), a_rule()])

    with pytest.raises(RuleUnknown) as refusal:
        book.require(LTV, XIHU, TODAY)
    assert refusal.value.facts() == {"rule": LTV, "division": XIHU, "on": TODAY}
    assert refusal.value.code == "rule_unknown"
    assert book.require(LTV, HUBEI, TODAY).value == Decimal("0.80")


@pytest.mark.parametrize(
    "rules", [[], [a_rule(valid_to=date(2025, 12, 31))], [a_rule(None)]], ids=["absent", "expired", "unknown"]
)
def test_a_rule_that_is_absent_expired_or_unknown_is_refused_by_name(rules: list[Rule]) -> None:
    with pytest.raises(RuleUnknown):
        Rulebook(rules).require(LTV, XIHU, TODAY)


def test_the_rules_in_force_are_one_a_name_and_ordered() -> None:
    own, default = a_rule(Decimal("0.55"), ZHEJIANG), a_rule()
    other = a_rule(None, name="repurchase.price_formula", unit="text")
    expired = a_rule(5, name="lease.months_max", unit="month", valid_to=date(2025, 12, 31))

    assert Rulebook([other, default, own, expired]).in_force(XIHU, TODAY) == (own, other)


def test_two_rules_of_one_division_name_and_first_day_are_refused() -> None:
    with pytest.raises(InvalidRule):
        Rulebook([a_rule(), a_rule(Decimal("0.70"))])


def test_one_name_has_one_unit_everywhere() -> None:
    with pytest.raises(InvalidRule) as refusal:
        Rulebook([a_rule(), a_rule(5, ZHEJIANG, unit="year")])
    assert LTV in refusal.value.what


def test_a_rule_added_by_an_operator_replaces_an_unknown_one_from_its_first_day() -> None:
    book = Rulebook([a_rule(None, ZHEJIANG), a_rule()])
    added = a_rule(Decimal("0.75"), ZHEJIANG, valid_from=date(2026, 1, 1))

    assert book.with_rules([added]).require(LTV, XIHU, TODAY) == added
    with pytest.raises(RuleUnknown):
        book.require(LTV, XIHU, TODAY)
    with pytest.raises(InvalidRule):
        book.with_rules([replace(added, value="0.75")])


MALFORMED = {
    "a ratio above one": {"value": Decimal("1.01")},
    "a negative ratio": {"value": Decimal("-0.1")},
    "a ratio that is not a number": {"value": Decimal("NaN")},
    "a float": {"value": 0.8},
    "a text for a ratio": {"value": "0.8"},
    "a whole number for a ratio": {"value": 1},
    "a flag for a count": {"value": True, "unit": "year"},
    "a negative count": {"value": -1, "unit": "day"},
    "an infinite price": {"value": Decimal("Infinity"), "unit": "CNY/t/a"},
    "a number for a flag": {"value": 1, "unit": "flag"},
    "an empty text": {"value": "", "unit": "text"},
    "an empty list": {"value": (), "unit": "words"},
    "a word twice": {"value": ("SO2", "SO2"), "unit": "words"},
    "a list of numbers": {"value": (1, 2), "unit": "words"},
    "a text for a date": {"value": "2025-12-31", "unit": "date"},
    "an unknown unit": {"unit": "percent"},
    "an unknown rule with a value": {"standing": Standing.UNKNOWN},
    "a known rule without a value": {"value": None, "standing": Standing.TEXT},
    "an end before the beginning": {"valid_from": date(2022, 1, 1), "valid_to": date(2021, 12, 31)},
    "no document": {"document": ""},
    "a name of one word": {"name": "ltv"},
    "a name in capitals": {"name": "Pledge.LTV"},
}


@pytest.mark.parametrize("changes", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_rule_that_is_not_well_made_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidRule) as refusal:
        checked(replace(a_rule(), **changes))  # type: ignore[arg-type]  # a table of wrong values
    assert refusal.value.code == "invalid_rule"


WELL_MADE = {
    "ratio": (Decimal("0.80"), ratio),
    "year": (5, whole),
    "flag": (True, flag),
    "word": ("hubei", word),
    "words": (("active",), words),
    "date": (date(2025, 12, 31), day),
}


@pytest.mark.parametrize("unit", WELL_MADE)
def test_a_value_is_read_as_its_kind_and_as_no_other(unit: str) -> None:
    value, own_reader = WELL_MADE[unit]
    rule = checked(a_rule(value, unit=unit))

    assert own_reader(rule) == value
    for _, reader in WELL_MADE.values():
        if reader is not own_reader:
            with pytest.raises(TypeError, match=LTV):
                reader(rule)
