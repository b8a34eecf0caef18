"""How clients and their keys are told on the wire."""

from datetime import datetime

from domain.ports.identity import ClientKey, ClientRecord, Decision
from domain.values.time import rfc3339


def client_answer(client: ClientRecord) -> dict[str, object]:
    """Return a client with its keys."""
    return {
        "id": client.id,
        "tenant": client.tenant,
        "role": client.role.value,
        "person": client.person,
        "status": client.status.value,
        "reinstatement_by": client.reinstatement_by,
        "keys": [key_answer(key) for key in client.keys],
        "decision": _decision(client.decision),
        "version": client.version,
    }


def key_answer(key: ClientKey) -> dict[str, object]:
    """Return a key."""
    return {
        "thumbprint": key.thumbprint,
        "key_id": key.key_id,
        "purpose": key.purpose.value,
        "state": key.state.value,
        "public_key": dict(key.public_jwk),
        "valid_from": _moment(key.valid_from),
        "valid_until": _moment(key.valid_until),
        "revoked_at": _moment(key.revoked_at),
        "replaces": key.replaces,
        "decision": _decision(key.decision),
    }


def _decision(decision: Decision) -> dict[str, object]:
    return {
        "proposed_by": decision.proposed_by,
        "proposed_at": _moment(decision.proposed_at),
        "decided_by": decision.decided_by,
        "decided_at": _moment(decision.decided_at),
        "reason": decision.reason,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)
