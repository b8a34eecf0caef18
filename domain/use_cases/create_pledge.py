"""Draft a pledge: who secures which claim with which rights; a draft holds nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.pledges.lifecycle import State, Workflow
from domain.pledges.pledges import (
    CoverageTerms,
    InvalidItems,
    InvalidLoans,
    OtherSecurity,
    Pledge,
    PledgeItem,
    Register,
    Registration,
    RegistrationStatus,
    Secured,
    SecurityType,
)
from domain.pledges.syndicates import Member
from domain.ports.tenants import Tenant
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden, InvalidGrantee, NotFound
from domain.rights.rights import Right
from domain.use_cases.join_syndicate import Shares, members_of
from domain.values.actors import Actor
from domain.values.identifiers import Uscc, new_id
from domain.values.quantity import Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeRequest:
    """What the applicant asks for; `pledgee` is none where a bank asks for itself."""

    pledgee: str | None
    pledgors: tuple[Uscc, ...]
    security_type: SecurityType
    items: tuple[tuple[str, Quantity], ...]
    loan_ids: tuple[str, ...]
    secured: Secured
    other_security: tuple[OtherSecurity, ...]
    workflow: Workflow
    coverage_terms: CoverageTerms | None = None
    shares: Shares | None = None


async def create_pledge(uow: UnitOfWork, actor: Actor, request: PledgeRequest, now: datetime) -> Pledge:
    """Write the draft and return it.

    Raises:
        Forbidden: an enterprise that is no pledgor, or a bank that names another pledgee.
        InvalidGrantee: the pledgee is no bank.
        NotFound: a right or loan that is not there for the caller.
        InvalidItems, InvalidLoans: a right twice, of another holder or unit; a pledgor twice or without a right; rights
            under several authorities where one must verify them; a loan twice or of another bank.
        InvalidShares: the shares of a syndicate do not make one, or a participant is no bank.
    """
    pledgee = await _pledgee(uow, actor, request)
    rights = await _rights(uow, request)
    _check_pledgors(request, rights)
    await _check_loans(uow, request, pledgee)
    authority = await _authority(uow, request, rights)
    members = await members_of(uow, pledgee, request.shares)
    assert pledgee.uscc is not None, "a bank is a legal person"
    pledge = Pledge(
        id=new_id("pledge"),
        parties=_parties(pledgee, request, authority, members),
        status=State.DRAFT,
        workflow=request.workflow,
        applicant=actor.tenant,
        created_by=actor.client_id,
        pledgors=request.pledgors,
        pledgee=pledgee.id,
        pledgee_uscc=pledgee.uscc,
        authority=authority,
        security_type=request.security_type,
        secured=request.secured,
        other_security=request.other_security,
        items=tuple(_item(right, quantity) for right, (_, quantity) in zip(rights, request.items, strict=True)),
        loan_ids=request.loan_ids,
        registrations=(
            *(_pending(position) for position in range(len(rights))),
            Registration(
                register=Register.NOTICE_REGISTRY,
                position=0,
                status=RegistrationStatus.NOT_REQUIRED,
                reference=None,
                registered_at=None,
            ),
        ),
        approved_amount=None,
        approved_rate=None,
        reason=None,
        order_round=0,
        release=None,
        progressed_at=now,
        created_at=now,
        updated_at=now,
        version=1,
        coverage_terms=request.coverage_terms,
        syndicate=members,
    )
    await uow.pledges.add(pledge)
    await uow.audit.write(actor, "pledge.drafted", pledge.id, {"workflow": pledge.workflow.value}, pledge.parties, now)
    return pledge


def _parties(
    pledgee: Tenant, request: PledgeRequest, authority: str | None, members: Sequence[Member]
) -> tuple[str, ...]:
    """Return who reads the pledge: its bank, the pledgors, the authority, and the other banks of a syndicate."""
    others = [member.tenant for member in members[1:]]
    return tuple(dict.fromkeys((pledgee.id, *request.pledgors, *([authority] if authority else []), *others)))


async def _pledgee(uow: UnitOfWork, actor: Actor, request: PledgeRequest) -> Tenant:
    if actor.role.of_a_bank:
        if request.pledgee not in {None, actor.tenant}:
            raise Forbidden("pledge:create")
        name = actor.tenant
    else:
        if actor.uscc is None or actor.uscc not in request.pledgors:
            raise Forbidden("pledge:create")
        name = request.pledgee or ""
    tenant = await uow.tenants.find(name)
    if tenant is None or tenant.kind != "bank" or tenant.uscc is None:
        raise InvalidGrantee(name)
    return tenant


async def _rights(uow: UnitOfWork, request: PledgeRequest) -> Sequence[Right]:
    wanted = [right_id for right_id, _ in request.items]
    if len(set(wanted)) != len(wanted):
        raise InvalidItems("#/items", "同一权利在质押清单中出现了两次。", "One right stands twice in the list.")
    found = await uow.rights.find_many(wanted)
    if len(found) != len(wanted):
        raise NotFound("right")
    for index, right_id in enumerate(wanted):
        if found[right_id].holder_uscc not in request.pledgors:
            raise InvalidItems(
                f"#/items/{index}", "该权利的持有人不在出质人之列。", "The right's holder is not among the pledgors."
            )
    return [found[right_id] for right_id in wanted]


def _check_pledgors(request: PledgeRequest, rights: Sequence[Right]) -> None:
    """Refuse a pledgor without a right: whoever is one sees the pledge and may confirm it."""
    holders = {right.holder_uscc for right in rights}
    for index, pledgor in enumerate(request.pledgors):
        if pledgor not in holders:
            raise InvalidItems(
                f"#/pledgors/{index}", "该出质人在质押清单中没有权利。", "This pledgor holds none of the rights."
            )
    if len(holders) != len(request.pledgors):
        raise InvalidItems("#/pledgors", "同一出质人出现了两次。", "One pledgor stands twice in the list.")


async def _authority(uow: UnitOfWork, request: PledgeRequest, rights: Sequence[Right]) -> str | None:
    """Return the one authority that answers for all rights; none where several or none would."""
    authorities = [await uow.tenants.authority_of(right.division) for right in rights]
    if len(set(authorities)) == 1 and authorities[0] is not None:
        return authorities[0]
    if request.workflow is Workflow.ZHEJIANG:
        index = next((i for i, each in enumerate(authorities) if each is None or each != authorities[0]), 0)
        raise InvalidItems(
            f"#/items/{index}",
            "该权利所在地的生态环境主管部门尚未接入,或与其他权利不属同一主管部门。",
            "No authority is connected for this right's division, or another one than for the first right.",
        )
    return None


def _item(right: Right, quantity: Quantity) -> PledgeItem:
    return PledgeItem(
        right_id=right.id,
        quantity=quantity.to(right.quantity.unit),
        hold_id=None,
        expected_version=None,
        valuation_id=None,
        market_value=None,
        collateral_value=None,
        adopted_value=None,
        loan_to_value_cap=None,
    )


def _pending(position: int) -> Registration:
    return Registration(
        register=Register.EMISSION_REGISTRY,
        position=position,
        status=RegistrationStatus.PENDING,
        reference=None,
        registered_at=None,
    )


async def _check_loans(uow: UnitOfWork, request: PledgeRequest, pledgee: Tenant) -> None:
    for index, loan_id in enumerate(request.loan_ids):
        loan = await uow.loans.find(loan_id)
        if loan is None:
            raise NotFound("loan")
        if loan.tenant != pledgee.id:
            raise InvalidLoans(
                f"#/loans/{index}", "该贷款不属于所选质权银行。", "The loan is not of the chosen pledgee."
            )
    if len(set(request.loan_ids)) != len(request.loan_ids):
        raise InvalidLoans("#/loans", "同一贷款出现了两次。", "One loan stands twice in the list.")
