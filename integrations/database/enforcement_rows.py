"""Between an enforcement and its rows: explicit in both directions."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from domain.loans.default import Ground
from domain.pledges.disposal import Cost, CostKind, Distribution, Line, OtherClaim, Part
from domain.pledges.enforcements import (
    ClaimedOf,
    Code,
    ConditionDocument,
    Enforcement,
    EnforcementStatus,
    Named,
    Outcome,
    Round,
    Route,
    SaleCondition,
    SaleResult,
    Stay,
    Winner,
)
from domain.values.identifiers import PermitNo, Uscc
from domain.values.money import Money
from domain.values.quantity import Quantity, Unit

Told = Mapping[str, Any]


def enforcement_values(enforcement: Enforcement) -> dict[str, object]:
    """Return the enforcement's own row."""
    return {
        "id": enforcement.id,
        "pledge_id": enforcement.pledge_id,
        "parties": list(enforcement.parties),
        "route": enforcement.route.value,
        "status": enforcement.status.value,
        "grounds": [
            {"loan_id": ground.loan_id, "reason": ground.reason, "since": ground.since.isoformat()}
            for ground in enforcement.grounds
        ],
        "proposed_by": enforcement.proposed_by,
        "proposed_at": enforcement.proposed_at,
        "approved_by": enforcement.approved_by,
        "approved_at": enforcement.approved_at,
        "stays": [_stay_values(stay) for stay in enforcement.stays],
        "end_reason": enforcement.end_reason,
        "ended_by": enforcement.ended_by,
        "distribution": None if enforcement.distribution is None else _distribution_values(enforcement.distribution),
        "settled_at": enforcement.settled_at,
        "created_at": enforcement.created_at,
        "updated_at": enforcement.updated_at,
        "version": enforcement.version,
    }


def condition_values(enforcement: Enforcement, position: int) -> dict[str, object]:
    """Return the row of the condition at a position."""
    condition = enforcement.conditions[position]
    document = condition.document
    return {
        "enforcement_id": enforcement.id,
        "position": position,
        "parties": list(enforcement.parties),
        "code": condition.code.value,
        "named": condition.named.value,
        "rule": condition.rule,
        "standing": condition.standing,
        "days": condition.days,
        "met_on": condition.met_on,
        "met_by": condition.met_by,
        "met_at": condition.met_at,
        "document": None if document is None else {"title": document.title, "sha256": document.sha256},
        "amount": None if condition.amount is None else condition.amount.amount,
    }


def round_values(enforcement: Enforcement, position: int) -> dict[str, object]:
    """Return the row of the round at a position."""
    attempt = enforcement.rounds[position]
    return {
        "enforcement_id": enforcement.id,
        "number": attempt.number,
        "parties": list(enforcement.parties),
        "reserve_price": None if attempt.reserve_price is None else attempt.reserve_price.amount,
        "opened_by": attempt.opened_by,
        "opened_at": attempt.opened_at,
        "outcome": None if attempt.outcome is None else attempt.outcome.value,
        "happened_on": attempt.on,
        "reference": attempt.reference,
        "reported_by": attempt.reported_by,
        "reported_at": attempt.reported_at,
        "result": None if attempt.result is None else _result_values(attempt.result),
    }


def enforcement_from(row: Row[Any], conditions: Sequence[Row[Any]], rounds: Sequence[Row[Any]]) -> Enforcement:
    """Translate an enforcement's rows."""
    return Enforcement(
        id=row.id,
        pledge_id=row.pledge_id,
        parties=tuple(row.parties),
        route=Route(row.route),
        status=EnforcementStatus(row.status),
        grounds=tuple(
            Ground(each["loan_id"], each["reason"], date.fromisoformat(each["since"])) for each in row.grounds
        ),
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        stays=tuple(_stay(each) for each in row.stays),
        end_reason=row.end_reason,
        ended_by=row.ended_by,
        distribution=None if row.distribution is None else _distribution(row.distribution),
        settled_at=row.settled_at,
        conditions=tuple(_condition(each) for each in conditions),
        rounds=tuple(_round(each) for each in rounds),
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )


def _condition(row: Row[Any]) -> SaleCondition:
    document = row.document
    return SaleCondition(
        code=Code(row.code),
        named=Named(row.named),
        rule=row.rule,
        standing=row.standing,
        days=row.days,
        met_on=row.met_on,
        met_by=row.met_by,
        met_at=row.met_at,
        document=None if document is None else ConditionDocument(document["title"], document["sha256"]),
        amount=None if row.amount is None else Money(row.amount),
    )


