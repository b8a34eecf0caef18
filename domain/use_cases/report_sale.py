"""Report what came of a sale: nobody bought, and the next round opens lower; or somebody did, and the registry is told.

Each buyer's part of each freeze is one order, which lifts that part and makes it the buyer's, both or neither. All of
them are written in the transaction that writes the result, with the jobs that carry them out.

What is left unsold goes back to the pledgor only where the debt is paid, and only after everything that was sold is the
buyers': what still secures something is sold or stays frozen. The bank itself buys only where a rule lets it, or sets
the right off at its value, with the pledgor's agreement and at no less than the highest of its own appraisals in force,
so that no low value makes a forfeiture of it.

Source: civil code art. 410, 413, 428, 436 to 438; rule packs (`disposal.bank_may_buy`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from domain.errors import InvalidDate
from domain.jurisdictions.rulebook import Rulebook
from domain.jurisdictions.rules import flag
from domain.pledges.enforcements import (
    BelowReserve,
    BuyerNotEligible,
    DisposalConditionsUnmet,
    Enforcement,
    EnforcementCannotMove,
    EnforcementEvent,
    EnforcementStatus,
    InvalidSale,
    Outcome,
    Round,
    Route,
    SaleResult,
    UnsoldRemainder,
    after,
    price_holds,
    sold_of,
)
from domain.pledges.lifecycle import State
from domain.pledges.pledges import Pledge, SamePerson
from domain.pledges.registry_orders import SETTLED, OrderState, PledgeOrder, StandingFreeze
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.rights import Right
from domain.use_cases.appraise_right import subject_of
from domain.use_cases.change_enforcement import befall, by_pledgee, fetch_enforcement, keep
from domain.use_cases.enforce_pledge import grounds_of
from domain.use_cases.order_freeze import place
from domain.use_cases.settle_sale import distribution_of, open_orders, order_of_sale
from domain.valuation.bank_appraisals import AppraisalStanding, standing_of, value_for
from domain.values.actors import Actor
from domain.values.identifiers import new_id
from domain.values.money import Money
from domain.values.quantity import Quantity
from domain.values.time import business_date

BANK_MAY_BUY_RULE: Final = "disposal.bank_may_buy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What the bank reports of a round: when, by which paper, and what was sold; nothing where nobody bought."""

    on: date
    reference: str
    result: SaleResult | None


async def report_round(
    uow: UnitOfWork,
    actor: Actor,
    rulebook: Rulebook,
    ids: tuple[str, str],
    reported: Reported,
    if_match: int | None,
    now: datetime,
) -> Enforcement:
    """Write how the open round ended; of a sale, order the registry to make the right the buyers'.

    `ids` are the pledge's and the enforcement's.

    Raises:
        Forbidden: not a person of the pledgee.
        EnforcementCannotMove: it does not run, or no round is open.
        InvalidDate: it is said to have happened before the approval, or after today.
        DisposalNotInDefault: the debt has been paid.
        DisposalConditionsUnmet, InvalidSale, UnsoldRemainder, BelowReserve, BuyerNotEligible: as they say.
    """
    pledge, enforcement = await fetch_enforcement(uow, *ids, if_match)
    by_pledgee(actor, pledge, "enforcement:report")
    after(enforcement.status, EnforcementEvent.SOLD)
    last = enforcement.rounds[-1]
    if last.outcome is not None:
        raise EnforcementCannotMove(last.outcome.value, "result")
    _check_day(enforcement, reported.on, business_date(now))
    ended = replace(
        last,
        outcome=Outcome.FAILED if reported.result is None else Outcome.SOLD,
        on=reported.on,
        reference=reported.reference,
        reported_by=actor.client_id,
        reported_at=now,
        result=reported.result,
    )
    told = replace(enforcement, rounds=(*enforcement.rounds[:-1], ended))
    if reported.result is None:
        details = {"round": last.number, "reference": reported.reference}
        return await keep(uow, actor, told, "round_failed", now, details)
    return await _sold(uow, actor, rulebook, (pledge, told), reported.result, now)


