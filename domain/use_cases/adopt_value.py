"""What a bank adopts: the rule applied to what is kept, for a right as for the items of its pledges.

The subtle thing is who asks. Only the bank itself sees its appraisals, so the rule is applied where the bank acts: when
its person submits, when it approves the loan, and when one of its appraisals or adoptions is approved. An enterprise
that submits is shown our own value, which tells it nothing of the bank's figures.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction

from domain.errors import InvalidQuantity
from domain.jurisdictions.rulebook import Rulebook
from domain.pledges.lifecycle import TERMINAL
from domain.pledges.pledges import PledgeItem
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import NotFound
from domain.rights.rights import Right
from domain.use_cases.appraise_right import appraise_subject, subject_of
from domain.valuation.adoption import Adopted, OwnFigures, adopted, carried, lowered_share
from domain.valuation.appraisal import Appraisal
from domain.valuation.subject import Subject
from domain.values.actors import Actor
from domain.values.money import Money
from domain.values.quantity import Quantity
from domain.values.time import business_date


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedToday:
    """What a bank adopts for a right on a day, beside our valuation and all that it has said itself."""

    right: Right
    subject: Subject
    ours: Appraisal
    own: OwnFigures
    adopted: Adopted


async def adopted_today(
    uow: UnitOfWork, actor: Actor, rulebook: Rulebook, right_id: str, quantity: Quantity | None, on: date, now: datetime
) -> AdoptedToday:
    """Return what the actor's bank adopts for a right, or a quantity of it, on a day.

    Raises:
        NotFound: the bank may not see such a right.
        InvalidQuantity: the right has less, or nothing is asked of it.
        NoPriceEvidence, RightExpired, RuleUnknown: we have no value, and an appraisal alone is none to lend on.
    """
    right = await uow.rights.find(right_id)
    if right is None:
        raise NotFound("right")
    subject = subject_of(right, within(right.quantity, quantity))
    terms = await uow.policies.terms(actor.tenant)
    ours = await appraise_subject(uow, rulebook, subject, as_of=on, now=now, liquidation_days=terms.liquidation_days)
    own = await figures_of(uow, actor.tenant, right.id)
    told = adopted(ours.market_value, ours.as_of, own, subject, on)
    return AdoptedToday(right=right, subject=subject, ours=ours, own=own, adopted=told)


def within(whole: Quantity, part: Quantity | None) -> Quantity:
    """Return a part of a right in the right's unit, the whole where none is named.

    Raises:
        InvalidQuantity: more than there is, or nothing.
        InvalidUnit: the unit measures something else.
    """
    if part is None:
        return whole
    found = part.to(whole.unit)
    if not found.is_positive or found > whole:
        raise InvalidQuantity(
            what="quantity",
            value=part.wire(),
            reason_zh="数量须大于零,且不超过该权益的数量。",
            reason_en="above zero, and no more than the right has",
        )
    return found


async def figures_of(uow: UnitOfWork, tenant: str, right_id: str) -> OwnFigures:
    """Return all that a bank has said of a right, as far as the caller may see it."""
    terms = await uow.policies.terms(tenant)
    return OwnFigures(
        appraisals=tuple(await uow.appraisals.of_right(tenant, right_id)),
        adoptions=tuple(await uow.adoptions.of_right(tenant, right_id)),
        revaluation_months=terms.revaluation_months,
    )


async def lowered(uow: UnitOfWork, tenant: str, right: Right, quantity: Quantity, ours: Money, on: date) -> Fraction:
    """Return the share of our market value that a bank adopts for a quantity of a right on a day, at most 1."""
    own = await figures_of(uow, tenant, right.id)
    return lowered_share(ours, adopted(ours, on, own, subject_of(right, quantity), on).value)


async def readopted(uow: UnitOfWork, tenant: str, item: PledgeItem, right: Right, on: date) -> PledgeItem:
    """Return a pledged item with what its bank adopts on a day, from our values as they were last written."""
    if item.market_value is None or item.collateral_value is None:
        return item
    own = await figures_of(uow, tenant, right.id)
    told = adopted(item.market_value, on, own, subject_of(right, item.quantity), on)
    return replace(item, adopted_value=carried(item.collateral_value, item.market_value, told.value))


async def readopt(uow: UnitOfWork, actor: Actor, right_id: str, now: datetime) -> None:
    """Write the bank's new adopted value into every living pledge to it that holds the right.

    In the order of the pledges, so that no two wait for each other; one whose values stay is not touched.
    """
    right = await uow.rights.find(right_id)
    if right is None:
        return
    today = business_date(now)
    for pledge_id in await uow.pledges.holding(right_id, actor.tenant):
        pledge = await uow.pledges.lock(pledge_id)
        if pledge is None or pledge.status in TERMINAL:
            continue
        items = [
            await readopted(uow, actor.tenant, item, right, today) if item.right_id == right_id else item
            for item in pledge.items
        ]
        if tuple(items) != pledge.items:
            changed = replace(pledge, items=tuple(items), updated_at=now, version=pledge.version + 1)
            await uow.pledges.save(changed)
            await uow.audit.write(actor, "pledge.value_adopted", pledge.id, _values(changed.items), pledge.parties, now)


def _values(items: tuple[PledgeItem, ...]) -> dict[str, object]:
    return {item.right_id: None if item.adopted_value is None else item.adopted_value.wire() for item in items}
