"""Take in an exchange's or a bank's trades: each row is judged alone, kept whole, and none disappears.

The same row sent twice is a duplicate. A known number with other content conflicts and is quarantined, unless the row
says that it revises the older one, which then stands superseded beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.market.screening import Quarantine, QuarantineCode, screen
from domain.ports.market import SentTrade
from domain.ports.unit_of_work import UnitOfWork
from domain.values.actors import Actor, Role
from domain.values.time import business_date


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of the row at `index`."""

    index: int
    quarantine: Quarantine


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of the batch."""

    accepted: int
    duplicates: int
    quarantined: tuple[Judged, ...]


MALFORMED = Quarantine(
    QuarantineCode.ROW_MALFORMED,
    "本行缺少必填字段或字段格式不符,无法读取。",
    "The row lacks a required field or a field cannot be read.",
)
CONFLICT = Quarantine(
    QuarantineCode.DUPLICATE_CONFLICT,
    "同一成交编号已有内容不同的记录;更正请用 revises 指明原编号。",
    "This trade number is already known with other content; name it in `revises` to correct it.",
)
UNKNOWN_ORIGINAL = Quarantine(
    QuarantineCode.ROW_MALFORMED, "revises 所指的成交编号不存在。", "The trade number named in `revises` is not known."
)


async def take_in_trades(uow: UnitOfWork, actor: Actor, rows: Sequence[SentTrade], now: datetime) -> Intake:
    """Judge and keep each row; an exchange's accepted trades are everybody's evidence, a bank's are its own."""
    accepted = duplicates = 0
    quarantined: list[Judged] = []
    shared = actor.role is Role.EXCHANGE
    for source in sorted({sent.source for sent in rows}):
        await uow.trades.lock_source(source)
    for index, sent in enumerate(rows):
        known = await uow.trades.known(sent.source, sent.content_sha256)
        if known is not None and known.status != "quarantined":
            duplicates += 1
            continue
        quarantine, replaced = await _judge(uow, sent, now)
        if known is None:
            if quarantine is None and replaced is not None:
                await uow.trades.supersede(replaced)
            await uow.trades.add(sent, quarantine, now, shared=shared)
        if quarantine is None:
            accepted += 1
        else:
            quarantined.append(Judged(index, quarantine))
    counts = {"accepted": accepted, "duplicates": duplicates, "quarantined": len(quarantined)}
    await uow.audit.write(
        actor, "trades.received", f"source:{rows[0].source}" if rows else "source:", counts, actor.parties, now
    )
    if accepted and shared:
        await uow.outbox.publish(
            "price.published", f"source:{rows[0].source}", {"accepted": accepted}, actor.parties, now
        )
    return Intake(accepted, duplicates, tuple(quarantined))


async def _judge(uow: UnitOfWork, sent: SentTrade, now: datetime) -> tuple[Quarantine | None, str | None]:
    """Return why the row is quarantined, if it is, and the id of the row that it replaces, if it does."""
    trade = sent.trade
    if trade is None:
        return MALFORMED, None
    quarantine = screen(trade, business_date(now))
    if quarantine is not None:
        return quarantine, None
    if trade.revises is not None:
        original = await uow.trades.accepted_under(sent.source, trade.revises) or await uow.trades.quarantined_under(
            sent.source, trade.revises
        )
        return (None, original) if original is not None else (UNKNOWN_ORIGINAL, None)
    if await uow.trades.accepted_under(sent.source, trade.trade_no) is not None:
        return CONFLICT, None
    return None, None
