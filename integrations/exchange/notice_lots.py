"""Lots: the quantities of single pollutants that one notice offers or has sold, found in a table or in prose.

The subtle thing is where a lot ends in prose: at the next pollutant that is named. A pollutant that is named without a
quantity or a price, as in a title, is no lot, and the same pollutant named again without a new quantity goes on with
the lot before.

Source: public notices of Ningxia, Anhui and Guangdong; their forms, not their texts.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from domain.values.pollutants import Pollutant
from domain.values.quantity import Unit
from integrations.exchange.columns import Table, fields_of
from integrations.exchange.numerals import FIGURE, day_of, scaled, years_of
from integrations.exchange.words import PriceUnit, pollutant_of, price_unit_of, unit_of

_UNIT: Final = r"(?:吨|千克|公斤|t|kg|立方米)(?:/(?:年|a|日|天|d))?"
_PRICE_UNIT: Final = r"元(?:/\(?(?:吨|千克|公斤|t|kg)(?:[·・•.*/]?(?:\d{0,2}年|a|期))?\)?)?"
_MENTION: Final = re.compile(
    r"化学需氧量(?:\(COD(?:cr)?\))?|氨氮(?:\(NH3-N\))?|二氧化硫(?:\(SO2\))?|氮氧化物(?:\(NOx\))?|总磷(?:\(TP\))?|总氮(?:\(TN\))?"
    r"|挥发性有机物(?:\(VOCs?\))?|颗粒物|烟尘|工业粉尘|(?<![A-Za-z])(?:COD(?:cr)?|NH3-N|SO2|NOx|VOCs?)(?![A-Za-z])",
    re.IGNORECASE,
)
_LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "price": "成交单价|成交均价|成交价格|成交价|竞得单价|竞得价格|竞得价|中标价",
        "start_price": "起始单价|起始价格|起始价|起拍价|竞价底价|底价|保留价|挂牌价",
        "step": "增价幅度|加价幅度|竞价阶梯|竞价幅度",
        "deposit": "竞买保证金|交易保证金|保证金",
        "amount": "成交总价|成交总额|成交总金额|成交金额|成交额|竞得总价",
    }
)
_FIGURE_AT: Final = MappingProxyType(
    {
        name: re.compile(
            rf"(?:{labels})(?:\(([^()\n]{{1,16}}(?:\([^()\n]{{1,8}}\))?)\))?(?:为|是)?[:\t]?(?:人民币)?({FIGURE})(万|亿|)({_PRICE_UNIT})?",
            re.ASCII,
        )
        for name, labels in _LABELS.items()
    }
)
_QUANTITY_AT: Final = re.compile(
    rf"(?:成交数量|成交量|出让数量|转让数量|竞得数量|排放指标|指标量|数量|排放量)(?:\(({_UNIT})\))?(?:为|是)?[:\t]?({FIGURE})(万|)({_UNIT})?",
    re.ASCII,
)
_BARE_QUANTITY: Final = re.compile(rf"[:\t]?({FIGURE})(万|)({_UNIT})", re.ASCII)
_PARTY_AT: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "buyer": re.compile(
            r"(?:竞得人|竞得单位|受让方|买受人|买方)[^\n]{0,60}?(?<![0-9A-Z])([0-9A-Z]{18})(?![0-9A-Z])", re.ASCII
        ),
        "seller": re.compile(
            r"(?:出让方|转让方|出让人|卖方)[^\n]{0,60}?(?<![0-9A-Z])([0-9A-Z]{18})(?![0-9A-Z])", re.ASCII
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with the words of its unit."""

    value: Decimal
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """What a notice says of one pollutant; none where it says nothing."""

    pollutant: Pollutant
    quantity: Decimal | None = None
    unit: Unit | None = None
    figures: Mapping[str, Figure] = field(default_factory=dict)
    term_years: Decimal | None = None
    day: date | None = None
    parties: Mapping[str, str] = field(default_factory=dict)
    raw: str = ""

    @property
    def says_something(self) -> bool:
        """Tell whether it is a lot at all, and not a pollutant that is merely named."""
        return self.quantity is not None or bool(self.figures)

    def price_unit(self, name: str) -> PriceUnit | None:
        """Return what a price of the lot is per; none where it states no price, or one without 元 or a unit."""
        figure = self.figures.get(name)
        return None if figure is None else price_unit_of(figure.unit)


