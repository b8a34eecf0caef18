"""Whose each freeze of a pledge becomes when a pledgor is succeeded or a claim goes to another bank, and if it may.

A succession is the registry's to tell: the bank verifies the right first, and finds it the successor's. A claim moves
with all that secures it or not at all, so that a loan that another pledge secures as well is not torn from it; and the
claims of a maximum amount move only when they are fixed. Nobody is unfrozen for a moment by either, because each freeze
is amended where it stands.

Where a pledgor has only got another name, nothing at the registry is to be changed, and there are no changes to order.

Source: civil code art. 67 (successor of a merger), 407 and 547 (security follows its claim), 421 and 422 (maximum
amount); contract section 5.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from domain.pledges.amendments import (
    AmendmentKind,
    ClaimSecuredElsewhere,
    ClaimsNotDetermined,
    InvalidAmendment,
    SuccessorUnconfirmed,
    Terms,
)
from domain.pledges.pledges import Pledge, SecuredKind
from domain.pledges.registry_orders import PartyChange, StandingFreeze
from domain.ports.tenants import Tenant
from domain.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class FreezeChange:
    """A freeze as it stands, and what is to change of its parties."""

    freeze: StandingFreeze
    change: PartyChange


async def named_in_full(uow: UnitOfWork, kind: AmendmentKind, terms: Terms) -> Terms:
    """Return the terms with the transferee's USCC beside its tenant; raises InvalidAmendment where it is no bank."""
    if kind is not AmendmentKind.TRANSFER_OF_CLAIM:
        return terms
    return replace(terms, transferee_uscc=(await _bank(uow, terms.transferee)).uscc)


async def plan_transfer(uow: UnitOfWork, pledge: Pledge, terms: Terms) -> tuple[FreezeChange, ...]:
    """Return the change of every freeze to the bank that takes the claim.

    Raises:
        InvalidAmendment: the transferee is no other bank, or several banks have the claim together.
        ClaimsNotDetermined: a maximum amount whose claims are not fixed.
        ClaimSecuredElsewhere: other pledges secure the same loans.
    """
    transferee = await _bank(uow, terms.transferee)
    if transferee.id == pledge.pledgee or transferee.uscc is None:
        _invalid("#/transferee", "受让人须为另一家银行。", "The transferee is another bank.")
    if pledge.syndicate:
        _invalid(
            "#/kind", "银团质押的债权不由代理行单独转让。", "The agent alone does not transfer a syndicate's claim."
        )
    if pledge.secured.kind is SecuredKind.MAXIMUM_AMOUNT and pledge.determination is None:
        raise ClaimsNotDetermined
    if not pledge.loan_ids:
        _invalid("#/kind", "该质押未关联债权,无可转让。", "The pledge secures no loan that could be transferred.")
    linked, _ = await uow.pledges.linked(pledge.id)
    others = tuple(sorted(set(linked) - {pledge.id}))
    if others:
        raise ClaimSecuredElsewhere(others)
    rights = await uow.rights.find_many([item.right_id for item in pledge.items])
    return tuple(
        FreezeChange(
            freeze,
            PartyChange(
                beneficiary=pledge.pledgee_uscc,
                new_beneficiary=transferee.uscc,
                holder=rights[freeze.right_id].holder_uscc,
                new_holder=rights[freeze.right_id].holder_uscc,
            ),
        )
        for freeze in await uow.registry_orders.standing_freezes(pledge.id)
    )


async def plan_succession(uow: UnitOfWork, pledge: Pledge, terms: Terms) -> tuple[FreezeChange, ...]:
    """Return the change of every freeze on what was the former pledgor's; none where only its name is another.

    Raises:
        InvalidAmendment: no pledgor, or a successor who is a pledgor beside it.
        SuccessorUnconfirmed: by the registry's word a right is still the former pledgor's, or has another name.
    """
    former, successor = terms.former_uscc, terms.successor_uscc
    if former is None or successor is None or former not in pledge.pledgors:
        _invalid("#/former_uscc", "原权利人不是本质押的出质人。", "The former holder is no pledgor of this pledge.")
    rights = await uow.rights.find_many([item.right_id for item in pledge.items])
    if former == successor:
        if terms.name is None:
            _invalid("#/name", "名称变更须填写新名称。", "A change of name needs the new name.")
        for right in rights.values():
            if right.holder_uscc == former and right.holder_name != terms.name:
                raise SuccessorUnconfirmed(right.id)
        return ()
    if successor in pledge.pledgors:
        _invalid(
            "#/successor_uscc", "承继人已是共同出质人。", "The successor is a pledgor beside the former one already."
        )
    for right in rights.values():
        unconfirmed = right.holder_uscc not in pledge.pledgors and right.holder_uscc != successor
        misnamed = right.holder_uscc == successor and terms.name not in {None, right.holder_name}
        if right.holder_uscc == former or unconfirmed or misnamed:
            raise SuccessorUnconfirmed(right.id)
    succeeded = {right.id for right in rights.values() if right.holder_uscc == successor}
    freezes: Sequence[StandingFreeze] = await uow.registry_orders.standing_freezes(pledge.id)
    change = PartyChange(
        beneficiary=pledge.pledgee_uscc,
        new_beneficiary=pledge.pledgee_uscc,
        holder=former,
        new_holder=successor,
    )
    changes = tuple(FreezeChange(freeze, change) for freeze in freezes if freeze.right_id in succeeded)
    if not changes:
        _invalid(
            "#/successor_uscc", "无任何质押权利登记在承继人名下。", "None of the pledged rights is the successor's."
        )
    return changes


async def _bank(uow: UnitOfWork, name: str | None) -> Tenant:
    tenant = await uow.tenants.find(name or "")
    if tenant is None or tenant.kind != "bank":
        _invalid("#/transferee", "受让人须为另一家银行。", "The transferee is another bank.")
    return tenant


def _invalid(pointer: str, reason_zh: str, reason_en: str) -> NoReturn:
    raise InvalidAmendment(pointer, reason_zh, reason_en)
