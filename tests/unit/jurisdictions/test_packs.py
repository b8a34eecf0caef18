"""The packs: what they say for the main job, where each statement comes from, and how a broken one is reported."""

import re
from datetime import date
from decimal import Decimal

import pytest

from domain.errors import InvalidDate
from domain.jurisdictions.pack_files import PackMalformed, parse_pack, read_packs
from domain.jurisdictions.plan_period import plan_period_end
from domain.jurisdictions.rulebook import Rule, RuleUnknown, Standing, day, load_rulebook, ratio, whole, word, words
from domain.values.identifiers import NATIONAL, Division
from domain.values.pollutants import Pollutant

TODAY = date(2026, 11, 21)
XIHU, YUECHENG, WUHAN, YINCHUAN = (Division(code) for code in ("330106", "330602", "420100", "640100"))
BOOK = load_rulebook()


def every_rule() -> list[Rule]:
    return [rule for pack in read_packs() for rule in pack.rules]


def test_the_packs_are_the_country_and_five_provinces() -> None:
    assert {pack.division: pack.name_zh for pack in read_packs()} == {
        "000000": "全国",
        "130000": "河北省",
        "140000": "山西省",
        "330000": "浙江省",
        "420000": "湖北省",
        "640000": "宁夏回族自治区",
    }


@pytest.mark.parametrize("division", [XIHU, WUHAN, YINCHUAN, NATIONAL])
def test_the_main_job_finds_every_rule_it_needs(division: Division) -> None:
    assert ratio(BOOK.require("pledge.ltv_max", division, TODAY)) == Decimal("0.80")
    assert BOOK.require("pledge.term_within_validity", division, TODAY).value is True
    assert BOOK.require("pledge.paid_only", division, TODAY).value is True
    assert words(BOOK.require("pledge.conditions_before_disbursement", division, TODAY)) == ("active",)
    assert whole(BOOK.require("pledge.lookback_major_accident_years", division, TODAY)) == 3
    assert whole(BOOK.require("pledge.lookback_violation_years", division, TODAY)) == 1
    assert words(BOOK.require("security.ends_when", division, TODAY)) == (
        "claim_extinguished",
        "enforced",
        "waived",
        "other_by_law",
    )


@pytest.mark.parametrize(("division", "workflow"), [(XIHU, "zhejiang"), (WUHAN, "hubei"), (YINCHUAN, "hubei")])
def test_a_province_orders_the_steps_of_a_pledge(division: Division, workflow: str) -> None:
    assert word(BOOK.require("pledge.workflow", division, TODAY)) == workflow


def test_zhejiang_proves_a_right_by_permit_or_electronic_certificate() -> None:
    assert words(BOOK.require("right.proof", XIHU, TODAY)) == ("排污许可证", "排污权电子凭证")
    assert words(BOOK.require("right.proof", WUHAN, TODAY)) == ("排污许可证",)


def test_shaoxing_takes_waste_water_which_the_rest_of_zhejiang_does_not() -> None:
    assert "WASTEWATER" in words(BOOK.require("pledge.pollutants", YUECHENG, TODAY))
    assert "WASTEWATER" not in words(BOOK.require("pledge.pollutants", XIHU, TODAY))


@pytest.mark.parametrize(
    "rule", [rule for rule in every_rule() if rule.name == "pledge.pollutants"], ids=lambda r: r.division
)
def test_the_pollutants_of_a_pack_are_ours(rule: Rule) -> None:
    assert set(words(rule)) <= {pollutant.value for pollutant in Pollutant}


@pytest.mark.parametrize("division", [XIHU, WUHAN, YINCHUAN])
@pytest.mark.parametrize(
    "name", ["repurchase.price_formula", "security.legal_standing", "subsidy.rate", "lease.months_max"]
)
def test_what_nobody_knows_is_refused_by_name(name: str, division: Division) -> None:
    rule = BOOK.find(name, division, TODAY)

    assert rule is not None
    assert (rule.standing, rule.value) == (Standing.UNKNOWN, None)
    with pytest.raises(RuleUnknown):
        BOOK.require(name, division, TODAY)


def test_the_permit_regulation_holds_from_march_2021() -> None:
    assert whole(BOOK.require("permit.validity_years", XIHU, date(2021, 3, 1))) == 5
    with pytest.raises(RuleUnknown):
        BOOK.require("permit.validity_years", XIHU, date(2021, 2, 28))


def test_what_only_memory_says_is_marked_so() -> None:
    remembered = {rule.name for rule in every_rule() if rule.standing is Standing.MEMORY}

    assert remembered == {
        "zhongdengwang.term_months_min",
        "zhongdengwang.term_years_max",
        "zhongdengwang.discharge_working_days_max",
        "interest.day_count",
        "interest.overdue_markup_min",
        "interest.overdue_markup_max",
    }


