"""Everything that an appraisal is made of, kept so that any machine can make it again."""

import json
import os
import subprocess
import sys
from datetime import timedelta, timezone
from decimal import ROUND_UP, Decimal, localcontext
from pathlib import Path
from typing import Any, Final

import pytest

from domain.errors import InvalidValue
from domain.jurisdictions.rulebook import Rulebook, RuleUnknown
from domain.jurisdictions.rules import Standing
from domain.valuation.answer import body_of
from domain.valuation.appraisal import recompute
from domain.valuation.inputs import FORMAT, inputs_body, inputs_of, rule_values
from domain.valuation.repayment import Repayment
from domain.values.money import Money
from tests.unit.market.deals import NINGBO, SHAOXING, TODAY
from tests.unit.valuation.markets import PROVINCES, moved_province
from tests.unit.valuation.subjects import (
    LTV_MAX,
    NOW,
    PLAN_END,
    PLAN_YEARS,
    a_deal,
    a_rule,
    an_appraisal,
    days_ago,
    shaoxing_series,
)
from tests.unit.valuation.test_market import a_tariff

ROOT: Final = Path(__file__).parents[3]


def a_full_case() -> dict[str, Any]:
    """Return a case of which every part of the inputs holds something."""
    city = [a_deal(n, 4000 + n, traded_on=days_ago(370 + 3 * n), buyer_group=f"b{n % 5}") for n in range(12)]
    province = [a_deal(f"p{n}", 3900 + n, division=NINGBO, traded_on=days_ago(60 + 9 * n)) for n in range(30)]
    excluded = a_deal("x", exclusion="duplicate", traded_on=days_ago(400))
    return {
        "trades": [*city, *province, excluded, a_tariff("t", 3000, 300)],
        "peers": [deal for place in PROVINCES for deal in moved_province(place, 2000, 1500, 30)],
        "repayment": Repayment(((TODAY + timedelta(days=90), Money.of(5)), (TODAY + timedelta(days=99), Money.of(1)))),
        "contract_ltv_max": Decimal("0.70"),
        "own_deals": 7,
    }


def test_every_part_is_kept_and_nothing_else_of_the_parties() -> None:
    body = inputs_body(an_appraisal(**a_full_case()).inputs)

    for name in ("city", "province", "peers", "excluded", "administered", "repayment"):
        assert body[name], name
    assert json.loads(json.dumps(body)) == body
    assert '"b1"' not in json.dumps(body)


def test_what_was_read_back_is_what_was_written() -> None:
    found = an_appraisal(**a_full_case())

    again = recompute(inputs_of(json.loads(json.dumps(inputs_body(found.inputs)))))

    assert body_of(again) == body_of(found)
    assert (again.evidence, again.exclusions, again.facts) == (found.evidence, found.exclusions, found.facts)


REPLAY: Final = """
import json, sys
from domain.valuation.answer import body_of, evidence_of, exclusions_of
from domain.valuation.appraisal import recompute
from domain.valuation.inputs import inputs_body, inputs_of
found = recompute(inputs_of(json.load(sys.stdin)))
print(json.dumps([body_of(found), evidence_of(found), exclusions_of(found), inputs_body(found.inputs)]))
"""


@pytest.mark.parametrize("hash_seed", ["1", "4711"])
def test_another_process_makes_the_same_bytes(hash_seed: str) -> None:
    from domain.valuation.answer import evidence_of, exclusions_of  # noqa: PLC0415 - named beside the program above

    found = an_appraisal(**a_full_case())
    body = inputs_body(found.inputs)

    told = subprocess.run(
        [sys.executable, "-c", REPLAY],
        input=json.dumps(body),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "LC_ALL": "C", "TZ": "America/Los_Angeles"},
        timeout=60,
    ).stdout

    assert told.strip() == json.dumps([body_of(found), evidence_of(found), exclusions_of(found), body])


def test_a_program_that_counts_coarsely_makes_the_same_figures() -> None:
    case = a_full_case()
    expected = an_appraisal(**case)

    with localcontext(prec=3, rounding=ROUND_UP):
        coarse = an_appraisal(**case)

    assert body_of(coarse) == body_of(expected)


def test_the_same_inputs_give_the_same_digest_however_they_are_written() -> None:
    found = an_appraisal(contract_ltv_max=Decimal("0.7"))
    rewritten = an_appraisal(
        list(reversed(shaoxing_series())),
        known_at=NOW.astimezone(timezone(timedelta(hours=8))),
        rulebook=Rulebook([a_rule("pledge.ltv_max", Decimal("0.8"), "ratio"), PLAN_END, PLAN_YEARS]),
        contract_ltv_max=Decimal("0.700"),
    )

    assert rewritten.digest == found.digest
    assert inputs_body(rewritten.inputs) == inputs_body(found.inputs)


def mangled(*path: object, value: object = None) -> dict[str, Any]:
    """Return a document of inputs in which one place says something else."""
    body: dict[str, Any] = json.loads(json.dumps(inputs_body(an_appraisal(**a_full_case()).inputs)))
    place: Any = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return body


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        mangled("format", value=FORMAT + 1),
        mangled("subject"),
        mangled("subject", "quantity", value=["x", "t/a"]),
        mangled("subject", "quantity", value=["1", "bushel"]),
        mangled("subject", "division", value="shaoxing"),
        mangled("as_of", value="yesterday"),
        mangled("rules", "ltv_max", value="NaN!"),
        mangled("rules", "ltv_standing", value="rumour"),
        mangled("repayment", value=[["2026-12-31"]]),
        mangled("city", "items", 0, value=[1, 2, 3]),
        mangled("province", "history", 0, value=["2026-01-01", "a lot", 1, "", "", "listed"]),
        mangled("administered", value=["2026-01-01"]),
        mangled("excluded", 0, value=[]),
    ],
)
def test_a_document_that_is_none_of_ours_is_refused(body: Any) -> None:  # noqa: ANN401 - anything at all
    with pytest.raises(InvalidValue):
        inputs_of(body)


def test_the_rules_are_kept_by_their_values_and_an_unknown_cap_is_refused() -> None:
    found = rule_values(Rulebook([LTV_MAX, PLAN_END, PLAN_YEARS]), SHAOXING, TODAY)

    assert (found.ltv_max, found.plan_end, found.plan_years) == (Decimal("0.80"), PLAN_END.value, 5)
    assert found.ltv_standing is Standing.TEXT
    with pytest.raises(RuleUnknown):
        rule_values(Rulebook([PLAN_END, PLAN_YEARS]), SHAOXING, TODAY)


@pytest.mark.parametrize(("contract", "cap"), [(None, "0.80"), ("0.70", "0.70"), ("0.95", "0.80")])
def test_the_least_of_rule_and_contract_caps(contract: str | None, cap: str) -> None:
    found = rule_values(Rulebook([LTV_MAX]), SHAOXING, TODAY, None if contract is None else Decimal(contract))

    assert found.cap == Decimal(cap)
