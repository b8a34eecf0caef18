"""Entries of the notice registry, the orders about them, their codes, and searches after registration.

A code is sealed for its tenant and pledge where the house has keys for that. One that was written before it had stands
as it was, until it is written again or `python -m api seal-secrets` comes by; the prefix tells which is which.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, Select, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.pledges.notices import LIVE, NoticeCode, NoticeContent, NoticeEntry, NoticeKind, NoticeOrder, PledgeSearch
from domain.pledges.pledges import Register
from domain.pledges.registry_orders import OrderState
from domain.ports.secret_box import Owner, SecretBox, SecretsUnavailable
from domain.values.money import Money
from integrations.database.connection import Connection
from integrations.database.notice_tables import NOTICE_CODES, NOTICE_ENTRIES, NOTICE_ORDERS, PLEDGE_SEARCHES
from integrations.database.tables import REGISTRATIONS

SEALED: Final = "sealed:"
"""What a sealed code begins with; the register's own codes are eight characters."""

LIVING: Final = (
    select(NOTICE_ENTRIES)
    .join(REGISTRATIONS, REGISTRATIONS.c.pledge_id == NOTICE_ENTRIES.c.pledge_id)
    .where(
        REGISTRATIONS.c.register == Register.NOTICE_REGISTRY.value,
        REGISTRATIONS.c.status.in_(sorted(status.value for status in LIVE)),
    )
)


class DatabaseNotices:
    """Keep what concerns the notice registry."""

    def __init__(self, connection: Connection, secrets: SecretBox | None = None) -> None:
        """Read and write on a connection; without a box for secrets, codes stay as they are."""
        self._connection = connection
        self._secrets = secrets

    async def add_order(self, order: NoticeOrder) -> None:
        """Write an order."""
        values = {
            "id": order.id,
            "pledge_id": order.pledge_id,
            "parties": list(order.parties),
            "kind": order.kind.value,
            "content": _content_values(order.content),
            "certificate_no": order.certificate_no,
            "ordered_by": order.ordered_by,
            "created_at": order.created_at,
            **_progress(order, order.created_at),
        }
        await self._connection.execute(insert(NOTICE_ORDERS).values(values))

    async def find_order(self, order_id: str) -> NoticeOrder | None:
        """Return an order, none when there is no such."""
        return await self._order(select(NOTICE_ORDERS).where(NOTICE_ORDERS.c.id == order_id))

    async def lock_order(self, order_id: str) -> NoticeOrder | None:
        """Return an order and keep others from changing it meanwhile."""
        return await self._order(select(NOTICE_ORDERS).where(NOTICE_ORDERS.c.id == order_id).with_for_update())

    async def save_order(self, order: NoticeOrder, at: datetime) -> None:
        """Write a locked order's fields."""
        changed = update(NOTICE_ORDERS).where(NOTICE_ORDERS.c.id == order.id).values(**_progress(order, at))
        await self._connection.execute(changed)

    async def orders_of(self, pledge_id: str) -> Sequence[NoticeOrder]:
        """Return a pledge's orders, oldest first."""
        wanted = select(NOTICE_ORDERS).where(NOTICE_ORDERS.c.pledge_id == pledge_id)
        rows = await self._connection.execute(wanted.order_by(NOTICE_ORDERS.c.sequence))
        return [_order(row) for row in rows.all()]

    async def put_entry(self, entry: NoticeEntry, at: datetime) -> None:
        """Write a pledge's entry as it stands now."""
        values = {
            "pledge_id": entry.pledge_id,
            "parties": list(entry.parties),
            "certificate_no": entry.certificate_no,
            "description": entry.description,
            "secured_amount": entry.secured_amount.amount,
            "asset_numbers": list(entry.asset_numbers),
            "registered_at": entry.registered_at,
            "expires_on": entry.expires_on,
            "updated_at": at,
        }
        written = insert(NOTICE_ENTRIES).values(values)
        await self._connection.execute(written.on_conflict_do_update(index_elements=["pledge_id"], set_=values))

    async def entry_of(self, pledge_id: str) -> NoticeEntry | None:
        """Return a pledge's entry, living or ended."""
        found = await self._connection.execute(select(NOTICE_ENTRIES).where(NOTICE_ENTRIES.c.pledge_id == pledge_id))
        row = found.first()
        return None if row is None else _entry(row)

    async def put_code(self, code: NoticeCode) -> None:
        """Write the code of a pledge's entry."""
        values = {
            "pledge_id": code.pledge_id,
            "tenant": code.tenant,
            "certificate_no": code.certificate_no,
            "modify_code": sealed_code(self._secrets, code),
        }
        written = insert(NOTICE_CODES).values(values)
        await self._connection.execute(written.on_conflict_do_update(index_elements=["pledge_id"], set_=values))

    async def code_of(self, pledge_id: str) -> NoticeCode | None:
        """Return the code of a pledge's entry; row level security shows it to the pledgee and the worker alone."""
        found = await self._connection.execute(select(NOTICE_CODES).where(NOTICE_CODES.c.pledge_id == pledge_id))
        row = found.first()
        if row is None:
            return None
        return opened_code(self._secrets, row)

    async def live_entries(self, after: str, limit: int) -> Sequence[NoticeEntry]:
        """Return entries that are registered or objected, by pledge id, after one."""
        wanted = LIVING.where(NOTICE_ENTRIES.c.pledge_id > after).order_by(NOTICE_ENTRIES.c.pledge_id).limit(limit)
        return [_entry(row) for row in (await self._connection.execute(wanted)).all()]

    async def ended_before(self, day: date, limit: int) -> Sequence[str]:
        """Return the pledges whose live entry had its last day before a day."""
        wanted = LIVING.where(NOTICE_ENTRIES.c.expires_on < day).order_by(NOTICE_ENTRIES.c.expires_on).limit(limit)
        return [row.pledge_id for row in (await self._connection.execute(wanted)).all()]

    async def add_search(self, search: PledgeSearch) -> None:
        """Write a search after registration."""
        await self._connection.execute(
            insert(PLEDGE_SEARCHES).values(
                id=search.id,
                pledge_id=search.pledge_id,
                parties=list(search.parties),
                searched_at=search.searched_at,
                clear=search.clear,
                findings=list(search.findings),
                covers=list(search.covers),
                notice_rank=search.notice_rank,
                evidence_sha256=search.evidence_sha256,
            )
        )

    async def newest_search(self, pledge_id: str) -> PledgeSearch | None:
        """Return a pledge's newest search."""
        wanted = select(PLEDGE_SEARCHES).where(PLEDGE_SEARCHES.c.pledge_id == pledge_id)
        newest = wanted.order_by(PLEDGE_SEARCHES.c.sequence.desc()).limit(1)
        row = (await self._connection.execute(newest)).first()
        return None if row is None else _search(row)

    async def _order(self, wanted: Select[Any]) -> NoticeOrder | None:
        row = (await self._connection.execute(wanted)).first()
        return None if row is None else _order(row)


