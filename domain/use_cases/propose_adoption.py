"""An explicit adoption: a bank takes another value of a right than the lowest, by two persons and with a reason."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.errors import InvalidMoney
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import NotFound
from domain.rights.rights import Right
from domain.use_cases.adopt_value import readopt, within
from domain.use_cases.second_person import require_second_person
from domain.valuation.adoption import Adoption, AdoptionBasis, AppraisalNotInForce
from domain.valuation.bank_appraisals import AppraisalStanding, standing_of
from domain.valuation.proposals import Proposal
from domain.values.actors import Actor
from domain.values.identifiers import new_id
from domain.values.money import Money
from domain.values.quantity import Quantity, Unit
from domain.values.time import business_date, parse_date


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAdoption:
    """What is to be adopted: exactly one of a valuation, an appraisal and a value (of the whole right by default)."""

    valuation_id: str | None
    appraisal_id: str | None
    value: Money | None
    quantity: Quantity | None
    reason: str


async def propose_adoption(uow: UnitOfWork, actor: Actor, right_id: str, new: NewAdoption, now: datetime) -> Adoption:
    """Write an adoption that counts for nothing until a second person approves it.

    Raises:
        NotFound: the bank may not see such a right, or has no such valuation or appraisal of it.
        AppraisalNotInForce: the appraisal may not be relied on today.
        InvalidMoney: the value is not above zero.
        InvalidQuantity, InvalidUnit: the quantity is none of the right's.
    """
    right = await uow.rights.find(right_id)
    if right is None:
        raise NotFound("right")
    adoption = await _drafted(uow, actor, right, new, now)
    if not adoption.value.is_positive:
        raise InvalidMoney(
            what="money", value=adoption.value.wire(), reason_zh="采用的价值须大于零。", reason_en="above zero"
        )
    await uow.adoptions.add(adoption)
    await _told(uow, actor, adoption, now)
    return adoption


async def decide_on_adoption(
    uow: UnitOfWork,
    actor: Actor,
    adoption_id: str,
    right_id: str,
    *,
    rejection: str | None,
    if_match: int | None,
    now: datetime,
) -> Adoption:
    """Approve an adoption, or reject it where a reason is given; an approved one holds for the bank's pledges at once.

    Raises:
        NotFound: no such adoption of this right.
        SamePerson, Forbidden, VersionMismatch: as `require_second_person` says.
        AlreadyDecided: somebody has decided.
    """
    adoption = await uow.adoptions.lock(adoption_id)
    if adoption is None or adoption.right_id != right_id:
        raise NotFound("adopted_value")
    require_second_person(actor, adoption.proposal, if_match, "appraisal:approve")
    decided = replace(adoption, proposal=adoption.proposal.decided(actor.client_id, now, rejection))
    await uow.adoptions.decide(adoption.id, decided.proposal)
    await _told(uow, actor, decided, now)
    if decided.proposal.is_approved:
        await readopt(uow, actor, right_id, now)
    return decided


async def _drafted(uow: UnitOfWork, actor: Actor, right: Right, new: NewAdoption, now: datetime) -> Adoption:
    today = business_date(now)
    draft = Adoption(
        id=new_id("adoption"),
        tenant=actor.tenant,
        right_id=right.id,
        basis=AdoptionBasis.VALUE,
        valuation_id=None,
        appraisal_id=None,
        value=new.value or Money.zero(),
        quantity=within(right.quantity, new.quantity),
        valued_on=today,
        valid_until=None,
        reason=new.reason,
        proposal=Proposal.by(actor.client_id, now),
    )
    if new.appraisal_id is not None:
        known = await uow.appraisals.of_right(actor.tenant, right.id)
        appraisal = next((each for each in known if each.id == new.appraisal_id), None)
        if appraisal is None:
            raise NotFound("appraisal")
        standing = standing_of(appraisal, known, today)
        if standing is not AppraisalStanding.IN_FORCE:
            raise AppraisalNotInForce(appraisal.id, standing.value)
        return replace(
            draft,
            basis=AdoptionBasis.APPRAISAL,
            appraisal_id=appraisal.id,
            value=appraisal.value,
            quantity=appraisal.quantity,
            valued_on=appraisal.as_of,
            valid_until=appraisal.valid_until,
        )
    if new.valuation_id is not None:
        stored = await uow.valuations.find(new.valuation_id)
        if stored is None or stored.right_id != right.id:
            raise NotFound("valuation")
        body: Any = stored.body
        quantity = body["subject"]["quantity"]
        return replace(
            draft,
            basis=AdoptionBasis.VALUATION,
            valuation_id=stored.id,
            value=Money.parse(body["market_value"]["amount"]),
            quantity=Quantity.parse(quantity["amount"], Unit(quantity["unit"])),
            valued_on=parse_date(body["as_of"]),
        )
    return draft


async def _told(uow: UnitOfWork, actor: Actor, adoption: Adoption, now: datetime) -> None:
    action = f"adopted_value.{adoption.proposal.status.value}"
    details = {"right_id": adoption.right_id, "value": adoption.value.wire(), "reason": adoption.reason}
    await uow.audit.write(actor, action, adoption.id, details, (actor.tenant,), now)
    status = {"right_id": adoption.right_id, "version": adoption.proposal.version}
    await uow.outbox.publish(action, adoption.id, status, (actor.tenant,), now)
