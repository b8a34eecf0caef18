"""Columns: which column of a table says what, by its header in Chinese or English, and whether its cells agree.

The subtle thing is that a header is a claim. Where the cells of the column called 日期 are figures and those of the
column called 成交价 are days, the two were swapped, and the mapping says so aloud; the same where exchanging the amount
with another column makes the arithmetic right that was wrong before. Where nothing makes sense of a table, it is
refused; no column is ever guessed from its cells alone.

Source: the columns of public feeds of Chinese carbon markets (日期, 成交价, 成交量, 成交额, 地点 and their relatives);
contract section 4.

>>> table = header_of(["交易日期", "成交均价（元/吨）", "成交量(吨)", "地点"])
>>> sorted(table.places.items())
[('price', 1), ('quantity', 2), ('traded_on', 0), ('venue', 3)]
>>> table.units["price"]
'元/吨'
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from integrations.exchange.numerals import amount_of, day_of, is_gap
from integrations.exchange.reading import FileRefused, Findings
from integrations.exchange.words import squeezed

CERTAIN: Final = Fraction(4, 5)
"""The share of a column's cells that must be of a kind before the column is said to be of it."""
TOLERANCE: Final = Fraction(1, 200)
CELLS_MIN: Final = 3

_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "trade_no": "成交编号 交易编号 编号 合同编号 成交号 项目编号 tradeno tradeid dealno id",
        "traded_on": "日期 交易日期 成交日期 成交日 交易日 成交时间 交易时间 riqi date tradedate tradedon day",
        "venue": "地点 交易场所 交易所 交易机构 交易中心 市场 交易平台 venue market exchange place",
        "division": "行政区划 行政区划代码 区划代码 地区代码 所在地 地区 省份 division region",
        "product": "品种 交易品种 标的 标的物 产品 交易市场指数 市场交易指数 instrument product symbol",
        "pollutant": "污染物 污染物名称 污染物种类 污染因子 指标 指标名称 排污权指标 pollutant",
        "vintage": "配额年份 配额年度 年份 年度 vintage",
        "kind": "交易方式 成交方式 交易类型 成交类型 方式 kind tradetype type",
        "quantity": "成交量 数量 成交数量 交易量 交易数量 出让数量 cjl quantity volume qty",
        "unit": "单位 计量单位 数量单位 unit",
        "price": "成交价 成交均价 均价 单价 成交单价 价格 成交价格 交易价格 竞得价 cjj price avgprice unitprice",
        "price_unit": "价格单位 单价单位 计价单位 priceunit perunit",
        "per_period": "计价期间 perperiod",
        "start_price": "起始价 起拍价 底价 起始单价 竞价起始价 挂牌价 startprice",
        "amount": "成交额 成交金额 金额 总价 交易金额 成交总价 成交总额 amount turnover value",
        "term_years": "年限 期限 使用年限 使用期限 有效期 termyears term years",
        "tax": "含税 是否含税 tax",
        "seller": "卖方 出让方 转让方 卖方代码 卖方统一社会信用代码 seller",
        "buyer": "买方 受让方 竞得人 买方代码 买方统一社会信用代码 受让方统一社会信用代码 buyer",
        "revises": "更正编号 更正 原编号 revises",
    }
)
"""The headers of each field, in half width, lower case and without spaces, underscores or hyphens."""
_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {header: name for name, headers in _NAMES.items() for header in headers.split()}
)
_BRACKETED: Final = re.compile(r"[(\[](.{1,30}?)[)\]]")
_EXCHANGEABLE: Final = (("amount", "quantity"), ("amount", "price"))

Cells = Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """Where each field stands in a row, and in which unit by the header; `width` is how many columns the header has."""

    places: Mapping[str, int]
    units: Mapping[str, str] = field(default_factory=dict)
    width: int = 0

    def cell(self, cells: Cells, name: str) -> str | None:
        """Return what a row says of a field; none where the table has no such column, or the cell says nothing."""
        place = self.places.get(name)
        if place is None or place >= len(cells) or is_gap(cells[place]):
            return None
        return cells[place].strip()


def name_zh(name: str) -> str:
    """Return what a field is called in Chinese."""
    return _NAMES[name].partition(" ")[0]


def fields_of(cells: Cells) -> Table:
    """Return the table whose header this row would be.

    Raises:
        FileRefused: two columns say the same, in a row that names a day or a pollutant.
    """
    places: dict[str, int] = {}
    units: dict[str, str] = {}
    twice: list[str] = []
    for place, cell in enumerate(cells):
        name, unit = _named(cell)
        if name is None:
            continue
        if name in places:
            twice += [cells[places[name]], cell]
            continue
        places[name] = place
        if unit:
            units[name] = unit
    if twice and places.keys() & {"traded_on", "pollutant"}:
        named = " / ".join(cell.strip()[:40] for cell in twice)
        raise FileRefused(
            "column_ambiguous", f"有两列含义相同：{named}。", f"two columns claim to be the same: {named}"
        )
    width = max((place for place, cell in enumerate(cells, start=1) if cell.strip()), default=0)
    return Table(MappingProxyType(places), MappingProxyType(units), width)


