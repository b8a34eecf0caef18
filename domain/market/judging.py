"""Judging: each row of a batch held against its own figures, then against everything else that was told.

`Ledger` is what its sender may know: his own rows, and what other sources tell everybody. The subtle thing is what may
be moved by whom. A revision or the second leg of a round trip closes the belief in an older row only where the sender
told that row himself; against another's row nothing happens to it, and the new one waits. So nobody can talk away what
somebody else reported, and nobody learns of rows that were not told to him.

A batch is judged originals first and their revisions after, whatever order they stand in. Which of two rows of one
number or one deal came first still matters, because the later one is the duplicate.

Source: contract section 4; issue 3 (screening, nothing disappears, a correction path for the sender).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from domain.jurisdictions.rulebook import Rulebook
from domain.market.groups import Groups
from domain.market.priced_deals import Exclusion, priced
from domain.market.quarantine import Quarantine, QuarantineCode
from domain.market.round_trips import is_round_trip, returned
from domain.market.screening import screen
from domain.market.told import SentTrade, ToldTrade, TradeStatus
from domain.market.trades import Trade
from domain.market.twins import Market, contradiction, may_be_one_deal, prices_agree, sameness
from domain.values.identifiers import Uscc, new_id
from domain.values.time import business_date

MALFORMED: Final = Quarantine(
    QuarantineCode.ROW_MALFORMED,
    "本行缺少必填字段或字段格式不符,无法读取。",
    "The row lacks a required field or a field cannot be read.",
)
TOO_SMALL: Final = Quarantine(
    QuarantineCode.ROW_MALFORMED,
    "单价折合不足百万分之一元,无法计价。",
    "The price comes to less than a millionth of a yuan.",
)
CONFLICT: Final = Quarantine(
    QuarantineCode.DUPLICATE_CONFLICT,
    "同一成交编号已有内容不同的记录;更正请用 revises 指明原编号。",
    "This trade number is already known with other content; name it in `revises` to correct it.",
)
UNKNOWN_ORIGINAL: Final = Quarantine(
    QuarantineCode.ROW_MALFORMED, "revises 所指的成交编号不存在。", "The trade number named in `revises` is not known."
)
ONE_GROUP: Final = Quarantine(
    QuarantineCode.RELATED_PARTIES,
    "出让方与受让方在成交日属同一控制关系（交易机构或主管部门登记）",
    "seller and buyer belonged to one group on that day, as an exchange or an authority has stated",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row: repeated (again, or by another source), quarantined, or believed."""

    repeated: bool
    quarantine: Quarantine | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome of each row in its place; rows to write; older rows that now stand otherwise, in order of writing."""

    outcomes: tuple[Outcome, ...]
    added: tuple[tuple[ToldTrade, SentTrade], ...]
    changed: tuple[ToldTrade, ...]


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What is to be done with one row; `opposite` are the other legs of its round trip, `twin` its other telling.

    A row that takes part in a round trip still replaces the one it revises: its source no longer stands by that one.
    """

    quarantine: Quarantine | None
    replaced: str | None = None
    opposite: tuple[str, ...] = ()
    twin: str | None = None


def judge(
    rows: Sequence[SentTrade], told: Iterable[ToldTrade], groups: Groups, rulebook: Rulebook | None, now: datetime
) -> Judgement:
    """Judge a batch against what was told before, oldest first, as its sender may see it."""
    ledger = Ledger(told, groups, rulebook, now)
    places: dict[int, tuple[str, bool]] = {}
    for index in _originals_first(rows):
        places[index] = ledger.take(rows[index])
    outcomes = tuple(ledger.outcome(*places[index]) for index in range(len(rows)))
    return Judgement(outcomes, ledger.added(), ledger.changed())


