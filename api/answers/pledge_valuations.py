"""How the valuations of pledged rights are told on the wire."""

from decimal import Decimal

from api.answers.pledges import money_or_none
from domain.ports.revaluations import Snapshot
from domain.values.decimals import wire
from domain.values.time import rfc3339

PLACES = 6


def snapshot_answer(snapshot: Snapshot) -> dict[str, object]:
    """Return what an item was worth from a revaluation on."""
    return {
        "id": snapshot.id,
        "right_id": snapshot.right_id,
        "as_of": snapshot.as_of.isoformat(),
        "known_at": rfc3339(snapshot.known_at),
        "unit_value": _ratio(snapshot.unit_value),
        "market_value": money_or_none(snapshot.market_value),
        "collateral_value": money_or_none(snapshot.collateral_value),
        "adopted_value": money_or_none(snapshot.adopted_value),
        "loan_to_value_cap": _ratio(snapshot.loan_to_value_cap),
        "confidence_level": snapshot.confidence_level,
        "tier": snapshot.tier,
        "stale": snapshot.stale,
        "unpriced": snapshot.unpriced,
        "digest": snapshot.digest,
        "created_at": rfc3339(snapshot.created_at),
    }


def _ratio(value: Decimal | None) -> str | None:
    return None if value is None else wire(value, PLACES)
