"""What a pledge shows beside its own fields: the conditions before disbursement, and the coverage of its group."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.jurisdictions.rulebook import Rulebook
from domain.loans.loans import outstanding
from domain.pledges.coverage import Coverage, coverage_of
from domain.pledges.lifecycle import State
from domain.pledges.pledges import Pledge, Register, RegistrationStatus
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.rights import Right
from domain.values.identifiers import NATIONAL
from domain.values.time import business_date

CONDITIONS_RULE = "pledge.conditions_before_disbursement"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition before disbursement, whether it is met, and since when."""

    code: str
    met: bool
    at: datetime | None


def conditions_of(
    pledge: Pledge, rights: Mapping[str, Right], rulebook: Rulebook, now: datetime
) -> tuple[Condition, ...]:
    """Return the conditions that the rule packs of the rights' divisions demand.

    A right that the reader may not see stands under the national rule. Raises RuleUnknown where none is known.
    """
    demanded: dict[str, None] = {}
    for item in pledge.items:
        right = rights.get(item.right_id)
        division = NATIONAL if right is None else right.division
        rule = rulebook.require(CONDITIONS_RULE, division, business_date(now))
        codes = rule.value if isinstance(rule.value, list | tuple) else ()
        demanded.update(dict.fromkeys(str(code) for code in codes))
    return tuple(_condition(code, pledge) for code in demanded)


def _condition(code: str, pledge: Pledge) -> Condition:
    """Judge one condition; a code that nothing here can prove is never met."""
    if code == "active":
        met = pledge.status is State.ACTIVE and pledge.under_control
        frozen = [
            entry.registered_at
            for entry in pledge.registrations
            if entry.register is Register.EMISSION_REGISTRY and entry.registered_at
        ]
        return Condition(code, met, max(frozen) if met else None)
    if code == "publicity_registered":
        notices = [entry for entry in pledge.registrations if entry.register is Register.NOTICE_REGISTRY]
        met = any(entry.status is RegistrationStatus.REGISTERED for entry in notices)
        return Condition(code, met, notices[0].registered_at if met else None)
    return Condition(code, met=False, at=None)


async def coverage_for(uow: UnitOfWork, pledge: Pledge, now: datetime) -> Coverage:
    """Return the coverage over every loan and pledge that hang together with this one, as it was last written.

    A pledge without loans hangs together with nothing; beside items that have no value yet, what the others are worth
    is of no account.
    """
    if not pledge.loan_ids:
        return coverage_of(pledge.items, (), now)
    pledge_ids, loan_ids = await uow.pledges.linked(pledge.id)
    items = list(pledge.items)
    if all(item.is_valued for item in items):
        others = await uow.pledges.find_many([pledge_id for pledge_id in pledge_ids if pledge_id != pledge.id])
        items += [item for other in others if other.under_control for item in other.items]
    events = await uow.loans.events_of_each(loan_ids)
    return coverage_of(items, [outstanding(of_loan) for of_loan in events.values()], now)