def lots_in_prose(lines: Sequence[str]) -> list[Lot]:
    """Return the lots that running text or labelled lines tell."""
    text = "\n".join(lines)
    mentions = list(_MENTION.finditer(text))
    lots: list[Lot] = []
    for place, mention in enumerate(mentions):
        pollutant = pollutant_of(mention.group())
        if pollutant is None:
            continue
        end = mentions[place + 1].start() if place + 1 < len(mentions) else len(text)
        lot = _lot(pollutant, text[mention.end() : end], mention.group())
        before = lots[-1] if lots else None
        if before is not None and before.pollutant is pollutant and (lot.quantity is None or before.quantity is None):
            lots[-1] = _joined(before, lot)
        else:
            lots.append(lot)
    return [lot for lot in lots if lot.says_something]


def lots_in_table(lines: Sequence[str]) -> list[Lot]:
    """Return the lots of the first table whose header names a pollutant and a quantity or a price."""
    rows = [line.split("\t") for line in lines]
    for place, cells in enumerate(rows):
        table = fields_of(cells) if len(cells) > 1 else None
        if table is None or "pollutant" not in table.places:
            continue
        if not table.places.keys() & {"quantity", "price", "start_price"}:
            continue
        return [lot for further in rows[place + 1 :] if (lot := _table_lot(table, further)) is not None]
    return []


def _lot(pollutant: Pollutant, segment: str, named: str) -> Lot:
    figures = {
        name: figure for name, pattern in _FIGURE_AT.items() if (figure := _figure(pattern, segment)) is not None
    }
    quantity, unit = _quantity(segment)
    parties = {name: found[1] for name, pattern in _PARTY_AT.items() if (found := pattern.search(segment)) is not None}
    return Lot(
        pollutant=pollutant,
        quantity=quantity,
        unit=unit,
        figures=figures,
        parties=parties,
        raw=(named + segment).strip(),
    )


def _figure(pattern: re.Pattern[str], segment: str) -> Figure | None:
    found = pattern.search(segment)
    if found is None:
        return None
    bracket = found[1] or ""
    value = scaled(found[2], found[3] or ("万" if bracket.startswith("万") else ""))
    return None if value is None else Figure(value, found[4] or bracket.removeprefix("万"))


def _quantity(segment: str) -> tuple[Decimal | None, Unit | None]:
    found = _QUANTITY_AT.search(segment)
    if found is not None:
        value = scaled(found[2], found[3])
        return value, unit_of(found[4] or found[1] or "")
    bare = _BARE_QUANTITY.match(segment)
    return (None, None) if bare is None else (scaled(bare[1], bare[2]), unit_of(bare[3]))


def _joined(before: Lot, after: Lot) -> Lot:
    """Return one lot of two mentions of a pollutant; what was said first stands."""
    return replace(
        before,
        quantity=before.quantity if before.quantity is not None else after.quantity,
        unit=before.unit or after.unit,
        figures={**after.figures, **before.figures},
        parties={**after.parties, **before.parties},
        raw=f"{before.raw}\n{after.raw}" if before.says_something else after.raw,
    )


def _table_lot(table: Table, cells: Sequence[str]) -> Lot | None:
    pollutant = pollutant_of(table.cell(cells, "pollutant") or "")
    if pollutant is None:
        return None
    quantity = _cell_figure(table, cells, "quantity")
    figures = {
        name: figure
        for name in ("price", "start_price", "amount")
        if (figure := _cell_figure(table, cells, name)) is not None
    }
    unit_words = (quantity.unit if quantity is not None else "") or table.cell(cells, "unit") or ""
    term = table.cell(cells, "term_years")
    parties = {name: text for name in ("seller", "buyer") if (text := table.cell(cells, name)) is not None}
    return Lot(
        pollutant=pollutant,
        quantity=None if quantity is None else quantity.value,
        unit=unit_of(unit_words),
        figures=figures,
        term_years=None if term is None else years_of(term),
        day=day_of(table.cell(cells, "traded_on") or ""),
        parties={name: text for name, text in parties.items() if re.fullmatch(r"[0-9A-Z]{18}", text, re.ASCII)},
        raw="\t".join(cells),
    )


def _cell_figure(table: Table, cells: Sequence[str], name: str) -> Figure | None:
    text = table.cell(cells, name)
    found = None if text is None else re.fullmatch(rf"({FIGURE})(万|亿|)([^\d.,]\D{{0,16}})?", text, re.ASCII)
    if found is None:
        return None
    header = table.units.get(name, "")
    value = scaled(found[1], found[2] or ("万" if header.startswith("万") else ""))
    return None if value is None else Figure(value, found[3] or header.removeprefix("万"))
