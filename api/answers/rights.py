"""Rights, holds, verifications and consents as contract sections 2 and 3 print them."""

from datetime import date, datetime

from domain.jurisdictions.rulebook import Rulebook
from domain.rights.authorizations import Authorization
from domain.rights.holds import ForeignHold, Hold
from domain.rights.pledgeability import reasons_against
from domain.rights.rights import Right
from domain.rights.verifications import Verification
from domain.valuation.answer import money_body, quantity_body
from domain.values.time import business_date, rfc3339


def day(value: date | None) -> str | None:
    """Return a day, or none."""
    return None if value is None else value.isoformat()


def instant(value: datetime | None) -> str | None:
    """Return an instant, or none."""
    return None if value is None else rfc3339(value)


def right_answer(right: Right, rulebook: Rulebook, now: datetime) -> dict[str, object]:
    """Return a right with what is free of it and whether it may be pledged today."""
    reasons = reasons_against(right, rulebook, business_date(now))
    acquisition = right.acquisition
    return {
        "id": right.id,
        "registry": right.registry,
        "registry_no": right.registry_no,
        "permit_no": right.permit_no,
        "holder": {"uscc": right.holder_uscc, "name": right.holder_name},
        "instrument": right.instrument.value,
        "pollutant": right.pollutant.value,
        "vintage": right.vintage,
        "quantity": quantity_body(right.quantity),
        "available": quantity_body(right.available),
        "origin": right.origin.value,
        "acquisition": {
            "basis": acquisition.basis,
            "amount": None if acquisition.amount is None else money_body(acquisition.amount),
            "on": day(acquisition.on),
            "fee_paid_through": day(acquisition.fee_paid_through),
        },
        "tenure": right.tenure.value,
        "valid_from": right.valid_from.isoformat(),
        "valid_to": day(right.valid_to),
        "predecessor_id": right.predecessor_id,
        "successor_id": right.successor_id,
        "division": right.division,
        "status": right.status.value,
        "verification": {
            "status": "verified",
            "verified_at": rfc3339(right.verified_at),
            "as_of": rfc3339(right.as_of),
            "evidence_sha256": right.evidence_sha256,
        },
        "pledgeable": {
            "eligible": not reasons,
            "reasons": [{"code": reason.code, "rule": reason.rule} for reason in reasons],
        },
        "version": right.version,
    }


def verification_answer(
    verification: Verification, rights: list[Right], rulebook: Rulebook, now: datetime
) -> dict[str, object]:
    """Return a verification with the rights it found."""
    return {
        "id": verification.id,
        "status": verification.status.value,
        "registry": verification.registry,
        "number": verification.number,
        "refusal": None if verification.refusal is None else verification.refusal["code"],
        "rights": [right_answer(right, rulebook, now) for right in rights],
        "created_at": rfc3339(verification.created_at),
        "finished_at": instant(verification.finished_at),
    }


def hold_answer(hold: Hold | ForeignHold) -> dict[str, object]:
    """Return a hold; of another party's only what everybody may know."""
    told: dict[str, object] = {
        "kind": hold.kind.value,
        "blocks": [blocked.value for blocked in hold.blocks],
        "quantity": quantity_body(hold.quantity),
    }
    if isinstance(hold, ForeignHold):
        return told
    own = {
        "id": hold.id,
        "state": hold.state.value,
        "since": rfc3339(hold.since),
        "until": instant(hold.until),
        "reference": hold.reference,
    }
    return {**told, **own}


def authorization_answer(authorization: Authorization) -> dict[str, object]:
    """Return a consent."""
    return {
        "id": authorization.id,
        "enterprise_uscc": authorization.enterprise_uscc,
        "grantee": authorization.grantee,
        "scope": list(authorization.scope),
        "from": authorization.valid_from.isoformat(),
        "to": authorization.valid_to.isoformat(),
        "document": authorization.document,
        "created_at": rfc3339(authorization.created_at),
    }
