"""The main job as `make demo` plays it, by the same code; what came of each step is looked at once more."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from api.demo.deals import PUBLIC_DEALS, verdicts
from api.demo.ending import FOLLOWING
from api.demo.main_job import STEPS, Story
from tests.journeys.company import Company
from tests.journeys.conftest import Played

CENT = Decimal("0.01")
MAIN_RIGHT = "PWQ-ZJ-330602-00001"


def test_every_step_of_the_main_job_is_told_in_order(played: Played, story: Story) -> None:
    told = [line.split()[0] for line in played.printed.splitlines() if line.startswith("第")]
    assert told == [f"第{number}步" for number in range(1, STEPS + 1)]


def test_real_deals_are_screened_as_their_notices_deserve(story: Story) -> None:
    assert story.screened.verdicts == verdicts()
    assert len(PUBLIC_DEALS) == 14
    assert sorted(code for code in story.screened.verdicts.values() if code) == [
        "amount_mismatch",
        *["price_basis_missing"] * 4,
        "unit_unknown",
    ]


def test_the_five_year_price_that_was_called_yearly_is_quarantined_with_its_numbers(story: Story) -> None:
    [yongning] = [deal for deal in PUBLIC_DEALS if deal.verdict == "amount_mismatch"]
    detail = story.screened.details[yongning.trade_no]
    yearly = Decimal(yongning.quantity or 0) * Decimal(yongning.price or 0)
    assert f"{yearly * 5:.2f}元" in detail
    assert f"{yearly:.2f}元" in detail
    assert "5000.00元" in detail
    assert "整个期限的价格" in detail


def test_accepted_real_deals_are_those_whose_amount_is_quantity_times_price_times_term() -> None:
    for deal in PUBLIC_DEALS:
        if deal.verdict is None and deal.amount is not None:
            told = Decimal(deal.quantity or 0) * Decimal(deal.price or 0) * Decimal(deal.term_years or 1)
            assert abs(told - Decimal(deal.amount)) < 1, deal


def test_the_newest_twenty_of_sixty_synthetic_deals_and_nothing_else_are_the_value_s_evidence(story: Story) -> None:
    numbers = {item["trade_no"] for item in story.valued.evidence}
    assert numbers == {f"SYNTHETIC-SX-COD-{number:03d}" for number in range(1, 21)}
    assert len(story.valued.evidence) == 20


def test_the_valuation_is_its_unit_value_over_what_remains_of_the_right(story: Story) -> None:
    valuation = story.valued.valuation
    market_value = Decimal(valuation["market_value"]["amount"])
    assert market_value == _floor(_market_value(valuation, _day(valuation["as_of"])))
    told = _floor(Fraction(market_value) * (1 - Fraction(Decimal(valuation["haircut"]))))
    assert told <= Decimal(valuation["collateral_value"]["amount"]) <= told + market_value / 10**6 + CENT


def test_three_facts_in_both_languages_say_what_moved_the_value_most(story: Story) -> None:
    facts = story.valued.valuation["explanation"]
    effects = [Decimal(fact["effect"]) for fact in facts]
    assert len(facts) == 3
    assert effects == sorted(effects, reverse=True)
    assert all(fact["zh"] and fact["en"] for fact in facts)


def test_the_bullet_of_nine_tenths_of_what_may_be_lent_fails_on_the_first_day_that_the_right_does_not_carry_it(
    story: Story,
) -> None:
    valuation = story.valued.bullet_valuation
    [repayment] = story.valued.bullet
    owed = Fraction(Decimal(repayment["amount"]["amount"]))
    today = Decimal(story.valued.valuation["max_loan"]["amount"])
    assert owed == Fraction(_floor(Fraction(today) * Fraction(9, 10)))

    as_of, first = _day(valuation["as_of"]), _day(valuation["first_uncovered_on"])
    ends = date(first.year // 5 * 5 + (5 if first.year % 5 else 0), 12, 31) + timedelta(days=1)
    carried = Fraction(today) / (ends - as_of).days
    assert owed > carried * (ends - first).days - 1
    assert owed <= carried * (ends - first + timedelta(days=1)).days + 1

    assert story.valued.refusal["first_uncovered_on"] == valuation["first_uncovered_on"]
    assert story.valued.refusal["max_loan"] == valuation["max_loan"]


def test_what_is_lent_stays_below_the_most_that_may_be_lent(story: Story) -> None:
    lent = sum(Decimal(each["amount"]["amount"]) for each in story.valued.schedule)
    assert 0 < lent <= Decimal(story.valued.max_loan["amount"])


def test_each_act_of_the_main_pledge_was_done_by_whom_the_workflow_names(story: Story) -> None:
    pledge_id = story.pledged.pledge["id"]
    acts = [
        (entry["actor"], entry["action"])
        for entry in story.recounted.audit
        if entry["subject"] == pledge_id and not entry["action"].startswith(FOLLOWING)
    ]
    assert acts == [
        ("enterprise.shaoxing", "pledge.drafted"),
        ("enterprise.shaoxing", "pledge.submitted"),
        ("authority.zhejiang", "pledge.quantities_verified"),
        ("bank-a.approver", "pledge.loan_approved"),
        ("enterprise.shaoxing", "pledge.confirmed"),
        ("enterprise.shaoxing", "pledge.freeze_ordered"),
        ("enterprise.shaoxing", "freeze.ordered"),
        ("greenlien.worker", "freeze.executed"),
        ("greenlien.worker", "pledge.freeze_executed"),
        ("bank-a.officer", "pledge.release_ordered"),
        ("bank-a.approver", "pledge.release_approved"),
        ("bank-a.approver", "release.ordered"),
        ("greenlien.worker", "release.executed"),
        ("greenlien.worker", "pledge.release_executed"),
    ]


def test_the_second_bank_is_told_what_is_left_and_nothing_more(story: Story) -> None:
    left = {"in_zhejiang": "20.000000", "in_hubei": "10.000000"}
    for workflow, amount in left.items():
        refusal = getattr(story.contested, workflow)
        assert set(refusal) == {
            "type",
            "title",
            "status",
            "detail",
            "code",
            "request_id",
            "errors",
            "right_id",
            "available",
        }
        assert refusal["available"] == {"amount": amount, "unit": "t/a"}


def test_the_lost_answer_led_to_one_freeze_that_was_asked_for_once_and_found_by_a_query(story: Story) -> None:
    [freeze] = story.reconciled.freezes
    assert (freeze["quantity"]["amount"], freeze["messages"]) == ("12.000000", 1)
    told = [event for event in story.reconciled.events if not event.startswith(FOLLOWING)]
    assert told[-4:] == [
        "pledge.freeze_ordered",
        "freeze.unknown",
        "freeze.reconciled",
        "pledge.active",
    ]


def test_the_registry_s_ledger_holds_what_the_story_told_and_nothing_else_of_its_rights(
    ensemble: Company, story: Story
) -> None:
    told = [
        (entry["registry_no"], entry["kind"], entry["quantity"]["amount"])
        for entry in ensemble.control.ledger()
        if entry["registry_no"] in {MAIN_RIGHT, "PWQ-ZJ-330602-00002", "PWQ-HB-420202-00001"}
    ]
    assert told == [
        (MAIN_RIGHT, "freeze", "30.000000"),
        ("PWQ-HB-420202-00001", "freeze", "30.000000"),
        ("PWQ-ZJ-330602-00002", "freeze", "12.000000"),
        (MAIN_RIGHT, "release", "30.000000"),
    ]


def test_the_released_right_is_free_here_and_at_its_registry(ensemble: Company, story: Story) -> None:
    right_id = story.released.right["id"]
    right = ensemble.ok("enterprise.shaoxing", "GET", f"/v1/rights/{right_id}")
    [frozen] = [each["frozen"] for each in ensemble.control.rights() if each["registry_no"] == MAIN_RIGHT]
    assert (right["available"], frozen["amount"]) == (right["quantity"], "0.000000")
    assert story.released.pledge["custody"] == "out"


def test_the_auditor_reads_no_other_bank_s_trail(story: Story) -> None:
    assert not [entry for entry in story.recounted.audit if entry["tenant"] == "bank-b"]


def test_a_release_that_the_officer_s_own_order_key_did_not_sign_over_its_body_is_no_order(story: Story) -> None:
    assert story.forged.answers == {
        "another key": (403, "order_signature_invalid"),
        "a colleague's key": (403, "order_signature_invalid"),
        "another body": (403, "order_signature_invalid"),
        "no signature": (403, "order_signature_required"),
    }
    assert (story.forged.pledge["status"], story.forged.orders) == ("active", 0)


def test_an_order_is_carried_out_once_and_yesterday_s_not_at_all(story: Story) -> None:
    assert story.replayed.answers == {
        "the same order": (409, "order_replayed"),
        "yesterday's order": (403, "order_signature_invalid"),
    }
    assert (story.replayed.pledge["status"], story.replayed.orders) == ("active", 1)


def test_a_stolen_token_opens_nothing_without_its_key(story: Story) -> None:
    assert story.stolen.answers == {
        "as a bearer": (401, "proof_required"),
        "without a proof": (401, "proof_required"),
        "by another key": (401, "unauthenticated"),
        "with the holder's proof": (401, "unauthenticated"),
    }


def test_the_attacked_pledge_still_stands_and_was_released_by_nobody(ensemble: Company, story: Story) -> None:
    attacked = {each.pledge["id"] for each in (story.forged, story.replayed, story.stolen)}
    assert attacked == {story.reconciled.pledge["id"]}
    [pledge_id] = attacked
    trail = ensemble.ok("auditor", "GET", f"/v1/audit?subject={pledge_id}&limit=100")["items"]
    releases = [each["action"] for each in trail if each["action"].startswith(("pledge.release", "release."))]
    assert releases == ["pledge.release_ordered", "pledge.release_cancelled"]
    assert ensemble.ok("bank-a.officer", "GET", f"/v1/pledges/{pledge_id}")["status"] == "active"


def test_the_verifier_names_the_line_of_a_changed_row_or_of_the_checkpoint_that_it_contradicts(story: Story) -> None:
    found = story.tampered
    assert (found.genuine.chain, found.genuine.first) == ("bank-a", 1)
    assert found.changed <= found.checkpoint <= found.genuine.last
    assert (found.altered_line, found.forged_line) == (found.changed + 1, found.checkpoint + 1)


def test_each_attack_is_told_with_what_the_api_said_of_it(played: Played, story: Story) -> None:
    foiled = (story.forged, story.replayed, story.stolen)
    told = [line for line in played.printed.splitlines() if line.startswith("  攻击者")]
    assert len(told) == sum(len(each.answers) for each in foiled) == 10
    assert played.printed.count("次攻击均被识破") == len(foiled)
    for line in (story.tampered.altered_line, story.tampered.forged_line):
        assert f"第{line}行：" in played.printed
        assert f"line {line}: " in played.printed


def test_every_answer_of_the_main_job_was_judged(ensemble: Company, story: Story) -> None:
    assert ensemble.truth.judged > 80


def _market_value(valuation: Any, day: date) -> Fraction:  # noqa: ANN401 - a valuation as JSON
    subject = valuation["subject"]
    remaining = Fraction(max((_day(subject["valid_to"]) - day).days, 0), 365)
    return Fraction(Decimal(valuation["unit_value"])) * Fraction(Decimal(subject["quantity"]["amount"])) * remaining


def _floor(yuan: Fraction) -> Decimal:
    return Decimal(yuan.numerator * 100 // yuan.denominator) / 100


def _day(text: str) -> date:
    return date.fromisoformat(text)
