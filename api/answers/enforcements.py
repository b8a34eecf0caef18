"""Enforcements as the API prints them."""

from datetime import date

from api.answers.pledges import money_or_none
from api.answers.rights import day, instant
from domain.pledges.disposal import Distribution
from domain.pledges.enforcements import Enforcement, Round, SaleCondition, Stay, Winner
from domain.valuation.answer import money_body, quantity_body
from domain.values.time import rfc3339


def enforcement_answer(enforcement: Enforcement, today: date) -> dict[str, object]:
    """Return an enforcement with what is met, what is missing, its rounds, and who gets what."""
    days, unknown = enforcement.days_to_come()
    distribution = enforcement.distribution
    return {
        "id": enforcement.id,
        "pledge_id": enforcement.pledge_id,
        "route": enforcement.route.value,
        "status": enforcement.status.value,
        "grounds": [
            {"loan_id": ground.loan_id, "reason": ground.reason, "since": ground.since.isoformat()}
            for ground in enforcement.grounds
        ],
        "reserve_price": money_or_none(enforcement.rounds[-1].reserve_price),
        "proposed_by": enforcement.proposed_by,
        "proposed_at": rfc3339(enforcement.proposed_at),
        "approved_by": enforcement.approved_by,
        "approved_at": instant(enforcement.approved_at),
        "conditions": [_condition(condition, today) for condition in enforcement.conditions],
        "delay": {"days": days, "unknown": list(unknown)},
        "rounds": [_round(attempt) for attempt in enforcement.rounds],
        "stays": [_stay(stay) for stay in enforcement.stays],
        "distribution": None if distribution is None else _distribution(distribution),
        "settled_at": instant(enforcement.settled_at),
        "end_reason": enforcement.end_reason,
        "created_at": rfc3339(enforcement.created_at),
        "updated_at": rfc3339(enforcement.updated_at),
        "version": enforcement.version,
    }


def _condition(condition: SaleCondition, today: date) -> dict[str, object]:
    document = condition.document
    return {
        "code": condition.code.value,
        "by": condition.named.value,
        "rule": condition.rule,
        "standing": condition.standing,
        "days": condition.days,
        "met": condition.satisfied(today),
        "on": day(condition.met_on),
        "at": instant(condition.met_at),
        "document": None if document is None else {"title": document.title, "sha256": document.sha256},
        "amount": money_or_none(condition.amount),
    }


def _round(attempt: Round) -> dict[str, object]:
    winners = () if attempt.result is None else attempt.result.winners
    return {
        "number": attempt.number,
        "reserve_price": money_or_none(attempt.reserve_price),
        "opened_at": rfc3339(attempt.opened_at),
        "outcome": None if attempt.outcome is None else attempt.outcome.value,
        "on": day(attempt.on),
        "reference": attempt.reference,
        "winners": [_winner(winner) for winner in winners],
    }


def _winner(winner: Winner) -> dict[str, object]:
    return {
        "right_id": winner.right_id,
        "buyer_uscc": winner.buyer,
        "buyer_permit_no": winner.buyer_permit_no,
        "quantity": quantity_body(winner.quantity),
        "unit_price": f"{winner.unit_price:.6f}",
        "amount": money_body(winner.amount),
    }


def _stay(stay: Stay) -> dict[str, object]:
    return {
        "reason": stay.reason,
        "reference": stay.reference,
        "since": rfc3339(stay.since),
        "lifted_at": instant(stay.lifted_at),
        "lifted_reference": stay.lifted_reference,
    }


def _distribution(distribution: Distribution) -> dict[str, object]:
    return {
        "proceeds": money_body(distribution.proceeds),
        "lines": [
            {
                "part": line.part.value,
                "reference": line.reference,
                "claimed": money_body(line.claimed),
                "paid": money_body(line.paid),
            }
            for line in distribution.lines
        ],
        "surplus": money_body(distribution.surplus),
        "shortfall": money_body(distribution.shortfall),
    }
