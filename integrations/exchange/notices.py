"""Notices: auctions of discharge rights as provinces announce them, and their results, in prose and in tables.

The subtle thing is what a price is. A starting price is no price: an announcement gives no row, only a notice with its
lots. And the result's price is taken with exactly the unit that stands behind it: 元/吨·年 buys a year, 元/吨 does not
say what it buys and stays without a period, however well a factor of five would fit.

Source: the forms of public notices of Ningxia (元/吨, a term), Anhui (元/吨·年, 单价 x 5年 x 数量) and Guangdong.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from domain.market.imports import Remark, RowRead, RowRefused
from domain.market.trades import TradeKind
from integrations.exchange.encodings import text_of
from integrations.exchange.licences import forbids_publication
from integrations.exchange.notice_lots import Lot, lots_in_prose, lots_in_table
from integrations.exchange.notice_texts import lines_in
from integrations.exchange.numerals import FIGURE, MONEY_PLACES, day_of, scaled, wired, years_of
from integrations.exchange.reading import YUAN, FileRefused, Findings
from integrations.exchange.words import division_of, kind_of

TEXT_BYTES_MAX: Final = 1 << 20
LOTS_MAX: Final = 1_000

_NUMBER_AT: Final = re.compile(r"(?:公告编号|项目编号|标的编号|交易编号|公告号|编号|文号)[:\t]([^\s,;。:]{2,60})")
_DAY: Final = r"(\d{4}(?:年|[-/.])\d{1,2}(?:月|[-/.])\d{1,2}日?)"
_DEAL_DAY_AT: Final = re.compile(
    rf"(?:成交日期|成交时间|交易日期|交易时间|竞价日期|竞价时间|拍卖时间)(?:为|是)?[:\t]?{_DAY}", re.ASCII
)
_ANY_DAY: Final = re.compile(rf"(?<!\d){_DAY}", re.ASCII)
_TERM_AT: Final = re.compile(
    r"(?:使用年限|使用期限|有效期限|有效期|使用期|期限|年限)(?:为|是)?[:\t]?((?:\d{1,2}(?:\.\d{1,2})?|[一二三四五六七八九十两])年)",
    re.ASCII,
)
_TIMES_YEARS: Final = re.compile(r"单价[x×*](\d{1,2}年)[x×*]", re.ASCII)
_TOTAL_AT: Final = re.compile(
    rf"(?:合计|总计)(?:成交)?(?:总?金额|总价|总额|额)(?:为)?[:\t]?({FIGURE})(万|亿|)元", re.ASCII
)
_VENUE_AT: Final = re.compile(r"(?:交易平台|交易机构|交易场所|组织单位|发布单位)[:\t]([^\s,;。:]{2,60})")
_METHOD_AT: Final = re.compile(r"(?:交易方式|竞价方式|出让方式|成交方式)[:\t]([^\s,;。:]{2,60})")
_RESULT: Final = re.compile(r"成交公告|成交公示|成交结果|结果公告|结果公示|交易结果|竞价结果|成交确认")
_OF_THE_STATE: Final = re.compile(
    r"政府储备|储备量|储备指标|政府出让|出让公告|出让结果|出让方[:\t为]?[^\n]{0,20}生态环境"
)
_BIDDING: Final = re.compile(r"竞价|拍卖|竞买|竞得")
_AGREED: Final = re.compile(r"协议出让|定额出让|直接出让|协议交易|协商交易")
_BETWEEN_ENTERPRISES: Final = re.compile(r"企业间|二级市场|转让方[:\t]")

_NO_DAY: Final = Remark(
    "date_missing", "公告未写明成交日期。", "the notice does not say on which day the deal was made"
)
_NO_KIND: Final = Remark(
    "kind_unknown",
    "无法判断是政府出让还是企业间交易。",
    "it cannot be told whether the state sold or one enterprise to another",
)
_NO_PRICE: Final = Remark(
    "price_missing",
    "该标的没有成交价也没有成交金额（可能流拍）。",
    "the lot has neither price nor amount; perhaps it was not sold",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heading:
    """What a notice says for all of its lots."""

    number: str | None
    day: date | None
    term: str | None
    venue: str | None
    method: str | None
    kind: TradeKind | None


def read_notice(content: bytes, defaults: Mapping[str, str], findings: Findings) -> Iterator[RowRead | RowRefused]:
    """Yield the deals of a result; an announcement gives a notice instead, in the findings."""
    text = text_of(content, TEXT_BYTES_MAX)
    lines = lines_in(text)
    whole = "\n".join(lines)
    if forbids_publication(whole):
        findings.licence_notice = True
        findings.remark(
            "licence_notice",
            "公告声明未经同意不得发布，按受限许可入库。",
            "the text forbids publication; it is kept as restricted",
        )
    lots = lots_in_table(lines) or lots_in_prose(lines)
    if len(lots) > LOTS_MAX:
        raise FileRefused("too_many_lots", f"公告的标的超过{LOTS_MAX}个。", f"the notice has more than {LOTS_MAX} lots")
    if not lots:
        return
    heading = _heading(whole, defaults, findings)
    if not _is_result(whole, lots):
        findings.notices.append(_announcement(heading, lots))
        return
    total = _TOTAL_AT.search(whole)
    stated = None if total is None else scaled(total[1], total[2])
    if stated is not None:
        findings.stated[YUAN] = stated
    named = heading.number or "notice-" + hashlib.sha256(whole.encode()).hexdigest()[:24]
    for place, lot in enumerate(lots, start=1):
        why = _lack(heading, lot)
        day = lot.day or heading.day
        if why is not None or day is None or heading.kind is None:
            yield RowRefused(place, why or _NO_DAY, lot.raw)
        else:
            number = named if len(lots) == 1 else f"{named}-{place}"
            yield RowRead(place, _row(number, heading, day, heading.kind, lot, defaults), lot.raw)


def _heading(whole: str, defaults: Mapping[str, str], findings: Findings) -> _Heading:
    number, term, venue = _NUMBER_AT.search(whole), _TERM_AT.search(whole), _VENUE_AT.search(whole)
    method = _METHOD_AT.search(whole)
    if term is None:
        term = _TIMES_YEARS.search(whole)
    return _Heading(
        number=None if number is None else number[1],
        day=_deal_day(whole, findings),
        term=defaults.get("term_years") if term is None else term[1],
        venue=defaults.get("venue") if venue is None else venue[1],
        method=None if method is None else method[1],
        kind=_kind(whole) or kind_of(defaults.get("kind", "")),
    )


def _is_result(whole: str, lots: list[Lot]) -> bool:
    """Tell whether deals were made: a price or an amount of a deal is stated; a starting price alone never is one."""
    if any(lot.figures.keys() & {"price", "amount"} for lot in lots):
        return True
    return _RESULT.search(whole) is not None and not any("start_price" in lot.figures for lot in lots)


def _deal_day(whole: str, findings: Findings) -> date | None:
    found = _DEAL_DAY_AT.search(whole)
    if found is not None:
        return day_of(found[1])
    days = {day for each in _ANY_DAY.finditer(whole) if (day := day_of(each[1])) is not None}
    if len(days) != 1:
        return None
    findings.remark(
        "date_of_notice",
        "公告未单列成交日期，采用文中唯一的日期。",
        "no day of the deal is labelled; the only day in the notice was taken",
    )
    return days.pop()


def _kind(whole: str) -> TradeKind | None:
    if _BETWEEN_ENTERPRISES.search(whole):
        return TradeKind.ENTERPRISE_TRADE
    if not _OF_THE_STATE.search(whole):
        return None
    if _AGREED.search(whole):
        return None if _BIDDING.search(whole) else TradeKind.GOVERNMENT_SALE
    return TradeKind.GOVERNMENT_AUCTION if _BIDDING.search(whole) else None


def _lack(heading: _Heading, lot: Lot) -> Remark | None:
    if not lot.figures.keys() & {"price", "amount"}:
        return _NO_PRICE
    if lot.day is None and heading.day is None:
        return _NO_DAY
    return _NO_KIND if heading.kind is None else None


def _row(
    number: str, heading: _Heading, day: date, kind: TradeKind, lot: Lot, defaults: Mapping[str, str]
) -> dict[str, object]:
    row: dict[str, object] = {
        "trade_no": number[:120],
        "traded_on": day.isoformat(),
        "instrument": "discharge_right",
        "pollutant": lot.pollutant.value,
        "kind": kind.value,
        **lot.parties,
    }
    if heading.venue is not None:
        row["venue"] = heading.venue
    place = defaults.get("division") or heading.venue
    division = None if place is None else division_of(place)
    if division is not None:
        row["division"] = division
    if lot.quantity is not None and lot.unit is not None:
        row["quantity"] = {"amount": wired(lot.quantity), "unit": lot.unit.value}
    if "price" in lot.figures:
        row["price"] = _price(lot, "price")
    if "amount" in lot.figures:
        row["amount"] = {"amount": wired(lot.figures["amount"].value, MONEY_PLACES), "currency": "CNY"}
    term = _term(heading, lot, "price")
    if term is not None:
        row["term_years"] = term
    return row


def _price(lot: Lot, name: str) -> dict[str, object]:
    """Return a price with exactly as much of its basis as stands behind it."""
    price: dict[str, object] = {"amount": wired(lot.figures[name].value), "currency": "CNY"}
    unit = lot.price_unit(name)
    if unit is not None:
        price["per_unit"] = unit.unit
        if unit.period is not None:
            price["per_period"] = unit.period
    return price


def _term(heading: _Heading, lot: Lot, name: str) -> str | None:
    unit = lot.price_unit(name)
    if lot.term_years is not None:
        return wired(lot.term_years)
    years = years_of(heading.term or (unit.term if unit is not None and unit.term is not None else ""))
    return None if years is None else wired(years)


def _announcement(heading: _Heading, lots: list[Lot]) -> Mapping[str, object]:
    return {
        "notice_no": heading.number,
        "venue": heading.venue,
        "method": heading.method,
        "lots": [
            {
                "pollutant": lot.pollutant.value,
                "quantity": None
                if lot.quantity is None or lot.unit is None
                else {"amount": wired(lot.quantity), "unit": lot.unit.value},
                "start_price": _price(lot, "start_price") if "start_price" in lot.figures else None,
                "step": _yuan(lot, "step"),
                "deposit": _yuan(lot, "deposit"),
                "term_years": _term(heading, lot, "start_price"),
            }
            for lot in lots
        ],
    }


def _yuan(lot: Lot, name: str) -> dict[str, str] | None:
    figure = lot.figures.get(name)
    return None if figure is None else {"amount": wired(figure.value, MONEY_PLACES), "currency": "CNY"}
