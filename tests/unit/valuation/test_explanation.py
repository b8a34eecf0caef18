"""The facts that moved the value most, in words."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from domain.jurisdictions.rulebook import Rulebook
from domain.market.priced_deals import PricedDeal
from domain.rights.rights import Tenure
from domain.valuation import explanation
from domain.valuation.appraisal import Appraisal
from domain.valuation.explanation import FACTS_TOLD, Fact
from tests.unit.market.deals import tonnes_a_year
from tests.unit.valuation.markets import PROVINCES, moved_province
from tests.unit.valuation.subjects import LTV_MAX, a_deal, a_subject, an_appraisal, days_ago
from tests.unit.valuation.test_cautions import WITHIN, daily
from tests.unit.valuation.test_market import a_tariff


@pytest.fixture
def _all_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell every fact and not only the three strongest."""
    monkeypatch.setattr(explanation, "FACTS_TOLD", 99)


def facts(trades: Sequence[PricedDeal] | None = None, **changes: Any) -> dict[str, Fact]:  # noqa: ANN401 - as `an_appraisal`
    """Return the facts by their code."""
    small = {"subject": replace(WITHIN, quantity=tonnes_a_year("1"))}
    found = an_appraisal(daily() if trades is None else trades, **(small | changes))
    assert len({fact.code for fact in found.facts}) == len(found.facts)
    return {fact.code: fact for fact in found.facts}


def share(found: Appraisal, code: str) -> Decimal:
    """Return a fact's effect."""
    [fact] = [fact for fact in found.facts if fact.code == code]
    return fact.effect


HALVED = [deal for place in PROVINCES for deal in moved_province(place, 2000, 1000, 20)]
STRICT = Rulebook([replace(LTV_MAX, value=Decimal("0.20"))])
WILD = [a_deal(n, 3000 + 997 * (n % 5), traded_on=days_ago(1 + n)) for n in range(40)]


@pytest.mark.usefixtures("_all_told")
@pytest.mark.parametrize(
    ("code", "said", "not_said", "words"),
    [
        ("uncertain_price", {"trades": WILD}, {"trades": [a_tariff("t", 1, 1)]}, ("离散", "scatter")),
        ("forced_sale", {}, None, ("快速变现", "forced sale")),
        ("weak_evidence", {"trades": daily(9)}, {}, ("证据较弱", "weak evidence")),
        ("administered_price", {"trades": [a_tariff("t", 1000, 1)]}, {}, ("政府指导价", "administered price")),
        (
            "administered_price",
            {"trades": [*daily(8), a_tariff("t", 1000, 1)]},
            {"trades": [*daily(12), a_tariff("t", 1000, 1)]},
            ("成交不足", "too few deals"),
        ),
        ("guard", {"trades": [*daily(20, 6000), *daily(40, newest=21)]}, {}, ("半年中位价", "median of half a year")),
        (
            "moved_with_other_provinces",
            {"trades": daily(newest=60), "peers": HALVED},
            {"peers": HALVED},
            ("4个其他省份", "4 other provinces"),
        ),
        ("stale", {"trades": daily(newest=15)}, {"trades": daily(newest=0)}, ("10个交易日", "10 weekdays")),
        (
            "large_lot",
            {"subject": replace(WITHIN, quantity=tonnes_a_year("500"))},
            {},
            ("数量", "the quantity is large"),
        ),
        ("melting", {"liquidation_days": 30}, {"liquidation_days": 0}, ("30天", "30 days")),
        ("plan_roll_over", {"subject": a_subject(valid_to=date(2034, 1, 1))}, {}, ("2030-12-31", "2030-12-31")),
        ("loan_to_value_cap", {"rulebook": STRICT}, {}, ("上限20.0%", "cap of 20.0%")),
    ],
)
def test_each_fact_is_told_where_it_holds_in_both_languages_with_what_it_took(
    code: str, said: dict[str, Any], not_said: dict[str, Any] | None, words: tuple[str, str]
) -> None:
    fact = facts(**said)[code]

    assert words[0] in fact.zh
    assert words[1] in fact.en
    assert 0 < fact.effect <= 1
    percent = f"{(fact.effect * 100).quantize(Decimal('0.1'))}%"
    assert percent in fact.zh
    assert percent in fact.en
    if not_said is not None:
        assert code not in facts(**not_said)


def test_the_three_strongest_are_told_the_strongest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    found = an_appraisal(daily(9, newest=40), a_subject(valid_to=date(2034, 1, 1), quantity=tonnes_a_year("500")))
    monkeypatch.setattr(explanation, "FACTS_TOLD", 99)
    everything = an_appraisal(daily(9, newest=40), found.subject).facts

    assert len(found.facts) == FACTS_TOLD == 3 < len(everything)
    assert found.facts == everything[:3]
    effects = [fact.effect for fact in everything]
    assert effects == sorted(effects, reverse=True)


@pytest.mark.usefixtures("_all_told")
def test_the_effects_are_those_of_the_haircut_s_parts() -> None:
    found = an_appraisal([*daily(20, 6000), *daily(40, newest=21)], a_subject(valid_to=date(2034, 1, 1)))
    parts = found.haircut_parts

    for code, part in (("guard", parts.guard), ("plan_roll_over", parts.roll_over), ("melting", parts.melting)):
        assert share(found, code) == part > 0
    assert share(found, "large_lot") == parts.lot > 0


@pytest.mark.usefixtures("_all_told")
def test_what_other_provinces_took_is_told_as_what_the_value_lost() -> None:
    alone, moved = an_appraisal(daily(newest=60)), an_appraisal(daily(newest=60), peers=HALVED)

    lost = 1 - Fraction(moved.unit_value) / Fraction(alone.unit_value)
    assert float(share(moved, "moved_with_other_provinces")) == pytest.approx(float(lost), abs=1e-5)


@pytest.mark.usefixtures("_all_told")
def test_what_took_nothing_is_not_told() -> None:
    for_good = a_subject(tenure=Tenure.PERMANENT, valid_to=None, quantity=tonnes_a_year("0.1"))
    trades = [replace(deal, basis=for_good.basis) for deal in daily(newest=0)]

    assert set(facts(trades, subject=for_good)) == {"uncertain_price", "forced_sale"}
