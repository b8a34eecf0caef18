"""Between a pledge and its rows: explicit in both directions, so that a field forgotten is a type error here."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from domain.pledges.lifecycle import State, Workflow
from domain.pledges.pledges import (
    CoverageTerms,
    Determination,
    OtherSecurity,
    Pledge,
    PledgeItem,
    Register,
    Registration,
    RegistrationStatus,
    ReleaseOrder,
    ReleaseReason,
    Secured,
    SecuredKind,
    SecurityType,
)
from domain.pledges.syndicates import Member
from domain.values.identifiers import Uscc
from domain.values.money import Money
from domain.values.quantity import Quantity, Unit
from integrations.database.impairments import impairment_from


def pledge_values(pledge: Pledge) -> dict[str, object]:
    """Return the pledge's own row."""
    release = pledge.release
    return {
        "id": pledge.id,
        "parties": list(pledge.parties),
        "status": pledge.status.value,
        "workflow": pledge.workflow.value,
        "applicant": pledge.applicant,
        "created_by": pledge.created_by,
        "pledgors": list(pledge.pledgors),
        "pledgee": pledge.pledgee,
        "pledgee_uscc": pledge.pledgee_uscc,
        "authority": pledge.authority,
        "security_type": pledge.security_type.value,
        "secured": _secured_values(pledge.secured),
        "other_security": [
            {"kind": other.kind, "description": other.description, "value": other.value.wire()}
            for other in pledge.other_security
        ],
        "approved_amount": None if pledge.approved_amount is None else pledge.approved_amount.amount,
        "approved_rate": pledge.approved_rate,
        "reason": pledge.reason,
        "order_round": pledge.order_round,
        "release_reason": None if release is None else release.reason.value,
        "release_ordered_by": None if release is None else release.ordered_by,
        "release_ordered_at": None if release is None else release.ordered_at,
        "release_approved_by": None if release is None else release.approved_by,
        "confirmed_by": list(pledge.confirmed_by),
        "determined_on": None if pledge.determination is None else pledge.determination.on,
        "determination": None if pledge.determination is None else pledge.determination.event,
        "coverage_terms": _coverage_terms_values(pledge.coverage_terms),
        "syndicate": [_member_values(member) for member in pledge.syndicate] or None,
        "progressed_at": pledge.progressed_at,
        "created_at": pledge.created_at,
        "updated_at": pledge.updated_at,
        "version": pledge.version,
    }


def item_values(pledge: Pledge, position: int) -> dict[str, object]:
    """Return the row of the item at a position."""
    item = pledge.items[position]
    return {
        "pledge_id": pledge.id,
        "position": position,
        "right_id": item.right_id,
        "parties": list(pledge.parties),
        "quantity": item.quantity.amount,
        "unit": item.quantity.unit.value,
        "hold_id": item.hold_id,
        "expected_version": item.expected_version,
        "valuation_id": item.valuation_id,
        "market_value": None if item.market_value is None else item.market_value.amount,
        "collateral_value": None if item.collateral_value is None else item.collateral_value.amount,
        "adopted_value": None if item.adopted_value is None else item.adopted_value.amount,
        "loan_to_value_cap": item.loan_to_value_cap,
    }


def registration_values(pledge: Pledge, entry: Registration) -> dict[str, object]:
    """Return the row of a register's entry."""
    return {
        "pledge_id": pledge.id,
        "register": entry.register.value,
        "position": entry.position,
        "parties": list(pledge.parties),
        "status": entry.status.value,
        "reference": entry.reference,
        "registered_at": entry.registered_at,
        "rank": entry.rank,
    }