def header_of(cells: Cells) -> Table | None:
    """Return the table whose header this row is, none where it is none: a day, and at least one figure, must be there.

    Raises:
        FileRefused: two columns say the same.
    """
    table = fields_of(cells)
    if "traded_on" not in table.places or not table.places.keys() & {"price", "amount", "quantity", "start_price"}:
        return None
    return table


def merged_header_of(upper: Cells, lower: Cells) -> Table | None:
    """Return the table of a header of two rows, whose upper cells were merged over several lower ones."""
    size = max(len(upper), len(lower))
    joined = []
    for place in range(size):
        above = upper[place] if place < len(upper) else ""
        below = lower[place] if place < len(lower) else ""
        joined.append(below if below.strip() else above)
    return header_of(joined)


def settled(table: Table, rows: Iterable[Cells], findings: Findings) -> Table:
    """Return the table as its first rows show it to be, with a remark where columns were swapped.

    Raises:
        FileRefused: the column of days holds none, and no other column does.
    """
    sample = [cells for cells in rows if len(cells) > 1]
    table = _days_in_place(table, sample, findings)
    return _amount_in_place(table, sample, findings)


def _named(cell: str) -> tuple[str | None, str]:
    """Return the field that a header names, and the unit in its brackets."""
    word = squeezed(cell).lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")
    unit = _BRACKETED.search(word)
    bare = re.sub(r"[\s_\-:]", "", _BRACKETED.sub("", word))
    return _FIELDS.get(bare), unit[1] if unit else ""


def _days_in_place(table: Table, sample: Sequence[Cells], findings: Findings) -> Table:
    days = _share(table, sample, "traded_on", _is_day)
    if days is None or days >= 1 - CERTAIN:
        return table
    others = [
        name
        for name in ("price", "quantity", "amount", "trade_no", "venue", "product")
        if (_share(table, sample, name, _is_day) or 0) >= CERTAIN
    ]
    if len(others) != 1:
        raise FileRefused(
            "date_column_contradicted",
            "日期列的内容不是日期，也没有唯一的另一列是日期。",
            "the cells of the date column are no days, and those of no one other column are",
        )
    return _swapped(table, "traded_on", others[0], findings)


def _amount_in_place(table: Table, sample: Sequence[Cells], findings: Findings) -> Table:
    """Return the table with the amount in its place, where the arithmetic of the sample says which place that is."""
    if not {"price", "quantity", "amount"} <= table.places.keys() or _agreement(table, sample) != Fraction(0):
        return table
    better = []
    for one, other in _EXCHANGEABLE:
        exchanged = _exchange(table, one, other)
        agreement = _agreement(exchanged, sample)
        if agreement is not None and agreement >= CERTAIN:
            better.append((one, other))
    return _swapped(table, *better[0], findings) if len(better) == 1 else table


def _agreement(table: Table, sample: Sequence[Cells]) -> Fraction | None:
    """Return the share of rows whose amount is price by quantity, by term where there is one; none for too few rows.

    Scales such as 万元 are left out of it, so that any power of ten counts as agreement.
    """
    known = agreeing = 0
    for cells in sample:
        figures = [amount_of(text) for name in ("price", "quantity", "amount") if (text := table.cell(cells, name))]
        if len(figures) < CELLS_MIN or any(figure is None or figure <= 0 for figure in figures):
            continue
        price, quantity, amount = (Fraction(figure) for figure in figures if figure is not None)
        term = amount_of(table.cell(cells, "term_years") or "") or Decimal(1)
        known += 1
        agreeing += any(_alike(price * quantity * Fraction(years), amount) for years in {Decimal(1), term} if years > 0)
    return Fraction(agreeing, known) if known >= CELLS_MIN else None


def _alike(product: Fraction, amount: Fraction) -> bool:
    return any(abs(product / 10**power - amount) <= TOLERANCE * amount for power in (0, 4, 8))


def _share(table: Table, sample: Sequence[Cells], name: str, test: Callable[[str], bool]) -> Fraction | None:
    """Return the share of a column's cells that pass a test, none where there are too few."""
    found = [test(text) for cells in sample if (text := table.cell(cells, name)) is not None]
    return Fraction(sum(found), len(found)) if len(found) >= CELLS_MIN else None


def _is_day(text: str) -> bool:
    return day_of(text) is not None


def _exchange(table: Table, one: str, other: str) -> Table:
    places = {**table.places, one: table.places[other], other: table.places[one]}
    return replace(table, places=MappingProxyType(places))


def _swapped(table: Table, one: str, other: str, findings: Findings) -> Table:
    findings.remark(
        "columns_swapped",
        f"{name_zh(one)}与{name_zh(other)}两列的内容与表头相反，已按内容对调读取。",
        f"the cells of {one} and {other} contradict their headers and were read the other way round",
    )
    return _exchange(table, one, other)
