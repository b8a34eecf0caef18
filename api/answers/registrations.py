"""The entry at the notice registry and the clerk's tasks as contract section 5 prints them."""

from collections.abc import Sequence
from typing import Final

from api.answers.rights import instant
from domain.pledges.notices import NoticeCode, NoticeEntry, NoticeOrder, PledgeSearch, notice_of, secured_cap
from domain.pledges.pledges import Pledge
from domain.ports.registry_tasks import RegistryTask, TaskAnswer
from domain.valuation.answer import money_body, quantity_body
from domain.values.time import rfc3339

MASK: Final = "********"


def registration_answer(
    pledge: Pledge,
    entry: NoticeEntry | None,
    code: NoticeCode | None,
    orders: Sequence[NoticeOrder],
    search: PledgeSearch | None,
) -> dict[str, object]:
    """Return the registration; `code` is none for whoever is not the pledgee, and then the answer is masked."""
    notice = notice_of(pledge)
    return {
        "register": notice.register.value,
        "status": notice.status.value,
        "entry": None if entry is None else _entry(pledge, entry, code),
        "orders": [_order(order) for order in orders],
        "search": None if search is None else _search(search),
    }


def _entry(pledge: Pledge, entry: NoticeEntry, code: NoticeCode | None) -> dict[str, object]:
    return {
        "certificate_no": entry.certificate_no,
        "modify_code": MASK if code is None else code.modify_code,
        "description": entry.description,
        "secured_amount": money_body(entry.secured_amount),
        "secured_cap": money_body(secured_cap(pledge, entry)),
        "registered_at": rfc3339(entry.registered_at),
        "expires_on": entry.expires_on.isoformat(),
    }


def _order(order: NoticeOrder) -> dict[str, object]:
    return {
        "id": order.id,
        "kind": order.kind.value,
        "state": order.state.value,
        "ordered_by": order.ordered_by,
        "ordered_at": rfc3339(order.created_at),
        "executed_at": instant(order.executed_at),
        "reason": order.reason,
        "message": order.message,
    }


def _search(search: PledgeSearch) -> dict[str, object]:
    return {
        "searched_at": rfc3339(search.searched_at),
        "clear": search.clear,
        "findings": list(search.findings),
        "rank": search.notice_rank,
        "evidence_sha256": search.evidence_sha256,
    }


def task_answer(task: RegistryTask) -> dict[str, object]:
    """Return a task with the order that it is about."""
    order = task.order
    return {
        "id": task.id,
        "registry": order.registry,
        "order_id": order.order_id,
        "kind": order.kind.value,
        "registry_no": order.registry_no,
        "holder_uscc": order.holder_uscc,
        "quantity": quantity_body(order.quantity),
        "beneficiary": order.beneficiary,
        "contract_no": order.contract_no,
        "expected_version": order.expected_version,
        "registry_ref": order.registry_ref,
        "buyer": order.buyer,
        "buyer_permit_no": order.buyer_permit_no,
        "new_beneficiary": order.new_beneficiary,
        "new_holder": order.new_holder,
        "state": task.state.value,
        "answer": None if task.answer is None else _answer(task.answer),
        "confirmed_by": task.confirmed_by,
        "confirmed_at": instant(task.confirmed_at),
        "created_at": rfc3339(task.created_at),
        "version": task.version,
    }


def _answer(answer: TaskAnswer) -> dict[str, object]:
    return {
        "outcome": answer.outcome.value,
        "reference": answer.reference,
        "on": answer.on.isoformat(),
        "receipt": {"sha256": answer.receipt.sha256, "title": answer.receipt.title},
        "reason": answer.reason,
        "answered_by": answer.answered_by,
        "answered_at": rfc3339(answer.answered_at),
    }
