"""What must be so before a pledged right is sold: worked out from the rule packs, and met one by one by whom they name.

The authority answers for what is its own to say. Where no authority of the right's division takes part here, the bank
brings its paper, and the entry says by whom it was brought.

Source: rule packs (`disposal.conditions`, `disposal.notice_days`, `disposal.days.*`, `disposal.lot_years_min`,
`pledge.paid_only`, `permit.renewal_decision_days_max`); civil code art. 428 (no agreement before the default).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from domain.errors import InvalidDate
from domain.jurisdictions.rulebook import Rulebook
from domain.jurisdictions.rules import Rule, whole, words
from domain.pledges.enforcements import (
    Code,
    ConditionDocument,
    ConditionNotAsked,
    Enforcement,
    EnforcementCannotMove,
    EnforcementStatus,
    Named,
    Route,
    SaleCondition,
)
from domain.pledges.pledges import Pledge
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden, NotFound
from domain.rights.rights import Right
from domain.use_cases.change_enforcement import by_pledgee, fetch_enforcement, keep
from domain.valuation.valuation_policy import months_later
from domain.values.actors import Actor
from domain.values.identifiers import NATIONAL
from domain.values.money import Money
from domain.values.time import business_date

CONDITIONS_RULE: Final = "disposal.conditions"
NOTICE_RULE: Final = "disposal.notice_days"
LOT_RULE: Final = "disposal.lot_years_min"
PAID_RULE: Final = "pledge.paid_only"
EXTENSION_DAYS_RULE: Final = "permit.renewal_decision_days_max"
UNKNOWN: Final = "unknown"
BY_LAW: Final = "text"
FREE: Final = "free"
MONTHS_A_YEAR: Final = 12

ALWAYS: Final = (
    Code.NOTICE_TO_PLEDGOR,
    Code.SURPLUS_CERTIFICATION,
    Code.AUTHORITY_CONSENT,
    Code.BUYER_ELIGIBILITY,
)
"""What is asked for where nobody knows what a province wants."""

_NAMED: Final[Mapping[Code, Named]] = {
    Code.NOTICE_TO_PLEDGOR: Named.PLEDGEE,
    Code.COURT_RULING: Named.PLEDGEE,
    Code.PLEDGOR_AGREEMENT: Named.PLEDGOR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What proves that a condition is met: since when, by which paper, and how much the state is still owed."""

    on: date
    document: ConditionDocument
    amount: Money | None


def conditions_of_sale(
    route: Route, rights: Mapping[str, Right], pledge: Pledge, rulebook: Rulebook, notice_days: int | None, today: date
) -> tuple[SaleCondition, ...]:
    """Return what must be met before a sale of these rights by this route, none of it met."""
    asked = _asked(rights.values(), rulebook, today)
    if route is Route.BUY_BACK:
        asked.pop(Code.BUYER_ELIGIBILITY, None)
    if any(right.acquisition.basis == FREE for right in rights.values()):
        asked[Code.UNPAID_FEE_MADE_UP] = _first(rulebook, PAID_RULE, rights.values(), today)
    if (lot := _lot_rule(rights.values(), rulebook, today)) is not None:
        asked[Code.EXTENSION] = lot
    found = [
        SaleCondition(
            code=code,
            named=_named(code, pledge),
            rule=None if rule is None else rule.name,
            standing=UNKNOWN if rule is None else rule.standing.value,
            days=_days(code, rights.values(), rulebook, notice_days, today),
        )
        for code, rule in asked.items()
    ]
    if route is Route.COURT:
        found.append(_by_law(Code.COURT_RULING, pledge))
    if route is Route.SETOFF_AT_VALUE:
        found.append(_by_law(Code.PLEDGOR_AGREEMENT, pledge))
    return tuple(found)


async def meet_condition(
    uow: UnitOfWork,
    actor: Actor,
    pledge_id: str,
    enforcement_id: str,
    met: tuple[str, Met],
    if_match: int | None,
    now: datetime,
) -> Enforcement:
    """Write that a condition is met, by whom it is to be met and with the paper that proves it.

    Raises:
        NotFound: no such enforcement, or it does not ask for this.
        Forbidden: another is to say so.
        EnforcementCannotMove: it has not been approved, or something has been sold.
        InvalidDate: it is said to have been met after today.
        ConditionNotAsked: it has been met, an amount is missing or too much, or the pledgor agreed before the default.
    """
    pledge, enforcement = await fetch_enforcement(uow, pledge_id, enforcement_id, if_match)
    code, proof = met
    condition = next((each for each in enforcement.conditions if each.code.value == code), None)
    if condition is None:
        raise NotFound("condition")
    _by_whom(actor, pledge, condition)
    if enforcement.status not in {EnforcementStatus.RUNNING, EnforcementStatus.STAYED}:
        raise EnforcementCannotMove(enforcement.status.value, "condition_met")
    _check(enforcement, condition, proof, business_date(now))
    written = replace(
        condition,
        met_on=proof.on,
        met_by=actor.client_id,
        met_at=now,
        document=proof.document,
        amount=proof.amount,
    )
    conditions = tuple(written if each.code is condition.code else each for each in enforcement.conditions)
    details = {"code": code, "on": proof.on.isoformat(), "document": proof.document.title}
    return await keep(uow, actor, replace(enforcement, conditions=conditions), "condition_met", now, details)


