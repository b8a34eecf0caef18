"""What a pledge shows beside its own fields: the conditions before disbursement, and the coverage of its group."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.jurisdictions.rulebook import Rulebook
from domain.pledges.coverage import Coverage, Level, coverage_of, due_on
from domain.pledges.impairments import OF_STATUS
from domain.pledges.lifecycle import State
from domain.pledges.notices import PledgeSearch, notice_of, standing_references
from domain.pledges.pledges import Pledge, Register, RegistrationStatus
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.rights import Right
from domain.use_cases.count_debts import debts_of
from domain.use_cases.keep_documents import document_conditions
from domain.values.identifiers import NATIONAL, Division
from domain.values.time import business_date

CONDITIONS_RULE = "pledge.conditions_before_disbursement"
REGISTERS_RULE = "pledge.registers"
SHORT = (Level.CALL, Level.CLOSE_OUT)
TOLD_SHORT = tuple(f"coverage.{level.value}" for level in SHORT)
PUBLICITY = "publicity_registered"
SEARCH = "search_clear_after_registration"
UNIMPAIRED = "unimpaired"
"""Demanded of every pledge, whatever the rules say: nobody pays out on a right that something has befallen."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition before disbursement, whether it is met, and since when."""

    code: str
    met: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Ranks:
    """The places of a pledge's entries: at the notice registry by its newest search, and of each freeze by its right.

    None, or no entry, where nobody has searched yet or the reader may not see.
    """

    notice: int | None
    freezes: Mapping[str, int]


async def conditions_for(
    uow: UnitOfWork, pledge: Pledge, rights: Mapping[str, Right], rulebook: Rulebook, now: datetime
) -> tuple[Condition, ...]:
    """Return the conditions before disbursement, each judged by what is kept; raises RuleUnknown."""
    demanded = demanded_of(pledge, rights, rulebook, now)
    search = await uow.notices.newest_search(pledge.id) if SEARCH in demanded else None
    documents = await document_conditions(uow, pledge.id, demanded)
    judged = [_condition(code, pledge, search) for code in demanded if code not in documents]
    judged += [Condition(code, at is not None, at) for code, at in documents.items()]
    return (*judged, Condition(UNIMPAIRED, met=_unimpaired(pledge, rights), at=None))


def demanded_of(pledge: Pledge, rights: Mapping[str, Right], rulebook: Rulebook, now: datetime) -> tuple[str, ...]:
    """Return the codes that the rule packs of the rights' divisions demand, and those that the bank does.

    A right that the reader may not see stands under the national rule. A bank demands publicity by ordering it, and a
    rule by naming the notice registry among the registers; whoever demands publicity demands the search after it.
    Raises RuleUnknown where no rule is known.
    """
    demanded: dict[str, None] = {}
    published = notice_of(pledge).status is not RegistrationStatus.NOT_REQUIRED
    for item in pledge.items:
        right = rights.get(item.right_id)
        division = NATIONAL if right is None else right.division
        rule = rulebook.require(CONDITIONS_RULE, division, business_date(now))
        codes = rule.value if isinstance(rule.value, list | tuple) else ()
        demanded.update(dict.fromkeys(str(code) for code in codes))
        published = published or notice_demanded(rulebook, division, business_date(now))
    return tuple(dict.fromkeys((*demanded, *([PUBLICITY, SEARCH] if published else []))))


def notice_demanded(rulebook: Rulebook, division: Division, on: date) -> bool:
    """Tell whether a division's rule names the notice registry among the registers of a pledge."""
    rule = rulebook.find(REGISTERS_RULE, division, on)
    registers = rule.value if rule is not None and isinstance(rule.value, list | tuple) else ()
    return Register.NOTICE_REGISTRY.value in registers


def _condition(code: str, pledge: Pledge, search: PledgeSearch | None) -> Condition:
    """Judge one condition; a code that nothing here can prove is never met."""
    if code == "active":
        met = pledge.status is State.ACTIVE and pledge.under_control
        frozen = [
            entry.registered_at
            for entry in pledge.registrations
            if entry.register is Register.EMISSION_REGISTRY and entry.registered_at
        ]
        return Condition(code, met, max(frozen) if met else None)
    if code == PUBLICITY:
        notice = notice_of(pledge)
        met = notice.status is RegistrationStatus.REGISTERED
        return Condition(code, met, notice.registered_at if met else None)
    if code == SEARCH:
        met = search is not None and pledge.under_control and _clears(search, pledge)
        return Condition(code, met, search.searched_at if search is not None and met else None)
    return Condition(code, met=False, at=None)


def _unimpaired(pledge: Pledge, rights: Mapping[str, Right]) -> bool:
    """Tell whether nothing has befallen the pledged rights, as far as was told and as the rights themselves stand."""
    return not pledge.impairments and all(right.status not in OF_STATUS for right in rights.values())


def _clears(search: PledgeSearch, pledge: Pledge) -> bool:
    """Tell whether a search found nothing and was made after every entry that stands."""
    return search.clear and set(standing_references(pledge)) <= set(search.covers)


async def ranks_of(uow: UnitOfWork, pledge: Pledge, rights: Mapping[str, Right]) -> dict[str, int]:
    """Return the place of each registered freeze among those of its right by the registry's time (civil code art. 414).

    By the right's id; none for a right that the reader may not see, or that is not frozen for the pledge.
    """
    if not pledge.under_control:
        return {}
    standing = await uow.searches.encumbrances(list(rights.values()))
    times = {
        pledge.items[entry.position].right_id: entry.registered_at
        for entry in pledge.registrations
        if entry.register is Register.EMISSION_REGISTRY
    }
    return {
        right_id: each.rank
        for right_id, found in standing.items()
        for each in found
        if each.rank is not None and each.registered_at == times.get(right_id)
    }


async def coverage_for(uow: UnitOfWork, pledge: Pledge, now: datetime) -> Coverage:
    """Return the coverage over every loan and pledge that hang together with this one, as it was last written.

    A pledge without loans hangs together with nothing; beside items that have no value yet, what the others are worth
    is of no account.
    """
    if not pledge.loan_ids:
        return coverage_of(pledge.items, (), now)
    pledge_ids, loan_ids = await uow.pledges.linked(pledge.id)
    items = list(pledge.items)
    terms = [] if pledge.coverage_terms is None else [pledge.coverage_terms]
    counted = [pledge.id]
    if all(item.is_valued for item in items):
        others = await uow.pledges.find_many([pledge_id for pledge_id in pledge_ids if pledge_id != pledge.id])
        items += [item for other in others if other.under_control for item in other.items]
        terms += [other.coverage_terms for other in others if other.under_control and other.coverage_terms is not None]
        counted += [other.id for other in others if other.under_control]
    debts = await debts_of(uow, loan_ids, business_date(now))
    deposited = await uow.compensations.deposited(counted)
    coverage = coverage_of(items, [debt.total for debt in debts.values()], now, terms, deposited)
    if coverage.level not in SHORT or not any(each.cure_working_days for each in terms):
        return coverage
    return replace(coverage, due_on=due_on(await _called_on(uow, pledge, now), terms))


async def _called_on(uow: UnitOfWork, pledge: Pledge, now: datetime) -> date:
    """Return the day on which the call that stands was told first; today where nobody has told of it yet."""
    since = now
    for entry in reversed(await uow.audit.of_subject(pledge.id)):
        if entry.action in TOLD_SHORT:
            since = entry.at
        elif entry.action.startswith("coverage."):
            break
    return business_date(since)