@pytest.mark.parametrize("rule", every_rule(), ids=lambda rule: f"{rule.division}-{rule.name}")
def test_every_rule_names_a_document_and_a_text_that_was_read_its_article_or_why_not(rule: Rule) -> None:
    assert re.search(r"[\u4e00-\u9fff]", rule.document)
    assert rule.standing is not Standing.TEXT or rule.article or rule.note


def test_the_official_numbers_are_in_the_official_form() -> None:
    numbers = {rule.number for rule in every_rule() if "〔" in rule.number}

    assert {"杭银发〔2022〕21号", "武银〔2022〕79号", "法释〔2020〕28号"} <= numbers
    assert all(re.fullmatch(r"[\u4e00-\u9fff]+〔20[0-9]{2}〕(第)?[0-9]+号", number) for number in numbers)


@pytest.mark.parametrize(
    ("on", "end"),
    [
        (date(2021, 1, 1), date(2025, 12, 31)),
        (date(2025, 12, 31), date(2025, 12, 31)),
        (date(2026, 1, 1), date(2030, 12, 31)),
        (date(2020, 12, 31), date(2020, 12, 31)),
        (date(2031, 6, 1), date(2035, 12, 31)),
    ],
)
def test_a_plan_period_ends_every_fifth_year(on: date, end: date) -> None:
    known = day(BOOK.require("right.plan_period.end", XIHU, TODAY))
    years = whole(BOOK.require("right.plan_period.years", XIHU, TODAY))

    assert plan_period_end(on, known, years) == end


def test_a_plan_period_has_at_least_one_year_and_lies_in_the_calendar() -> None:
    with pytest.raises(ValueError, match="at least one year"):
        plan_period_end(TODAY, date(2025, 12, 31), 0)
    with pytest.raises(InvalidDate):
        plan_period_end(date(9999, 12, 31), date(2025, 12, 30), 5)


HEAD = '[pack]\ndivision = "330000"\nname_zh = "浙江省"\nname_en = "Zhejiang"\nchecked_on = 2026-11-21\n'
RULE = '[[rules]]\nname = "pledge.ltv_max"\nvalue = 0.80\nunit = "ratio"\ndocument = "某办法"\nstanding = "digest"\n'


def test_a_pack_is_read_with_exact_fractions_and_the_packs_own_division() -> None:
    (rule,) = parse_pack("x.toml", HEAD + RULE).rules

    assert (rule.division, rule.value, rule.valid_from, rule.note) == ("330000", Decimal("0.80"), None, "")


BROKEN = {
    "not TOML": ("[pack", "-"),
    "no head": (RULE, "-"),
    "no rules": (HEAD, "-"),
    "a strange table": (HEAD + RULE + "[more]\na = 1\n", "-"),
    "a strange field in the head": (HEAD + "more = 1\n" + RULE, "-"),
    "a head without a date": (HEAD.replace("2026-11-21", '"today"') + RULE, "-"),
    "a head with a wrong division": (HEAD.replace("330000", "33") + RULE, "-"),
    "rules that are no tables": (HEAD.replace("[pack]", "rules = [1]\n[pack]"), "#1"),
    "a rule without a name": (HEAD + RULE.replace("name =", "note ="), "#1"),
    "a strange field": (HEAD + RULE + "more = 1\n", "pledge.ltv_max"),
    "an unknown standing": (HEAD + RULE.replace("digest", "rumour"), "pledge.ltv_max"),
    "a value that does not fit": (HEAD + RULE.replace("0.80", "80"), "pledge.ltv_max"),
    "a value without a number": (HEAD + RULE.replace("0.80", "nan"), "pledge.ltv_max"),
    "a date that is a text": (HEAD + RULE + 'valid_from = "2022"\n', "pledge.ltv_max"),
    "a date that is an instant": (HEAD + RULE + "valid_from = 2022-01-01T00:00:00Z\n", "pledge.ltv_max"),
    "a note that is a number": (HEAD + RULE + "note = 1\n", "pledge.ltv_max"),
    "a division of another province": (HEAD + RULE + 'division = "420000"\n', "pledge.ltv_max"),
    "a division that is none": (HEAD + RULE + 'division = "33"\n', "pledge.ltv_max"),
}


@pytest.mark.parametrize(("text", "rule"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_pack_is_refused_with_the_file_and_the_rule(text: str, rule: str) -> None:
    with pytest.raises(PackMalformed) as refusal:
        parse_pack("zhejiang.toml", text)

    assert (refusal.value.file, refusal.value.rule) == ("zhejiang.toml", rule)
    assert str(refusal.value).startswith(f"zhejiang.toml: rule {rule}: ")