def pledge_from(
    row: Row[Any],
    items: Sequence[Row[Any]],
    loans: Sequence[Row[Any]],
    entries: Sequence[Row[Any]],
    impairments: Sequence[Row[Any]],
) -> Pledge:
    """Translate a pledge's rows."""
    return Pledge(
        id=row.id,
        parties=tuple(row.parties),
        status=State(row.status),
        workflow=Workflow(row.workflow),
        applicant=row.applicant,
        created_by=row.created_by,
        pledgors=tuple(Uscc(uscc) for uscc in row.pledgors),
        pledgee=row.pledgee,
        pledgee_uscc=Uscc(row.pledgee_uscc),
        authority=row.authority,
        security_type=SecurityType(row.security_type),
        secured=_secured(row.secured),
        other_security=tuple(
            OtherSecurity(kind=other["kind"], description=other["description"], value=Money.of(other["value"]))
            for other in row.other_security
        ),
        items=tuple(_item(item) for item in items),
        loan_ids=tuple(link.loan_id for link in loans),
        registrations=tuple(_registration(entry) for entry in entries),
        approved_amount=None if row.approved_amount is None else Money(row.approved_amount),
        approved_rate=row.approved_rate,
        reason=row.reason,
        order_round=row.order_round,
        release=_release(row),
        progressed_at=row.progressed_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
        confirmed_by=tuple(Uscc(uscc) for uscc in row.confirmed_by),
        determination=None
        if row.determined_on is None
        else Determination(on=row.determined_on, event=row.determination),
        coverage_terms=_coverage_terms(row.coverage_terms),
        loan_approvals=tuple((link.loan_id, Money(link.approved)) for link in loans if link.approved is not None),
        impairments=tuple(impairment_from(each) for each in impairments),
        syndicate=tuple(_member(each) for each in row.syndicate or ()),
    )


def _member_values(member: Member) -> dict[str, object]:
    return {
        "tenant": member.tenant,
        "uscc": member.uscc,
        "name": member.name,
        "share": str(member.share),
        "accepted_by": member.accepted_by,
        "accepted_at": None if member.accepted_at is None else member.accepted_at.isoformat(),
    }


def _member(told: dict[str, Any]) -> Member:
    return Member(
        tenant=told["tenant"],
        uscc=Uscc(told["uscc"]),
        name=told["name"],
        share=Fraction(told["share"]),
        accepted_by=told["accepted_by"],
        accepted_at=None if told["accepted_at"] is None else datetime.fromisoformat(told["accepted_at"]),
    )


def _release(row: Row[Any]) -> ReleaseOrder | None:
    if row.release_reason is None:
        return None
    return ReleaseOrder(
        reason=ReleaseReason(row.release_reason),
        ordered_by=row.release_ordered_by,
        ordered_at=row.release_ordered_at,
        approved_by=row.release_approved_by,
    )


def _item(row: Row[Any]) -> PledgeItem:
    return PledgeItem(
        right_id=row.right_id,
        quantity=Quantity(row.quantity, Unit(row.unit)),
        hold_id=row.hold_id,
        expected_version=row.expected_version,
        valuation_id=row.valuation_id,
        market_value=None if row.market_value is None else Money(row.market_value),
        collateral_value=None if row.collateral_value is None else Money(row.collateral_value),
        adopted_value=None if row.adopted_value is None else Money(row.adopted_value),
        loan_to_value_cap=row.loan_to_value_cap,
    )


def _registration(row: Row[Any]) -> Registration:
    return Registration(
        register=Register(row.register),
        position=row.position,
        status=RegistrationStatus(row.status),
        reference=row.reference,
        registered_at=row.registered_at,
        rank=row.rank,
    )


def _coverage_terms_values(terms: CoverageTerms | None) -> dict[str, object] | None:
    if terms is None:
        return None
    shares = {"warning_above": terms.warning_above, "call_above": terms.call_above}
    written = {**shares, "close_out_above": terms.close_out_above}
    told = {name: None if share is None else str(share) for name, share in written.items()}
    return {**told, "cure_working_days": terms.cure_working_days}


def _coverage_terms(told: dict[str, Any] | None) -> CoverageTerms | None:
    if told is None:
        return None
    warning, call, close_out = (
        None if told[name] is None else Decimal(told[name])
        for name in ("warning_above", "call_above", "close_out_above")
    )
    return CoverageTerms(
        warning_above=warning,
        call_above=call,
        close_out_above=close_out,
        cure_working_days=told["cure_working_days"],
    )


def _secured_values(secured: Secured) -> dict[str, object]:
    return {
        "amount": secured.amount.wire(),
        "kind": secured.kind.value,
        "scope": list(secured.scope),
        "claims_from": None if secured.claims_from is None else secured.claims_from.isoformat(),
        "claims_to": None if secured.claims_to is None else secured.claims_to.isoformat(),
    }


def _secured(value: dict[str, Any]) -> Secured:
    return Secured(
        amount=Money.of(value["amount"]),
        kind=SecuredKind(value["kind"]),
        scope=tuple(value["scope"]),
        claims_from=None if value["claims_from"] is None else date.fromisoformat(value["claims_from"]),
        claims_to=None if value["claims_to"] is None else date.fromisoformat(value["claims_to"]),
    )
