"""What holds for whatever deals the market brings."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from domain.valuation.answer import body_of, evidence_of, exclusions_of
from domain.valuation.appraisal import Appraisal, RightExpired, recompute
from domain.valuation.evidence import NoPriceEvidence
from domain.valuation.inputs import inputs_body, inputs_of
from domain.valuation.repayment import Repayment
from domain.values.money import Money
from domain.values.quantity import Quantity
from tests.unit.market.deals import TODAY
from tests.unit.valuation.markets import Case, cases, repayments
from tests.unit.valuation.subjects import an_appraisal

MANY = settings(max_examples=150, deadline=None)
FEW = settings(max_examples=40, deadline=None)


def appraised(arguments: Mapping[str, Any], **changes: Any) -> Appraisal:  # noqa: ANN401 - arguments of `an_appraisal`
    """Return an appraisal, leaving out markets that speak for nothing and rights that end before a sale."""
    try:
        return an_appraisal(**(dict(arguments) | changes))
    except (NoPriceEvidence, RightExpired):
        assume(False)  # noqa: FBT003 - hypothesis' own signature
        raise


def told(appraisal: Appraisal) -> tuple[object, ...]:
    """Return everything that an appraisal tells."""
    return body_of(appraisal), evidence_of(appraisal), exclusions_of(appraisal)


@MANY
@given(cases(), st.integers(0, 2**32 - 1).map(Random), st.permutations("abcde"))
def test_neither_the_order_in_which_the_market_is_told_nor_what_groups_are_called_matters(
    case: Case, random: Random, names: list[str]
) -> None:
    found = appraised(case.arguments())
    another = dict(zip("abcde", (f"group {name}" for name in names), strict=True))
    shuffled = {name: random.sample(rows, k=len(rows)) for name, rows in _rows(case).items()}
    renamed = [replace(deal, buyer_group=another.get(deal.buyer_group or "")) for deal in shuffled["trades"]]

    assert told(appraised(case.arguments() | shuffled)) == told(found)
    assert told(appraised(case.arguments() | shuffled, trades=renamed)) == told(found)


def _rows(case: Case) -> dict[str, list[Any]]:
    """Return everything of a case that comes in some order."""
    return {name: list(case.arguments()[name]) for name in ("trades", "peers", "set_aside")}


@MANY
@given(cases(), st.integers(1, 10**13), st.data())
def test_more_quantity_is_never_worth_less_nor_carries_less(case: Case, grams: int, data: st.DataObject) -> None:
    repayment = data.draw(st.one_of(st.none(), repayments(TODAY)))
    amounts = sorted([case.subject.quantity.amount, Decimal(grams) / 10**6])
    less, more = (
        appraised(
            case.arguments(),
            subject=replace(case.subject, quantity=Quantity(amount, case.subject.quantity.unit)),
            repayment=repayment,
        )
        for amount in amounts
    )

    assert less.market_value <= more.market_value
    assert less.collateral_value <= more.collateral_value
    assert less.max_loan <= more.max_loan
    assert less.unit_value == more.unit_value


@MANY
@given(cases(), st.integers(0, 800), st.one_of(st.integers(1, 5), st.integers(1, 500)), st.data())
def test_time_alone_never_raises_a_value_or_a_trust_nor_lowers_a_haircut(
    case: Case, before: int, after: int, data: st.DataObject
) -> None:
    early_on = case.newest + timedelta(days=before)
    late_on = early_on + timedelta(days=after)
    repayment = data.draw(st.one_of(st.none(), repayments(late_on)))
    early = appraised(case.arguments(), as_of=early_on, repayment=repayment)
    try:
        late = an_appraisal(**(case.arguments() | {"as_of": late_on, "repayment": repayment}))
    except (NoPriceEvidence, RightExpired):
        event("nothing is left")
        return

    event(f"tier {early.tier:d} to {late.tier:d}")
    assert late.unit_value <= early.unit_value
    assert late.lending_unit_value <= early.lending_unit_value
    assert late.market_value <= early.market_value
    assert late.collateral_value <= early.collateral_value
    assert late.max_loan <= early.max_loan
    assert late.confidence_level >= early.confidence_level
    assert late.haircut_parts.market >= early.haircut_parts.market


@FEW
@given(cases(), st.integers(0, 700), st.integers(1, 400))
def test_a_right_without_a_value_gets_none_by_waiting(case: Case, before: int, after: int) -> None:
    arguments = case.arguments()
    tariffs = [deal for deal in case.market.deals if deal.exclusion is not None]
    arguments["trades"] = [*case.market.deals[:4], *tariffs]
    try:
        an_appraisal(**(arguments | {"as_of": case.newest + timedelta(days=before)}))
    except (NoPriceEvidence, RightExpired):
        pass
    else:
        assume(False)  # noqa: FBT003 - hypothesis' own signature

    try:
        an_appraisal(**(arguments | {"as_of": case.newest + timedelta(days=before + after)}))
    except (NoPriceEvidence, RightExpired):
        return
    raise AssertionError


@MANY
@given(cases(), st.integers(0, 500), st.one_of(st.none(), repayments(TODAY + timedelta(days=501))))
def test_replay_from_what_was_stored_is_identical_to_the_last_byte(
    case: Case, days: int, repayment: Repayment | None
) -> None:
    found = appraised(case.arguments(), as_of=TODAY + timedelta(days=days), repayment=repayment)
    stored = json.dumps(inputs_body(found.inputs))

    again = recompute(inputs_of(json.loads(stored)))

    assert told(again) == told(found)
    assert json.dumps(inputs_body(again.inputs)) == stored


@FEW
@given(cases())
def test_what_an_appraisal_prints_fits_together(case: Case) -> None:
    found = appraised(case.arguments())

    value, kept = found.market_value.amount, found.collateral_value.amount
    assert kept >= Money.floor(value * (1 - found.haircut)).amount
    assert kept <= value * (1 - found.haircut) + value / 10**6 + 1
    assert found.max_loan <= found.collateral_value
    assert found.max_loan <= Money.floor(found.inputs.rules.cap * value)
    assert found.loan_to_value_cap <= min(1 - found.haircut, found.inputs.rules.cap)
    assert 0 < found.lending_unit_value <= found.unit_value
    assert found.haircut_parts.floor <= found.haircut_parts.market <= found.haircut <= 1
    assert sum(item.weight for item in found.evidence) == 1
