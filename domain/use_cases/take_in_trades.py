"""Take in an exchange's or a bank's trades: each row is judged, kept whole, and none disappears.

The same row sent twice is a duplicate, and so is the same deal told by two sources at one price. A known number with
other content conflicts and is quarantined, unless the row says that it revises the older one, which then stands
superseded beside it. A quarantined row that is sent again as it was is judged again, because what made it so may have
passed: its day has come, or a rule was learned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.jurisdictions.rulebook import Rulebook
from domain.market.groups import Groups
from domain.market.judging import Judgement, judge
from domain.market.quarantine import Quarantine
from domain.market.told import SentTrade
from domain.ports.unit_of_work import UnitOfWork
from domain.use_cases.revalue_pledges import JOB_SUBJECT, SETTLING, TASK
from domain.values.actors import Actor, Role
from domain.values.identifiers import Uscc


@dataclass(frozen=True, slots=True)
class Judged:
    """Why the row at `index` was quarantined."""

    index: int
    quarantine: Quarantine


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of the batch; every row is in exactly one of the three."""

    accepted: int
    duplicates: int
    quarantined: tuple[Judged, ...]


async def take_in_trades(
    uow: UnitOfWork,
    actor: Actor,
    rows: Sequence[SentTrade],
    now: datetime,
    *,
    rulebook: Rulebook,
    shared: bool | None = None,
) -> Intake:
    """Judge and keep a batch; an exchange's accepted trades are everybody's evidence, a bank's are its own.

    `shared` keeps an exchange's rows to itself where it is false, and makes nobody else's rows everybody's.
    """
    public = actor.role is Role.EXCHANGE and shared is not False
    trades = [sent.trade for sent in rows if sent.trade is not None]
    await uow.trades.lock({sent.source for sent in rows}, trades, shared=public)
    parties = {party for trade in trades for party in (trade.seller, trade.buyer) if party is not None}
    groups = Groups(await uow.affiliations.around(parties))
    holders = {member for party in parties for member in groups.members(party, None)}
    judgement = judge(rows, await uow.trades.told_about(rows, holders), groups, rulebook, now)
    await uow.trades.keep(judgement, await _opaque_groups(uow, judgement, groups), now, shared=public)
    intake = _intake(judgement)
    source = f"source:{rows[0].source}" if rows else "source:"
    withdrawn = sum(row.withdrawn for row in judgement.changed)
    counts = {
        "accepted": intake.accepted,
        "duplicates": intake.duplicates,
        "quarantined": len(intake.quarantined),
        "withdrawn": withdrawn,
    }
    await uow.audit.write(actor, "trades.received", source, counts, actor.parties, now)
    if public and (intake.accepted or withdrawn):
        told = {"accepted": intake.accepted, "withdrawn": withdrawn}
        await uow.outbox.publish("price.published", source, told, actor.parties, now)
        await uow.jobs.enqueue_once(TASK, JOB_SUBJECT, now + SETTLING)
    return intake


def _intake(judgement: Judgement) -> Intake:
    quarantined = tuple(
        Judged(index, outcome.quarantine)
        for index, outcome in enumerate(judgement.outcomes)
        if outcome.quarantine is not None
    )
    duplicates = sum(outcome.quarantine is None and outcome.repeated for outcome in judgement.outcomes)
    return Intake(len(judgement.outcomes) - duplicates - len(quarantined), duplicates, quarantined)


async def _opaque_groups(
    uow: UnitOfWork, judgement: Judgement, groups: Groups
) -> Mapping[str, tuple[str | None, str | None]]:
    """Return the opaque ids of the groups of seller and buyer, by row, for whatever is written and names a party."""
    named: dict[str, tuple[Uscc | None, Uscc | None]] = {}
    for row in (*(row for row, _ in judgement.added), *judgement.changed):
        trade = row.trade
        if trade is not None and (trade.seller is not None or trade.buyer is not None):
            named[row.id] = (
                None if trade.seller is None else groups.name(trade.seller, trade.traded_on),
                None if trade.buyer is None else groups.name(trade.buyer, trade.traded_on),
            )
    ids = await uow.affiliations.group_ids({name for pair in named.values() for name in pair if name is not None})
    return {
        row_id: (None if seller is None else ids[seller], None if buyer is None else ids[buyer])
        for row_id, (seller, buyer) in named.items()
    }
