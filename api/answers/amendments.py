"""An amendment as contract section 5 prints it."""

from api.answers.rights import day, instant
from domain.pledges.amendments import Amendment
from domain.valuation.answer import money_body, quantity_body
from domain.values.quantity import Quantity
from domain.values.time import rfc3339


def amendment_answer(amendment: Amendment) -> dict[str, object]:
    """Return an amendment with its terms as proposed."""
    terms = amendment.terms
    return {
        "id": amendment.id,
        "pledge_id": amendment.pledge_id,
        "number": amendment.number,
        "kind": amendment.kind.value,
        "status": amendment.status.value,
        "items": [_part(*each) for each in terms.items],
        "released": [_part(*each) for each in terms.released],
        "loan_id": terms.loan_id,
        "new_loan_id": terms.new_loan_id,
        "end": day(terms.end),
        "repayment": [{"on": on.isoformat(), "amount": money_body(amount)} for on, amount in terms.repayment],
        "event": None if terms.event is None else terms.event.value,
        "on": day(terms.on),
        "right_id": terms.right_id,
        "successor_id": terms.successor_id,
        "quantity": None if terms.quantity is None else quantity_body(terms.quantity),
        "term_months": terms.months,
        "transferee": terms.transferee,
        "former_uscc": terms.former_uscc,
        "successor_uscc": terms.successor_uscc,
        "name": terms.name,
        "note": terms.note,
        "consents": [
            {"pledgor": consent.uscc, "given_by": consent.given_by, "given_at": rfc3339(consent.given_at)}
            for consent in amendment.consents
        ],
        "entries": [
            {
                **_part(entry.right_id, entry.quantity),
                "kind": entry.kind,
                "reference": entry.reference,
                "registered_at": instant(entry.registered_at),
            }
            for entry in amendment.entries
        ],
        "proposed_by": amendment.proposed_by,
        "proposed_at": rfc3339(amendment.proposed_at),
        "decided_by": amendment.decided_by,
        "decided_at": instant(amendment.decided_at),
        "ended_at": instant(amendment.ended_at),
        "reason": amendment.reason,
        "accepted_by": amendment.accepted_by,
        "accepted_at": instant(amendment.accepted_at),
        "version": amendment.version,
    }


def _part(right_id: str, quantity: Quantity) -> dict[str, object]:
    return {"right_id": right_id, "quantity": quantity_body(quantity)}
