"""A compensation as its routes print it."""

from api.answers.rights import instant
from domain.pledges.compensations import Compensation
from domain.valuation.answer import money_body
from domain.values.decimals import wire
from domain.values.time import rfc3339

PLACES = 6


def compensation_answer(compensation: Compensation) -> dict[str, object]:
    """Return a compensation with what it paid."""
    return {
        "id": compensation.id,
        "pledge_id": compensation.pledge_id,
        "right_id": compensation.right_id,
        "kind": compensation.kind.value,
        "amount": money_body(compensation.amount),
        "received_on": compensation.received_on.isoformat(),
        "reference": compensation.reference,
        "apply": compensation.application.value,
        "lost": None if compensation.lost is None else wire(compensation.lost, PLACES),
        "status": compensation.status.value,
        "lines": [
            {
                "loan_id": line.loan_id,
                "fees": money_body(line.fees),
                "interest": money_body(line.interest),
                "penalty": money_body(line.penalty),
                "principal": money_body(line.principal),
            }
            for line in compensation.lines
        ],
        "deposited": money_body(compensation.deposited),
        "surplus": money_body(compensation.surplus),
        "reason": compensation.reason,
        "proposed_by": compensation.proposed_by,
        "proposed_at": rfc3339(compensation.proposed_at),
        "decided_by": compensation.decided_by,
        "decided_at": instant(compensation.decided_at),
        "version": compensation.version,
    }
