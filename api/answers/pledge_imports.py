"""How batches of existing pledges are told on the wire."""

from api.answers.rights import instant
from domain.pledges.imports import PledgeImport, totals
from domain.values.time import rfc3339


def pledge_import_answer(imported: PledgeImport) -> dict[str, object]:
    """Return a batch with what became of its rows."""
    proposal = imported.proposal
    return {
        "id": imported.id,
        "status": proposal.status.value,
        "finished": imported.is_finished,
        "totals": {outcome.value: count for outcome, count in totals(imported.results).items()},
        "rows": [
            {
                "index": index,
                "registry": row.registry,
                "registry_no": row.registry_no,
                "registry_ref": row.registry_ref,
                "outcome": result.outcome.value,
                "code": None if result.code is None else result.code.value,
                "pledge_id": result.pledge_id,
            }
            for index, (row, result) in enumerate(zip(imported.rows, imported.results, strict=True))
        ],
        "proposed_by": proposal.proposed_by,
        "proposed_at": rfc3339(proposal.proposed_at),
        "decided_by": proposal.decided_by,
        "decided_at": instant(proposal.decided_at),
        "rejection": proposal.rejection,
        "version": proposal.version,
    }