async def open_round(
    uow: UnitOfWork,
    actor: Actor,
    ids: tuple[str, str],
    reserve_price: Money,
    if_match: int | None,
    now: datetime,
) -> Enforcement:
    """Open the next round at a lower reserve, after a round in which nobody bought; another person than who said so.

    Raises:
        Forbidden: not a person of the pledgee.
        EnforcementCannotMove: it does not run, or the last round did not fail.
        SamePerson: the actor reported the failure.
        BelowReserve: the reserve is not lower than the last.
    """
    pledge, enforcement = await fetch_enforcement(uow, *ids, if_match)
    by_pledgee(actor, pledge, "enforcement:report")
    last = enforcement.rounds[-1]
    if enforcement.status is not EnforcementStatus.RUNNING or last.outcome is not Outcome.FAILED:
        raise EnforcementCannotMove(enforcement.status.value, "round_opened")
    if last.reported_by == actor.client_id:
        raise SamePerson(actor.client_id)
    if last.reserve_price is not None and reserve_price >= last.reserve_price:
        raise BelowReserve(last.reserve_price, reserve_price)
    following = Round(number=last.number + 1, reserve_price=reserve_price, opened_by=actor.client_id, opened_at=now)
    details = {"round": following.number, "reserve_price": reserve_price.wire()}
    return await keep(
        uow, actor, replace(enforcement, rounds=(*enforcement.rounds, following)), "round_opened", now, details
    )


async def transfer_again(
    uow: UnitOfWork, actor: Actor, ids: tuple[str, str], if_match: int | None, now: datetime
) -> Enforcement:
    """Order once more what the registry refused while it executed the rest; what was executed stays as it is.

    Raises:
        Forbidden: not a person of the pledgee.
        EnforcementCannotMove: nothing of the sale was refused.
    """
    pledge, enforcement = await fetch_enforcement(uow, *ids, if_match)
    by_pledgee(actor, pledge, "enforcement:report")
    orders = await uow.registry_orders.of_round(pledge.id, pledge.order_round)
    refused = [order for order in orders if order.state is OrderState.REFUSED]
    settled = all(order.state in SETTLED for order in orders)
    if enforcement.status is not EnforcementStatus.SETTLING or pledge.status is not State.EXCEPTION or not settled:
        raise EnforcementCannotMove(enforcement.status.value, "transfer")
    opened = await open_orders(uow, pledge, now)
    for order in refused:
        again = replace(
            order,
            id=new_id("order"),
            round=opened.order_round,
            state=OrderState.RECORDED,
            attempts=0,
            registry_ref=None,
            reason=None,
            message=None,
            evidence_sha256=None,
            created_at=now,
        )
        await place(uow, actor, again)
    return await keep(uow, actor, enforcement, "transfer_ordered_again", now, {"orders": len(refused)})


async def _sold(
    uow: UnitOfWork,
    actor: Actor,
    rulebook: Rulebook,
    sale: tuple[Pledge, Enforcement],
    result: SaleResult,
    now: datetime,
) -> Enforcement:
    pledge, enforcement = sale
    today = business_date(now)
    await grounds_of(uow, pledge, today)
    rights = await uow.rights.find_many([item.right_id for item in pledge.items])
    _check_parts(pledge, result)
    _check_buyers(enforcement, pledge, rights, rulebook, result, today)
    unmet = list(enforcement.unmet(today))
    if enforcement.route is Route.SETOFF_AT_VALUE:
        unmet += await _below_appraisal(uow, pledge, rights, result, today)
    if unmet:
        raise DisposalConditionsUnmet(tuple(unmet))
    reserve = enforcement.rounds[-1].reserve_price
    if reserve is not None and result.proceeds < reserve:
        raise BelowReserve(reserve, result.proceeds)
    found = await uow.loans.find_many(pledge.loan_ids)
    loans = [found[loan_id] for loan_id in sorted(found)]
    distribution = await distribution_of(uow, pledge, enforcement, result, loans, now)
    freezes = await uow.registry_orders.standing_freezes(pledge.id)
    _check_rest(pledge, result, distribution.shortfall)
    opened = await open_orders(uow, pledge, now)
    for order in _transfers(opened, enforcement, result, freezes, now):
        await place(uow, actor, order)
    details = {"proceeds": result.proceeds.wire(), "reference": enforcement.rounds[-1].reference}
    return await befall(
        uow, actor, replace(enforcement, distribution=distribution), EnforcementEvent.SOLD, now, details
    )


def _transfers(
    pledge: Pledge, enforcement: Enforcement, result: SaleResult, freezes: Sequence[StandingFreeze], now: datetime
) -> Iterable[PledgeOrder]:
    """Return the transfers of what is sold, each within one freeze."""
    for item in pledge.items:
        left = {freeze.registry_ref: freeze.quantity.amount for freeze in freezes if freeze.right_id == item.right_id}
        for winner in result.winners:
            if winner.right_id != item.right_id:
                continue
            wanted = winner.quantity.amount
            for freeze_ref, standing in tuple(left.items()):
                taken = min(wanted, standing)
                if taken:
                    left[freeze_ref] = standing - taken
                    wanted -= taken
                    part = StandingFreeze(item.right_id, freeze_ref, Quantity(taken, item.quantity.unit))
                    yield order_of_sale(pledge, enforcement, part, winner, now)
            assert not wanted, "what is pledged is frozen"


