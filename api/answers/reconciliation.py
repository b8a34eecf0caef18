"""Reconciliations and their cases as the API prints them."""

from collections.abc import Mapping

from api.answers.rights import day, instant
from domain.ports.reconciliations import ReconciliationRun
from domain.rights.reconciliation import Case
from domain.values.time import rfc3339


def run_answer(run: ReconciliationRun) -> dict[str, object]:
    """Return a run."""
    return {
        "id": run.id,
        "registry": run.registry,
        "on": run.on.isoformat(),
        "status": run.status.value,
        "file_day": day(run.file_day),
        "file_sha256": run.file_sha256,
        "rights": run.rights,
        "moved": run.moved,
        "differences": run.differences,
        "failure": run.failure,
        "created_at": rfc3339(run.created_at),
        "finished_at": instant(run.finished_at),
    }


def case_answer(case: Case) -> dict[str, object]:
    """Return a case."""
    return {
        "id": case.id,
        "registry": case.registry,
        "registry_no": case.registry_no,
        "right_id": case.right_id,
        "division": case.division,
        "kind": case.kind.value,
        "ours": _page(case.ours),
        "theirs_balance": None if case.theirs_balance is None else _page(case.theirs_balance),
        "theirs_live": None if case.theirs_live is None else _page(case.theirs_live),
        "state": case.state.value,
        "owner": case.owner,
        "note": case.note,
        "opened_at": rfc3339(case.opened_at),
        "acknowledged_at": instant(case.acknowledged_at),
        "resolved_at": instant(case.resolved_at),
        "version": case.version,
    }


def _page(page: Mapping[str, str]) -> dict[str, str | None]:
    return {"holder_uscc": None, "status": None, **page}
