"""What an amendment would do to its pledge, and whether it may: asked of the proposal, and again of the approval.

The subtle thing is what must hold afterwards. Whoever gives something up must leave enough for what is owed, today and
on each day of the loans' lives; whoever lends more or longer must have enough for what is promised. A right that takes
the place of one whose plan period is over asks neither, because that one carries nothing any more.

Source: civil code art. 389, 391, 409, 420 to 424; contract section 5.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, NoReturn

from domain.jurisdictions.rulebook import Rulebook
from domain.loans.accrual import debt_of
from domain.loans.loans import Loan, check_repayment
from domain.pledges.amendments import (
    AmendmentKind,
    InvalidAmendment,
    ReleaseBreaksCoverage,
    Removal,
    Terms,
    joined,
    reduced,
)
from domain.pledges.notices import LIVE, RegistrationCannotMove, checked_term, notice_of
from domain.pledges.pledges import InvalidItems, LoanExceedsCollateral, NotActive, Pledge, PledgeItem, SecuredKind
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import NotFound
from domain.rights.holds import QuantityUnavailable
from domain.rights.pledgeability import RightNotPledgeable, reasons_against
from domain.rights.rights import Right, RightStatus
from domain.use_cases.approve_loan import check_terms, loan_of
from domain.use_cases.compliance_reserve import unknown_obligation
from domain.use_cases.lend_on_rights import Due, first_uncovered, owed_of, promised_of
from domain.use_cases.plan_change_of_party import FreezeChange, plan_succession, plan_transfer
from domain.values.quantity import Quantity
from domain.values.time import business_date

Addition = tuple[Right, Quantity]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is frozen in addition and what is given up, what becomes of a loan, which joins, whose a freeze becomes."""

    additions: tuple[Addition, ...] = ()
    removals: tuple[Removal, ...] = ()
    extended: Loan | None = None
    joining: Loan | None = None
    changes: tuple[FreezeChange, ...] = ()

    @property
    def needs_registry(self) -> bool:
        """Tell whether a freeze is touched."""
        return bool(self.additions or self.removals or self.changes)


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that planning looks at."""

    uow: UnitOfWork
    rulebook: Rulebook
    pledge: Pledge
    terms: Terms
    now: datetime


async def plan_amendment(
    uow: UnitOfWork, rulebook: Rulebook, pledge: Pledge, kind: AmendmentKind, terms: Terms, now: datetime
) -> Plan:
    """Return what an amendment would do.

    Raises:
        InvalidAmendment, InvalidItems, InvalidLoans, NotFound: the terms do not fit this pledge.
        QuantityUnavailable, RightNotPledgeable: less is free than is to be added, or it may not be pledged.
        ReleaseBreaksCoverage, LoanExceedsCollateral: what would stay does not carry the debt; names the first day.
        TermExceedsValidity: a loan would outlive a right.
        NotActive: a maximum amount that has been determined secures no further claims.
        SuccessorUnconfirmed, ClaimsNotDetermined, ClaimSecuredElsewhere: another party may not take a place yet.
    """
    return await _PLANS[kind](Asked(uow, rulebook, pledge, terms, now))


async def _top_up(asked: Asked) -> Plan:
    return Plan(additions=await _additions(asked, asked.terms.items))


async def _partial_release(asked: Asked) -> Plan:
    plan = Plan(removals=_removals(asked, asked.terms.items, "#/items"))
    await _require_carried(asked, plan)
    return plan


async def _substitute(asked: Asked) -> Plan:
    plan = Plan(
        additions=await _additions(asked, asked.terms.items),
        removals=_removals(asked, asked.terms.released, "#/released"),
    )
    if {right.id for right, _ in plan.additions} & {removal.right_id for removal in plan.removals}:
        raise InvalidItems("#/released", "同一权利不能既增加又解除。", "One right is both added and given up.")
    await _require_carried(asked, plan)
    return plan


async def _replace_right(asked: Asked) -> Plan:
    """Plan the successor of the next plan period in the place of a right that awaits its confirmation."""
    terms = asked.terms
    former = next((item for item in asked.pledge.items if item.right_id == terms.right_id), None)
    if former is None or terms.successor_id is None or terms.quantity is None:
        raise InvalidItems("#/right_id", "该权利不在质押清单中。", "The right is not among the pledged ones.")
    found = await asked.uow.rights.find_many([former.right_id, terms.successor_id])
    old, new = found.get(former.right_id), found.get(terms.successor_id)
    if old is None or new is None:
        raise NotFound("right")
    if old.status not in {RightStatus.PENDING_RECONFIRMATION, RightStatus.EXPIRED}:
        _invalid("#/right_id", "该权利仍有效,无需接续。", "The right is in force and needs no successor.")
    if (old.holder_uscc, old.registry, old.instrument, old.pollutant) != (
        new.holder_uscc,
        new.registry,
        new.instrument,
        new.pollutant,
    ):
        _invalid(
            "#/successor_id",
            "接续权利须与原权利同一持有人、登记机构和污染物。",
            "A successor is of the same holder, registry and pollutant.",
        )
    if any(item.right_id == new.id for item in asked.pledge.items):
        raise InvalidItems("#/successor_id", "接续权利已在质押清单中。", "The successor is pledged already.")
    additions = await _additions(asked, ((new.id, terms.quantity),))
    return Plan(additions=additions, removals=(Removal(former.right_id, former.quantity),))


async def _loan_extension(asked: Asked) -> Plan:
    terms = asked.terms
    loan = await _linked_loan(asked, terms.loan_id, "#/loan_id")
    if terms.end is None or terms.end <= loan.end:
        _invalid("#/end", "展期后的到期日须晚于原到期日。", "An extension ends later than the loan does now.")
    lines = terms.repayment or ((terms.end, loan.principal),)
    extended = replace(loan, end=terms.end, repayment=lines, bullet=not terms.repayment, version=loan.version + 1)
    check_repayment(extended)
    await _require_lendable(asked, [extended], instead_of=loan.id)
    return Plan(extended=extended)


async def _refinance(asked: Asked) -> Plan:
    """Plan the new loan that repays the principal of the old one, linked before that happens."""
    loan = await _linked_loan(asked, asked.terms.loan_id, "#/loan_id")
    joining = await _joining_loan(asked, asked.terms.new_loan_id, "#/new_loan_id")
    events = await asked.uow.loans.events(loan.id)
    owed = debt_of(loan, events, business_date(asked.now)).principal
    if joining.borrower_uscc != loan.borrower_uscc:
        _invalid("#/new_loan_id", "新旧贷款的借款人须一致。", "Both loans are of one borrower.")
    if not owed.is_positive or joining.principal < owed:
        _invalid(
            "#/new_loan_id",
            "新贷款本金须足以偿还原贷款尚欠本金,且原贷款尚有欠款。",
            "The new loan must cover what is still owed of the old one's principal.",
        )
    await _require_lendable(asked, [joining], instead_of=loan.id)
    return Plan(joining=joining)


async def _add_loan(asked: Asked) -> Plan:
    joining = await _joining_loan(asked, asked.terms.loan_id, "#/loan_id")
    secured = asked.pledge.secured
    if secured.kind is SecuredKind.MAXIMUM_AMOUNT:
        starts, ends = secured.claims_from, secured.claims_to
        if (starts is not None and joining.start < starts) or (ends is not None and joining.start > ends):
            _invalid(
                "#/loan_id", "该贷款不在最高额债权的发生期间内。", "The loan does not fall into the period of claims."
            )
    await _require_lendable(asked, [joining])
    return Plan(joining=joining)


async def _determine(asked: Asked) -> Plan:
    pledge, terms = asked.pledge, asked.terms
    if pledge.secured.kind is not SecuredKind.MAXIMUM_AMOUNT:
        _invalid("#/kind", "仅最高额担保需要确定债权。", "Only the claims of a maximum amount are determined.")
    if pledge.determination is not None:
        _invalid("#/kind", "该最高额担保的债权已经确定。", "The claims have been determined already.")
    if terms.on is None or terms.on > business_date(asked.now):
        _invalid("#/on", "债权确定日不得晚于今天。", "Claims are determined today at the latest.")
    return Plan()


async def _registration_renewal(asked: Asked) -> Plan:
    notice = notice_of(asked.pledge)
    if notice.status not in LIVE:
        raise RegistrationCannotMove(notice.status.value, "extended")
    checked_term(asked.terms.months or 0)
    return Plan()


async def _change_party(asked: Asked) -> Plan:
    return Plan(changes=await plan_succession(asked.uow, asked.pledge, asked.terms))


async def _transfer_of_claim(asked: Asked) -> Plan:
    return Plan(changes=await plan_transfer(asked.uow, asked.pledge, asked.terms))


_PLANS: Final[Mapping[AmendmentKind, Callable[[Asked], Awaitable[Plan]]]] = MappingProxyType(
    {
        AmendmentKind.TOP_UP: _top_up,
        AmendmentKind.PARTIAL_RELEASE: _partial_release,
        AmendmentKind.SUBSTITUTE: _substitute,
        AmendmentKind.REPLACE_RIGHT: _replace_right,
        AmendmentKind.LOAN_EXTENSION: _loan_extension,
        AmendmentKind.REFINANCE: _refinance,
        AmendmentKind.ADD_LOAN: _add_loan,
        AmendmentKind.DETERMINE: _determine,
        AmendmentKind.REGISTRATION_RENEWAL: _registration_renewal,
        AmendmentKind.CHANGE_PARTY: _change_party,
        AmendmentKind.TRANSFER_OF_CLAIM: _transfer_of_claim,
    }
)


async def _additions(asked: Asked, wanted: Sequence[tuple[str, Quantity]]) -> tuple[Addition, ...]:
    ids = [right_id for right_id, _ in wanted]
    if len(set(ids)) != len(ids):
        raise InvalidItems("#/items", "同一权利在清单中出现了两次。", "One right stands twice in the list.")
    rights = await asked.uow.rights.find_many(ids)
    found = []
    for index, (right_id, quantity) in enumerate(wanted):
        right = rights.get(right_id)
        if right is None:
            raise NotFound("right")
        if right.holder_uscc not in asked.pledge.pledgors:
            raise InvalidItems(
                f"#/items/{index}", "该权利的持有人不在出质人之列。", "The right's holder is not among the pledgors."
            )
        reasons = reasons_against(right, asked.rulebook, business_date(asked.now))
        unknown = await unknown_obligation(asked.uow, asked.rulebook, right, asked.now)
        against = (*(reason for reason in reasons if reason.code != "no_quantity_available"), *unknown)
        if against:
            raise RightNotPledgeable(right.id, against)
        quantity_in_unit = quantity.to(right.quantity.unit)
        if right.available.amount < quantity_in_unit.amount:
            raise QuantityUnavailable(right.id, right.available, f"#/items/{index}")
        found.append((right, quantity_in_unit))
    return tuple(found)


def _removals(asked: Asked, wanted: Sequence[tuple[str, Quantity]], pointer: str) -> tuple[Removal, ...]:
    items = {item.right_id: item for item in asked.pledge.items}
    ids = [right_id for right_id, _ in wanted]
    if len(set(ids)) != len(ids):
        raise InvalidItems(pointer, "同一权利在清单中出现了两次。", "One right stands twice in the list.")
    found = []
    for index, (right_id, quantity) in enumerate(wanted):
        item = items.get(right_id)
        if item is None:
            raise InvalidItems(
                f"{pointer}/{index}", "该权利不在质押清单中。", "The right is not among the pledged ones."
            )
        in_unit = quantity.to(item.quantity.unit)
        if in_unit > item.quantity:
            raise InvalidItems(
                f"{pointer}/{index}", "解除数量超过质押数量。", "More would be given back than is pledged."
            )
        found.append(Removal(right_id, in_unit))
    return tuple(found)


async def _require_carried(asked: Asked, plan: Plan) -> None:
    """Raise ReleaseBreaksCoverage unless what stays and what is added carry what is owed until it is repaid."""
    staying = reduced(asked.pledge.items, plan.removals)
    items = joined(staying, [unvalued(*addition) for addition in plan.additions])
    if not items:
        raise InvalidItems("#/items", "不能解除全部权利;请办理解除质押。", "Nothing would be left; release the pledge.")
    owed: list[Due] = []
    today = business_date(asked.now)
    for loan in await _group_loans(asked):
        owed += owed_of(loan, debt_of(loan, await asked.uow.loans.events(loan.id), today), today)
    failing = await first_uncovered(asked.uow, asked.rulebook, asked.pledge, items, owed, asked.now)
    if failing is not None:
        raise ReleaseBreaksCoverage(failing.on, failing.owed, failing.max_loan)


async def _require_lendable(asked: Asked, joining: Sequence[Loan], instead_of: str | None = None) -> None:
    """Raise unless the rights outlive the loans, and carry all that is promised with them."""
    today = business_date(asked.now)
    pledge, uow = asked.pledge, asked.uow
    rights = await uow.rights.find_many([item.right_id for item in pledge.items])
    margin = (await uow.policies.terms(pledge.pledgee)).loan_end_margin_days
    check_terms(pledge, rights, joining, asked.rulebook, today, margin)
    others = [loan for loan in await _group_loans(asked) if loan.id != instead_of]
    owed: list[Due] = []
    for loan in [*others, *joining]:
        events = await uow.loans.events(loan.id)
        owed += promised_of(loan, debt_of(loan, events, today), events, today)
    failing = await first_uncovered(uow, asked.rulebook, pledge, pledge.items, owed, asked.now)
    if failing is not None:
        raise LoanExceedsCollateral(failing.max_loan, failing.on)


async def _group_loans(asked: Asked) -> list[Loan]:
    _, loan_ids = await asked.uow.pledges.linked(asked.pledge.id)
    found = await asked.uow.loans.find_many(sorted({*loan_ids, *asked.pledge.loan_ids}))
    return list(found.values())


async def _linked_loan(asked: Asked, loan_id: str | None, pointer: str) -> Loan:
    if loan_id is None or loan_id not in asked.pledge.loan_ids:
        _invalid(pointer, "该贷款未与本质押关联。", "The loan is not linked with this pledge.")
    return await loan_of(asked.uow, asked.pledge, loan_id)


async def _joining_loan(asked: Asked, loan_id: str | None, pointer: str) -> Loan:
    """Return a further loan of the bank, of which nothing has been paid out and which this pledge may secure."""
    if loan_id is None or loan_id in asked.pledge.loan_ids:
        _invalid(pointer, "该贷款已与本质押关联。", "The loan is linked with this pledge already.")
    loan = await loan_of(asked.uow, asked.pledge, loan_id)
    if await asked.uow.loans.events(loan.id):
        _invalid(pointer, "该贷款已有发放或其他记录。", "Something has happened to this loan already.")
    if asked.pledge.determination is not None:
        raise NotActive(("not_determined",))
    return loan


def unvalued(right: Right, quantity: Quantity) -> PledgeItem:
    """Return an item that is not valued yet."""
    return PledgeItem(
        right_id=right.id,
        quantity=quantity,
        hold_id=None,
        expected_version=None,
        valuation_id=None,
        market_value=None,
        collateral_value=None,
        adopted_value=None,
        loan_to_value_cap=None,
    )


def _invalid(pointer: str, reason_zh: str, reason_en: str) -> NoReturn:
    raise InvalidAmendment(pointer, reason_zh, reason_en)
