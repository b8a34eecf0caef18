"""Bulletins: the national carbon market's day in prose, thirteen figures and two deals.

The subtle thing is how little of it may be trusted. A bulletin is read piece by piece, and the listed and the block
trades are believed only when they add up to the totals that the same bulletin prints; where they do not, both are
refused, since nobody can tell which of the figures was misprinted or misread. A day without block trades says so in
words, or is silent. The price of a row is amount by quantity; high and low are the day's, often of listed trades only.

Source: the daily bulletins of the national carbon market (挂牌协议交易, 大宗协议交易), in the wording of 2022, which
prices listed trades, and in the later one, which prices the whole day (综合价格行情).

>>> figures = figures_of("今日挂牌协议交易成交量100吨,成交额5,700.00元。今日无大宗协议交易。")
>>> figures["listed_qty"], figures["block_qty"]
(Decimal('100'), Decimal('0'))
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from domain.market.imports import Remark, RowRead, RowRefused
from integrations.exchange.encodings import text_of
from integrations.exchange.licences import forbids_publication
from integrations.exchange.numerals import FIGURE, MONEY_PLACES, day_of, fold, ratio, scaled, wired
from integrations.exchange.reading import Findings

TEXT_BYTES_MAX: Final = 2 << 20
VENUE: Final = "national"
DIVISION: Final = "000000"

_PRICES: Final[Mapping[str, str]] = MappingProxyType(
    {"open": "开盘价", "high": "最高价", "low": "最低价", "close": "收盘价"}
)
_PIECES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "listed": ("挂牌协议(?:交易)?", ""),
        "block": ("大宗协议(?:交易)?", ""),
        "bid": ("单向竞价(?:交易)?", ""),
        "total": ("总", "总"),
        "cum": ("累计", "累计"),
    }
)
"""What stands before the quantity, and what before the amount."""
_PRICE_AT: Final = MappingProxyType(
    {name: re.compile(rf"{words}(?:为|:)?({FIGURE})元", re.ASCII) for name, words in _PRICES.items()}
)
_PIECE_AT: Final = MappingProxyType(
    {
        name: re.compile(
            rf"{words}成交量(?:为|:)?({FIGURE})(万|亿|)吨(?:[,、;]?{again}成交额(?:为|:)?({FIGURE})(万|亿|)元)?",
            re.ASCII,
        )
        for name, (words, again) in _PIECES.items()
    }
)
_NONE_TODAY: Final = MappingProxyType(
    {
        name: re.compile(rf"(?:无|没有|未发生|未产生){words}")
        for name, (words, _) in _PIECES.items()
        if name not in {"total", "cum"}
    }
)
_CHANGE: Final = re.compile(rf"较(?:前一?|上一?个?)(?:交易)?日(上涨|下跌|上升|下降|持平)(?:({FIGURE})%)?", re.ASCII)
_DAY: Final = re.compile(
    r"(?<!截至)(?<!截止)(?<!自)(?<!从)(?<!\d)(?:20\d{2}(?:年|[-/.])\d{1,2}(?:月|[-/.])\d{1,2}日?|20\d{6})(?!\d)",
    re.ASCII,
)
_FIGURES: Final = re.compile(r"(?:挂牌协议|大宗协议|单向竞价|总成交量)")
_FALLS: Final = frozenset({"下跌", "下降"})
_KINDS: Final = ("listed", "block", "bid")

_NO_DAY: Final = Remark(
    "date_missing",
    "公告未写明完整的交易日期（年月日）；可在文件名中写明，例如 20240712。",
    "the bulletin does not say its day; put it into the text or the name of the file, such as 20240712",
)
_NOT_A_KIND: Final = Remark(
    "kind_unknown",
    "单向竞价成交尚无对应的成交类型，未入库。",
    "single-sided bidding is no kind of trade here; it is not taken in",
)
_NO_PIECES: Final = Remark(
    "piece_missing",
    "公告中未能读出挂牌或大宗协议的成交量和成交额。",
    "neither quantity and amount of listed nor of block trades can be read",
)

Figures = Mapping[str, Decimal]


def figures_of(text: str) -> dict[str, Decimal]:
    """Return what one bulletin says, by name; what it does not say is not there.

    Names: open, high, low, close, chg_pct, then qty and amt of listed, block, bid, total and cum (cumulative).
    """
    folded = "".join(fold(text).split())
    found: dict[str, Decimal] = {}
    for name, pattern in _PRICE_AT.items():
        if (price := pattern.search(folded)) is not None:
            _keep(found, name, price[1], "")
    if (change := _CHANGE.search(folded)) is not None and (change[2] or change[1] == "持平"):
        percent = scaled(change[2] or "0")
        if percent is not None:
            found["chg_pct"] = -percent if change[1] in _FALLS else percent
    for name, pattern in _PIECE_AT.items():
        piece = pattern.search(folded)
        if piece is not None:
            _keep(found, f"{name}_qty", piece[1], piece[2])
            if piece[3] is not None:
                _keep(found, f"{name}_amt", piece[3], piece[4])
        elif name in _NONE_TODAY and _NONE_TODAY[name].search(folded):
            found[f"{name}_qty"] = found[f"{name}_amt"] = Decimal(0)
    return found


def read_bulletins(content: bytes, file_name: str, findings: Findings) -> Iterator[RowRead | RowRefused]:
    """Yield the deals of a file of one or more bulletins, each with its day before it, or in the name of the file."""
    text = fold(text_of(content, TEXT_BYTES_MAX))
    if forbids_publication(text):
        findings.licence_notice = True
        findings.remark(
            "licence_notice",
            "公告声明未经同意不得发布，按受限许可入库。",
            "the text forbids publication; it is kept as restricted",
        )
    number = 0
    for day, bulletin in _apart(text, _day_in(file_name)):
        for row in _rows(day, bulletin, number, findings):
            number = row.row_number
            yield row


def _keep(found: dict[str, Decimal], name: str, figure: str, scale: str) -> None:
    value = scaled(figure, scale)
    if value is not None:
        found[name] = value


def _day_in(file_name: str) -> date | None:
    """Return the one day that the name of a file says, none where it says none or several."""
    days = {day for found in _DAY.finditer(fold(file_name)) if (day := day_of(found.group())) is not None}
    return days.pop() if len(days) == 1 else None


def _apart(text: str, named: date | None) -> Iterator[tuple[date | None, str]]:
    """Yield each bulletin with its day: the first of the days that stand between it and the one before.

    A text that begins before its first day is one bulletin signed with its day; several of those would each get the
    day of the one before, so none of them gets any.
    """
    dated = [(found, day) for found in _DAY.finditer(text) if (day := day_of(found.group())) is not None]
    first = text[: dated[0][0].start()] if dated else text
    begins_without = _FIGURES.search(first) is not None
    certain = not (begins_without and len({day for _, day in dated}) > 1)
    if begins_without:
        yield (dated[0][1] if dated and certain else named), first
    pending: date | None = None
    for place, (found, here) in enumerate(dated):
        pending = pending or here
        end = dated[place + 1][0].start() if place + 1 < len(dated) else len(text)
        bulletin = text[found.end() : end]
        if _FIGURES.search(bulletin):
            yield (pending if certain else None), bulletin
            pending = None


def _rows(day: date | None, bulletin: str, number: int, findings: Findings) -> Iterator[RowRead | RowRefused]:
    figures = figures_of(bulletin)
    raw = bulletin.strip()
    deals = [kind for kind in _KINDS if figures.get(f"{kind}_qty") or figures.get(f"{kind}_amt")]
    why = _NO_DAY if day is None else _disagreement(figures)
    if "total_qty" not in figures:
        findings.remark(
            "total_missing",
            "有公告未列总成交量，无法核对。",
            "a bulletin states no total, so nothing could be cross-checked",
        )
    if not deals and not any(f"{kind}_qty" in figures for kind in _KINDS):
        yield RowRefused(number + 1, _NO_PIECES, raw)
    for place, kind in enumerate(deals, start=number + 1):
        refused = _NOT_A_KIND if kind == "bid" else why or _lack(figures, kind)
        if refused is not None or day is None:
            yield RowRefused(place, refused or _NO_DAY, raw)
            continue
        _within_the_day(figures, kind, day, findings)
        yield RowRead(place, _row(day, kind, figures[f"{kind}_qty"], figures[f"{kind}_amt"]), raw)


def _disagreement(figures: Figures) -> Remark | None:
    """Return how listed and block trades fail to add up to the total, none where they do or no total is stated."""
    for measure, zh in (("qty", "成交量"), ("amt", "成交额")):
        total = figures.get(f"total_{measure}")
        stated = [figures.get(f"{kind}_{measure}") for kind in _KINDS if f"{kind}_qty" in figures]
        parts = [part for part in stated if part is not None]
        if total is None or len(parts) < len(stated):
            continue
        if (summed := sum(parts, Decimal(0))) != total:
            return Remark(
                "totals_disagree",
                f"挂牌与大宗{zh}之和为{summed:f}，与公告总{zh}{total:f}不符。",
                f"listed and block trades add up to {summed:f} and the bulletin's total is {total:f}",
            )
    return None


def _lack(figures: Figures, kind: str) -> Remark | None:
    quantity, amount = figures.get(f"{kind}_qty"), figures.get(f"{kind}_amt")
    if quantity and amount and ratio(amount, quantity) > 0:
        return None
    return Remark(
        "piece_missing",
        "该项成交缺少成交量或成交额，或为零。",
        "the quantity or the amount of this deal is missing or nothing",
    )


def _within_the_day(figures: Figures, kind: str, day: date, findings: Findings) -> None:
    """Note listed trades whose mean price lies outside the day's own range, which they made."""
    low, high = figures.get("low"), figures.get("high")
    if kind != "listed" or low is None or high is None:
        return
    mean = ratio(figures["listed_amt"], figures["listed_qty"])
    if not low <= mean <= high:
        findings.remark(
            "outside_day_range",
            f"{day.isoformat()}挂牌成交均价{mean:f}不在当日最低价{low:f}与最高价{high:f}之间。",
            f"on {day.isoformat()} the mean listed price {mean:f} lies outside the day's {low:f} to {high:f}",
        )


def _row(day: date, kind: str, quantity: Decimal, amount: Decimal) -> dict[str, object]:
    price = {"currency": "CNY", "per_unit": "tCO2e", "per_period": "one_off", "tax": "unknown"}
    return {
        "trade_no": f"CEA-{day.isoformat()}-{kind}",
        "traded_on": day.isoformat(),
        "venue": VENUE,
        "division": DIVISION,
        "instrument": "carbon_allowance",
        "pollutant": "CO2E",
        "kind": kind,
        "quantity": {"amount": wired(quantity), "unit": "tCO2e"},
        "price": {"amount": wired(ratio(amount, quantity)), **price},
        "amount": {"amount": wired(amount, MONEY_PLACES), "currency": "CNY"},
    }
