"""Trades and links between enterprises as contract section 4 prints them.

A group's opaque id stands nowhere here: it would tell a reader which of the nameless parties of two deals are one.
"""

from api.answers.rights import day, instant
from domain.market.groups import Affiliation
from domain.ports.market import StoredTrade
from domain.use_cases.take_in_trades import Intake
from domain.values.decimals import PLACES_MAX, wire


def intake_answer(intake: Intake, *, chinese: bool) -> dict[str, object]:
    """Return what became of a batch."""
    quarantined = [
        {
            "index": judged.index,
            "code": judged.quarantine.code.value,
            "detail": judged.quarantine.detail_zh if chinese else judged.quarantine.detail_en,
        }
        for judged in intake.quarantined
    ]
    return {"accepted": intake.accepted, "duplicates": intake.duplicates, "quarantined": quarantined}


def trade_answer(row: StoredTrade, *, chinese: bool) -> dict[str, object]:
    """Return a row as kept, and where it stands."""
    return {
        "id": row.id,
        "status": row.status,
        "code": row.code,
        "detail": row.detail_zh if chinese else row.detail_en,
        "source": row.source,
        "trade": dict(row.row),
        "unit_value": None if row.unit_value is None else wire(row.unit_value, PLACES_MAX),
        "basis": row.basis,
        "exclusion": row.exclusion,
        "known_at": instant(row.known_at),
        "accepted_from": instant(row.accepted_from),
        "accepted_until": instant(row.accepted_until),
        "superseded_by": row.superseded_by,
        "received_at": instant(row.received_at),
    }


def affiliation_answer(link: Affiliation) -> dict[str, object]:
    """Return a link; `shared` says that it counts for everybody's trades."""
    return {
        "id": link.id,
        "parties": [link.party_a, link.party_b],
        "since": link.since.isoformat(),
        "until": day(link.until),
        "ground": link.ground,
        "document": link.document,
        "shared": link.shared,
        "created_at": instant(link.created_at),
    }