class Ledger:
    """What was told, by whom, and what is believed of it; it changes as rows are taken."""

    def __init__(self, told: Iterable[ToldTrade], groups: Groups, rulebook: Rulebook | None, now: datetime) -> None:
        """Begin with what was told before, oldest first."""
        self._groups, self._rulebook, self._now = groups, rulebook, now
        self._rows: dict[str, ToldTrade] = {}
        self._before: dict[str, ToldTrade] = {}
        self._new: dict[str, SentTrade] = {}
        self._by_content: dict[tuple[str, str], str] = {}
        self._by_number: dict[tuple[str, str], list[str]] = {}
        self._by_sameness: dict[Market, list[str]] = {}
        self._by_party: dict[Uscc, list[str]] = {}
        self._claimed: dict[tuple[str, str], str] = {}
        for row in told:
            if row.id not in self._rows:
                self._enter(row)
                self._before[row.id] = row

    def take(self, sent: SentTrade) -> tuple[str, bool]:
        """Judge one row, do what follows from it, and return its id and whether it only says again what stands."""
        known_id = self._by_content.get((sent.source, sent.content_sha256))
        known = None if known_id is None else self._rows[known_id]
        if known is not None and known.status is not TradeStatus.QUARANTINED:
            return known.id, True
        if known is not None and known.withdrawn:
            return known.id, False
        verdict = self._judged(sent, None if known is None else known.id)
        row_id = self._stand(sent, known, verdict)
        if verdict.replaced is not None:
            self._supersede(verdict.replaced, row_id)
        for other in verdict.opposite:
            self._withdraw(other, row_id)
        return row_id, False

    def outcome(self, row_id: str, repeated: bool) -> Outcome:  # noqa: FBT001 - it is one of two facts of a row
        """Return what became of a row, at the end of its batch."""
        row = self._rows[row_id]
        if repeated:
            return Outcome(repeated=True, quarantine=None)
        return Outcome(repeated=row.exclusion == Exclusion.DUPLICATE, quarantine=row.quarantine)

    def added(self) -> tuple[tuple[ToldTrade, SentTrade], ...]:
        """Return the new rows as they stand at the end of the batch."""
        return tuple((self._rows[row_id], sent) for row_id, sent in self._new.items())

    def changed(self) -> tuple[ToldTrade, ...]:
        """Return the older rows that stand otherwise; what is believed no longer comes before what now is."""
        rows = [self._rows[row_id] for row_id, before in self._before.items() if self._rows[row_id] is not before]
        return tuple(sorted(rows, key=lambda row: row.status is TradeStatus.ACCEPTED))

    def _judged(self, sent: SentTrade, known_id: str | None) -> _Verdict:
        trade = sent.trade
        quarantine = MALFORMED if trade is None else self._alone(trade)
        if trade is None or quarantine is not None:
            return _Verdict(quarantine)
        replaced = None
        if trade.revises is not None:
            replaced = self._standing_under(sent.source, trade.revises, known_id)
            if replaced is None:
                return _Verdict(UNKNOWN_ORIGINAL)
        if self._accepted_under(sent.source, trade.trade_no) not in {None, replaced}:
            return _Verdict(CONFLICT)
        opposite = self._opposite_legs(trade, replaced)
        if opposite:
            return _Verdict(returned(trade, self._trade(opposite[0])), replaced, opposite)
        twin, contrary = self._twins(trade, sent.source, replaced)
        if twin is None and contrary is not None:
            return _Verdict(contradiction(self._trade(contrary)))
        return _Verdict(None, replaced, twin=twin)

    def _alone(self, trade: Trade) -> Quarantine | None:
        quarantine = screen(trade, business_date(self._now), self._rulebook)
        if quarantine is not None:
            return quarantine
        if (
            trade.seller is not None
            and trade.buyer is not None
            and self._groups.together(trade.seller, trade.buyer, trade.traded_on)
        ):
            return ONE_GROUP
        try:
            priced(trade, None, None)
        except ValueError:
            return TOO_SMALL
        return None

    def _accepted_under(self, source: str, trade_no: str) -> str | None:
        return self._newest(source, trade_no, TradeStatus.ACCEPTED, None)

    def _standing_under(self, source: str, trade_no: str, known_id: str | None) -> str | None:
        return self._accepted_under(source, trade_no) or self._newest(
            source, trade_no, TradeStatus.QUARANTINED, known_id
        )

    def _newest(self, source: str, trade_no: str, status: TradeStatus, but: str | None) -> str | None:
        ids = self._by_number.get((source, trade_no), [])
        return next((row_id for row_id in reversed(ids) if self._rows[row_id].status is status and row_id != but), None)

    def _opposite_legs(self, trade: Trade, replaced: str | None) -> tuple[str, ...]:
        """Return the sender's own rows that take back what this one sells, believed or already known as such a leg."""
        if trade.buyer is None:
            return ()
        sellers = self._groups.members(trade.buyer, None)
        ids = dict.fromkeys(row_id for seller in sorted(sellers) for row_id in self._by_party.get(seller, ()))
        return tuple(
            row_id
            for row_id in ids
            if row_id != replaced
            and _may_be_a_leg(self._rows[row_id])
            and is_round_trip(trade, self._trade(row_id), self._groups)
        )

    def _twins(self, trade: Trade, source: str, replaced: str | None) -> tuple[str | None, str | None]:
        """Return a free row of another source that tells this deal at this price, or else one at another price."""
        contrary = None
        for row_id in self._by_sameness.get(sameness(trade), ()):
            row = self._rows[row_id]
            if not self._free(row, source, replaced) or not may_be_one_deal(trade, self._trade(row_id)):
                continue
            if prices_agree(trade, self._trade(row_id)):
                return row_id, None
            contrary = contrary or row_id
        return None, contrary

    def _free(self, row: ToldTrade, source: str, replaced: str | None) -> bool:
        if row.status is not TradeStatus.ACCEPTED or row.exclusion == Exclusion.DUPLICATE or row.id == replaced:
            return False
        if row.own and row.source == source:
            return False
        return self._claimed.get((source, row.id)) in {None, replaced}

    def _stand(self, sent: SentTrade, known: ToldTrade | None, verdict: _Verdict) -> str:
        """Write where the row stands now and return its id."""
        believed = verdict.quarantine is None
        row = known or ToldTrade(
            id=new_id("trade"),
            own=True,
            source=sent.source,
            content_sha256=sent.content_sha256,
            trade=sent.trade,
            status=TradeStatus.QUARANTINED,
        )
        if known is not None and known.quarantine == verdict.quarantine:
            return row.id
        row = replace(
            row,
            trade=sent.trade,
            status=TradeStatus.ACCEPTED if believed else TradeStatus.QUARANTINED,
            quarantine=verdict.quarantine,
            former_code=known.quarantine.code.value if known and known.quarantine and believed else None,
            accepted_from=self._now if believed else None,
            exclusion=None if verdict.twin is None else Exclusion.DUPLICATE,
            duplicate_of=verdict.twin,
        )
        if known is None:
            self._new[row.id] = sent
        self._enter(row)
        return row.id

    def _supersede(self, row_id: str, by: str) -> None:
        row = self._rows[row_id]
        believed = row.status is TradeStatus.ACCEPTED
        self._rows[row_id] = replace(
            row,
            status=TradeStatus.SUPERSEDED,
            accepted_until=self._now if believed else row.accepted_until,
            superseded_by=by,
            superseded_at=self._now,
        )
        if row.duplicate_of is not None and self._claimed.get((row.source, row.duplicate_of)) == row_id:
            del self._claimed[row.source, row.duplicate_of]

    def _withdraw(self, row_id: str, because_of: str) -> None:
        row = self._rows[row_id]
        if row.status is TradeStatus.ACCEPTED:
            self._rows[row_id] = replace(
                row,
                status=TradeStatus.QUARANTINED,
                quarantine=returned(self._trade(row_id), self._trade(because_of)),
                accepted_until=self._now,
            )

    def _enter(self, row: ToldTrade) -> None:
        before = self._rows.get(row.id)
        self._rows[row.id] = row
        if row.duplicate_of is not None and row.own and row.status is TradeStatus.ACCEPTED:
            self._claimed[row.source, row.duplicate_of] = row.id
        if row.own:
            self._by_content[row.source, row.content_sha256] = row.id
        trade = row.trade
        if trade is None or (before is not None and before.trade is not None):
            return
        self._by_sameness.setdefault(sameness(trade), []).append(row.id)
        if row.own:
            self._by_number.setdefault((row.source, trade.trade_no), []).append(row.id)
            if trade.seller is not None:
                self._by_party.setdefault(trade.seller, []).append(row.id)

    def _trade(self, row_id: str) -> Trade:
        trade = self._rows[row_id].trade
        assert trade is not None, "only rows that could be read are looked up by what they tell"
        return trade