def sealed_code(box: SecretBox | None, code: NoticeCode) -> str:
    """Return a code as it is written."""
    if box is None:
        return code.modify_code
    return SEALED + box.seal(code.modify_code.encode("utf-8"), code_owner(code.tenant, code.pledge_id))


def opened_code(box: SecretBox | None, row: Any) -> NoticeCode:  # noqa: ANN401 - a row
    """Return the code of a row; raises SecretsUnavailable where it is sealed and we lack the key."""
    text: str = row.modify_code
    if text.startswith(SEALED):
        if box is None:
            raise SecretsUnavailable
        text = box.open(text.removeprefix(SEALED), code_owner(row.tenant, row.pledge_id)).decode("utf-8")
    return NoticeCode(pledge_id=row.pledge_id, tenant=row.tenant, certificate_no=row.certificate_no, modify_code=text)


def code_owner(tenant: str, pledge_id: str) -> Owner:
    """Return whose the code of a pledge's entry is."""
    return tenant, pledge_id, "modify_code"


def _progress(order: NoticeOrder, at: datetime) -> Mapping[str, object]:
    """Return the columns that change while an order is carried out."""
    return {
        "state": order.state.value,
        "attempts": order.attempts,
        "certificate_no": order.certificate_no,
        "executed_at": order.executed_at,
        "expires_on": order.expires_on,
        "reason": order.reason,
        "message": order.message,
        "evidence_sha256": order.evidence_sha256,
        "updated_at": at,
    }


def _content_values(content: NoticeContent) -> dict[str, object]:
    return {
        "description": content.description,
        "secured_amount": None if content.secured_amount is None else content.secured_amount.wire(),
        "maximum": content.maximum,
        "term_months": content.term_months,
        "asset_numbers": list(content.asset_numbers),
        "attachments": list(content.attachments),
        "reason": content.reason,
    }


def _content(value: Mapping[str, Any]) -> NoticeContent:
    return NoticeContent(
        description=value["description"],
        secured_amount=None if value["secured_amount"] is None else Money.of(value["secured_amount"]),
        maximum=value["maximum"],
        term_months=value["term_months"],
        asset_numbers=tuple(value["asset_numbers"]),
        attachments=tuple(value["attachments"]),
        reason=value["reason"],
    )


def _order(row: Row[Any]) -> NoticeOrder:
    return NoticeOrder(
        id=row.id,
        pledge_id=row.pledge_id,
        parties=tuple(row.parties),
        kind=NoticeKind(row.kind),
        state=OrderState(row.state),
        attempts=row.attempts,
        content=_content(row.content),
        certificate_no=row.certificate_no,
        executed_at=row.executed_at,
        expires_on=row.expires_on,
        reason=row.reason,
        message=row.message,
        evidence_sha256=row.evidence_sha256,
        ordered_by=row.ordered_by,
        created_at=row.created_at,
    )


def _entry(row: Row[Any]) -> NoticeEntry:
    return NoticeEntry(
        pledge_id=row.pledge_id,
        parties=tuple(row.parties),
        certificate_no=row.certificate_no,
        description=row.description,
        secured_amount=Money(row.secured_amount),
        asset_numbers=tuple(row.asset_numbers),
        registered_at=row.registered_at,
        expires_on=row.expires_on,
    )


def _search(row: Row[Any]) -> PledgeSearch:
    return PledgeSearch(
        id=row.id,
        pledge_id=row.pledge_id,
        parties=tuple(row.parties),
        searched_at=row.searched_at,
        clear=row.clear,
        findings=tuple(row.findings),
        covers=tuple(row.covers),
        notice_rank=row.notice_rank,
        evidence_sha256=row.evidence_sha256,
    )