def _round(row: Row[Any]) -> Round:
    return Round(
        number=row.number,
        reserve_price=None if row.reserve_price is None else Money(row.reserve_price),
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        on=row.happened_on,
        reference=row.reference,
        reported_by=row.reported_by,
        reported_at=row.reported_at,
        result=None if row.result is None else _result(row.result),
    )


def _stay_values(stay: Stay) -> dict[str, object]:
    return {
        "reason": stay.reason,
        "reference": stay.reference,
        "since": stay.since.isoformat(),
        "by": stay.by,
        "lifted_at": None if stay.lifted_at is None else stay.lifted_at.isoformat(),
        "lifted_by": stay.lifted_by,
        "lifted_reference": stay.lifted_reference,
    }


def _stay(told: Told) -> Stay:
    return Stay(
        reason=told["reason"],
        reference=told["reference"],
        since=datetime.fromisoformat(told["since"]),
        by=told["by"],
        lifted_at=None if told["lifted_at"] is None else datetime.fromisoformat(told["lifted_at"]),
        lifted_by=told["lifted_by"],
        lifted_reference=told["lifted_reference"],
    )


def _result_values(result: SaleResult) -> dict[str, object]:
    return {
        "winners": [
            {
                "right_id": winner.right_id,
                "buyer": winner.buyer,
                "buyer_permit_no": winner.buyer_permit_no,
                "quantity": winner.quantity.wire(),
                "unit": winner.quantity.unit.value,
                "unit_price": str(winner.unit_price),
                "amount": winner.amount.wire(),
            }
            for winner in result.winners
        ],
        "costs": [
            {"kind": cost.kind.value, "description": cost.description, "amount": cost.amount.wire()}
            for cost in result.costs
        ],
        "claims": [
            {"loan_id": claim.loan_id, "interest": _wire(claim.interest), "penalty": _wire(claim.penalty)}
            for claim in result.claims
        ],
        "other_claims": [
            {
                "creditor": claim.creditor,
                "reference": claim.reference,
                "amount": claim.amount.wire(),
                "registered_at": None if claim.registered_at is None else claim.registered_at.isoformat(),
            }
            for claim in result.other_claims
        ],
    }


def _result(told: Told) -> SaleResult:
    return SaleResult(
        winners=tuple(
            Winner(
                right_id=each["right_id"],
                buyer=Uscc(each["buyer"]),
                buyer_permit_no=None if each["buyer_permit_no"] is None else PermitNo(each["buyer_permit_no"]),
                quantity=Quantity.parse(each["quantity"], Unit(each["unit"])),
                unit_price=Decimal(each["unit_price"]),
                amount=Money.of(each["amount"]),
            )
            for each in told["winners"]
        ),
        costs=tuple(
            Cost(CostKind(each["kind"]), each["description"], Money.of(each["amount"])) for each in told["costs"]
        ),
        claims=tuple(
            ClaimedOf(loan_id=each["loan_id"], interest=_money(each["interest"]), penalty=_money(each["penalty"]))
            for each in told["claims"]
        ),
        other_claims=tuple(
            OtherClaim(
                each["creditor"],
                each["reference"],
                Money.of(each["amount"]),
                None if each["registered_at"] is None else datetime.fromisoformat(each["registered_at"]),
            )
            for each in told["other_claims"]
        ),
    )


def _distribution_values(distribution: Distribution) -> dict[str, object]:
    return {
        "proceeds": distribution.proceeds.wire(),
        "lines": [
            {
                "part": line.part.value,
                "reference": line.reference,
                "claimed": line.claimed.wire(),
                "paid": line.paid.wire(),
            }
            for line in distribution.lines
        ],
        "surplus": distribution.surplus.wire(),
        "shortfall": distribution.shortfall.wire(),
    }


def _distribution(told: Told) -> Distribution:
    return Distribution(
        proceeds=Money.of(told["proceeds"]),
        lines=tuple(
            Line(Part(each["part"]), each["reference"], Money.of(each["claimed"]), Money.of(each["paid"]))
            for each in told["lines"]
        ),
        surplus=Money.of(told["surplus"]),
        shortfall=Money.of(told["shortfall"]),
    )


def _wire(money: Money | None) -> str | None:
    return None if money is None else money.wire()


def _money(told: str | None) -> Money | None:
    return None if told is None else Money.of(told)