def _check_day(enforcement: Enforcement, on: date, today: date) -> None:
    approved_at = enforcement.approved_at
    assert approved_at is not None, "a running enforcement was approved"
    if not business_date(approved_at) <= on <= today:
        raise InvalidDate(
            what="date",
            value=on.isoformat(),
            reason_zh="处置日期须在批准之日起、今天之前(含)。",
            reason_en="a sale lies between its approval and today",
        )


def _check_parts(pledge: Pledge, result: SaleResult) -> None:
    """Raise InvalidSale unless every part is of the pledge, and every sum is the sum of its parts."""
    pledged = {item.right_id: item.quantity for item in pledge.items}
    for place_, winner in enumerate(result.winners):
        whole = pledged.get(winner.right_id)
        if whole is None or whole.unit is not winner.quantity.unit:
            raise InvalidSale(
                f"#/winners/{place_}",
                "该权益不在质押清单中,或计量单位不符。",
                "The right is none of the pledge's, or has another unit.",
            )
        if not price_holds(winner):
            raise InvalidSale(
                f"#/winners/{place_}/amount",
                "金额不等于数量乘以单价。",
                "The amount is not quantity times unit price.",
            )
        if sold_of(result.winners, winner.right_id) > whole.amount:
            raise InvalidSale(
                f"#/winners/{place_}/quantity",
                "成交数量超过质押数量。",
                "More is sold than is pledged.",
            )
    claimed = [claim.loan_id for claim in result.claims]
    if len(set(claimed)) != len(claimed) or not set(claimed) <= set(pledge.loan_ids):
        raise InvalidSale(
            "#/claims",
            "债权清单须为本质押所担保的贷款,且每笔只列一次。",
            "Claims name the loans that the pledge secures, each once.",
        )


def _check_rest(pledge: Pledge, result: SaleResult, shortfall: Money) -> None:
    whole = all(sold_of(result.winners, item.right_id) == item.quantity.amount for item in pledge.items)
    if not whole and shortfall.is_positive:
        raise UnsoldRemainder(shortfall)


def _check_buyers(
    enforcement: Enforcement,
    pledge: Pledge,
    rights: Mapping[str, Right],
    rulebook: Rulebook,
    result: SaleResult,
    today: date,
) -> None:
    setoff = enforcement.route is Route.SETOFF_AT_VALUE
    for winner in result.winners:
        if winner.buyer == rights[winner.right_id].holder_uscc:
            raise BuyerNotEligible(winner.buyer, "受让方不能是权益持有人本身。", "The holder cannot buy its own right.")
        bank = winner.buyer == pledge.pledgee_uscc
        if setoff and not bank:
            raise BuyerNotEligible(
                winner.buyer, "折价抵偿的受让方只能是质权人。", "A set-off at value is to the pledgee alone."
            )
        rule = rulebook.find(BANK_MAY_BUY_RULE, rights[winner.right_id].division, today)
        if bank and not setoff and not (rule is not None and rule.is_known and flag(rule)):
            raise BuyerNotEligible(
                winner.buyer,
                "没有规定允许质权人自行受让质押的权益。",
                "No rule lets the pledgee buy what is pledged to it.",
            )


async def _below_appraisal(
    uow: UnitOfWork, pledge: Pledge, rights: Mapping[str, Right], result: SaleResult, today: date
) -> Sequence[str]:
    """Return what a set-off lacks: an appraisal in force of each right, or a price that is not below it."""
    for item in pledge.items:
        right = rights[item.right_id]
        known = await uow.appraisals.of_right(pledge.pledgee, right.id)
        in_force = [each for each in known if standing_of(each, known, today) is AppraisalStanding.IN_FORCE]
        if not in_force:
            return ("appraisal_in_force",)
        subject = subject_of(right, Quantity(sold_of(result.winners, right.id), item.quantity.unit))
        values = [value_for(each.value, each.quantity, each.as_of, subject, today) for each in in_force]
        offered = Money.from_fen(sum(each.amount.fen for each in result.winners if each.right_id == right.id))
        if offered < max(values):
            return ("price_at_appraised_value",)
    return ()