def _check(enforcement: Enforcement, condition: SaleCondition, proof: Met, today: date) -> None:
    if proof.on > today:
        raise InvalidDate(
            what="date",
            value=proof.on.isoformat(),
            reason_zh="条件成就日期不得晚于今天。",
            reason_en="nothing is met after today",
        )
    code = condition.code.value
    if condition.met_on is not None:
        raise ConditionNotAsked(code, "该条件已经成就。", "It has been met already.")
    if (condition.code is Code.UNPAID_FEE_MADE_UP) is not (proof.amount is not None):
        raise ConditionNotAsked(
            code,
            "补缴有偿使用费须且仅须写明尚欠金额(已缴清的写0)。",
            "The fee to be made up, and nothing else, states what is still owed: 0 where it was paid.",
        )
    if condition.code is Code.PLEDGOR_AGREEMENT and proof.on < min(each.since for each in enforcement.grounds):
        raise ConditionNotAsked(
            code,
            "债务履行期届满前约定押品归债权人所有的,只能依法优先受偿(民法典第428条)。",
            "Before the default an agreement gives no more than priority (civil code art. 428).",
        )


def _by_whom(actor: Actor, pledge: Pledge, condition: SaleCondition) -> None:
    if condition.named is Named.PLEDGEE:
        by_pledgee(actor, pledge, "enforcement:meet")
        return
    named = actor.uscc in pledge.pledgors if condition.named is Named.PLEDGOR else actor.tenant == pledge.authority
    if not named:
        raise Forbidden("enforcement:meet")


def _named(code: Code, pledge: Pledge) -> Named:
    named = _NAMED.get(code, Named.AUTHORITY)
    return Named.PLEDGEE if named is Named.AUTHORITY and pledge.authority is None else named


def _by_law(code: Code, pledge: Pledge) -> SaleCondition:
    return SaleCondition(code=code, named=_named(code, pledge), rule=None, standing=BY_LAW, days=None)


def _asked(rights: Iterable[Right], rulebook: Rulebook, today: date) -> dict[Code, Rule | None]:
    """Return what the rights' divisions ask for, each with the rule that does; all of it where one says nothing."""
    asked: dict[Code, Rule | None] = {}
    for right in rights:
        rule = rulebook.find(CONDITIONS_RULE, right.division, today)
        known = rule is not None and rule.is_known
        for code in map(Code, words(rule)) if rule is not None and known else ALWAYS:
            asked.setdefault(code, rule)
    return asked or dict.fromkeys(ALWAYS)


def _lot_rule(rights: Iterable[Right], rulebook: Rulebook, today: date) -> Rule | None:
    """Return the rule by which a right must be extended before it is sold; none where no right must."""
    for right in rights:
        rule = rulebook.find(LOT_RULE, right.division, today)
        if rule is None or right.valid_to is None:
            continue
        if not rule.is_known or not _lasts(right.valid_to, whole(rule), today):
            return rule
    return None


def _lasts(end: date, years: int, today: date) -> bool:
    """Tell whether a right still has so many years, today included."""
    return end >= months_later(today, MONTHS_A_YEAR * years) - timedelta(days=1)


def _first(rulebook: Rulebook, name: str, rights: Iterable[Right], today: date) -> Rule | None:
    found = (rulebook.find(name, right.division, today) for right in rights)
    return next((rule for rule in found if rule is not None), None)


def _days(code: Code, rights: Iterable[Right], rulebook: Rulebook, notice_days: int | None, today: date) -> int | None:
    """Return how long a condition takes, the longest of the rights'; none where nobody knows for one of them."""
    divisions = [right.division for right in rights] or [NATIONAL]
    if code is Code.NOTICE_TO_PLEDGOR:
        told = _known([rulebook.find(NOTICE_RULE, division, today) for division in divisions])
        return max([*told, notice_days]) if notice_days is not None else max(told, default=None)
    name = EXTENSION_DAYS_RULE if code is Code.EXTENSION else f"disposal.days.{code.value}"
    rules = [rulebook.find(name, division, today) for division in divisions]
    told = _known(rules)
    return max(told) if len(told) == len(rules) else None


def _known(rules: Sequence[Rule | None]) -> list[int]:
    return [whole(rule) for rule in rules if rule is not None and rule.is_known]