def _may_be_a_leg(row: ToldTrade) -> bool:
    if row.status is TradeStatus.ACCEPTED:
        return True
    return (
        row.status is TradeStatus.QUARANTINED
        and row.quarantine is not None
        and row.quarantine.code is QuarantineCode.RELATED_PARTIES
    )


def _originals_first(rows: Sequence[SentTrade]) -> list[int]:
    """Return the places of the rows, those that revise another row of the batch after it."""
    revised: dict[tuple[str, str], str] = {}
    for sent in rows:
        if sent.trade is not None and sent.trade.revises not in {None, sent.trade.trade_no}:
            revised[sent.source, sent.trade.trade_no] = str(sent.trade.revises)
    depths: dict[tuple[str, str], int] = {}

    def depth(sent: SentTrade) -> int:
        if sent.trade is None or sent.trade.revises is None:
            return 0
        if sent.trade.revises == sent.trade.trade_no:
            return depths.get((sent.source, sent.trade.trade_no), 0) + 1
        return _depth_of((sent.source, sent.trade.trade_no), revised, depths)

    return sorted(range(len(rows)), key=lambda index: (depth(rows[index]), index))


def _depth_of(number: tuple[str, str], revised: dict[tuple[str, str], str], depths: dict[tuple[str, str], int]) -> int:
    """Return how many revisions lie between a number and an original; a circle of them has no original."""
    path: list[tuple[str, str]] = []
    while number in revised and number not in depths and number not in path:
        path.append(number)
        number = number[0], revised[number]
    found = depths.get(number, 0)
    for step in reversed(path):
        found += 1
        depths[step] = found
    return depths.get(path[0], 0) if path else found
