"""Rows of tables: the cells of one row, by field, made into the shape of a trade.

The subtle thing is where a unit may come from: the cell itself (`1.5万元`, `4000元/吨·年`), the header's brackets, a
column of its own, or what the sender says of the whole file, in this order; and never from what would fit. Only what
an instrument leaves no choice in is filled in: allowances and credits count in tonnes of CO2 equivalent and are bought
once.

Source: contract section 4 (trade).
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final, TypeVar

from domain.market.imports import Remark
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.price import Period
from domain.values.quantity import Unit
from integrations.exchange.columns import Table, name_zh
from integrations.exchange.numerals import (
    FIGURE,
    MONEY_PLACES,
    SCALES,
    day_of,
    fold,
    ratio,
    scaled,
    wired,
    years_of,
)
from integrations.exchange.reading import Findings
from integrations.exchange.words import (
    PriceUnit,
    division_of,
    instrument_of,
    kind_in_product,
    kind_of,
    pollutant_of,
    price_unit_of,
    squeezed,
    unit_of,
)

T = TypeVar("T")

TEXT_LENGTH_MAX: Final = 120
VINTAGES: Final = range(2000, 2101)
_WITH_UNIT: Final = re.compile(rf"([+-]?)({FIGURE})\s?(万|亿|)\s?([^\d.,\s].*)?", re.ASCII)
_USCC_SHAPED: Final = re.compile(r"[0-9A-Za-z]{18}", re.ASCII)
_TAXES: Final = {
    **dict.fromkeys(("含税", "是", "included", "yes", "true"), "included"),
    **dict.fromkeys(("不含税", "否", "excluded", "no", "false"), "excluded"),
}

Named = Mapping[str, str]
Defaults = Mapping[str, str]


class CellRefused(Exception):
    """Say which cell of a row cannot be read."""

    def __init__(self, field: str, text: str) -> None:
        """Name the column and what stands in the cell."""
        super().__init__(field)
        shown = text[:60]
        self.why = Remark(
            "cell_unreadable",
            f"“{name_zh(field)}”一栏的内容“{shown}”无法读取。",
            f"what stands in the column {field} cannot be read: {shown}",
        )


def trade_row(named: Named, table: Table, defaults: Defaults, findings: Findings) -> dict[str, object]:
    """Return the row of a trade that the cells tell; a field that nobody states is left out.

    Raises:
        CellRefused: a cell says something that cannot be read.
    """
    row: dict[str, object] = {}
    instrument, vintage, pollutant = _subject(named, table, defaults)
    for name in ("trade_no", "revises"):
        if name in named:
            row[name] = _text(named[name], name)
    if "traded_on" in named:
        day = day_of(named["traded_on"], since_1904=findings.since_1904)
        if day is None:
            raise CellRefused("traded_on", named["traded_on"])
        row["traded_on"] = day.isoformat()
    _where(row, named, table, defaults)
    if instrument is not None:
        row["instrument"] = instrument.value
    if pollutant is not None:
        row["pollutant"] = pollutant.value
    vintage = _vintage(named) or vintage
    if vintage is not None:
        row["vintage"] = vintage
    kind = kind_in_product(named.get("product", "")) or _said("kind", named, table, defaults, kind_of)
    if kind is not None:
        row["kind"] = kind.value
    is_carbon = instrument is not None and instrument.is_carbon
    quantity = _quantity(row, named, table, defaults, is_carbon=is_carbon)
    amount = _amount(row, named, table)
    _price(row, named, table, defaults, is_carbon=is_carbon)
    if is_carbon and "price" not in row and quantity and amount and quantity > 0 and amount > 0:
        row["price"] = _carbon_price(ratio(amount, quantity))
    _parties(row, named, findings)
    return row


def _subject(named: Named, table: Table, defaults: Defaults) -> tuple[Instrument | None, int | None, Pollutant | None]:
    """Return instrument, vintage and pollutant; a column of products may name any of the three."""
    pollutant = _said("pollutant", named, table, defaults, pollutant_of)
    product = named.get("product")
    found = None if product is None else instrument_of(product)
    if product is not None and found is None:
        pollutant = pollutant or pollutant_of(product)
        if pollutant is None:
            raise CellRefused("product", product)
    instrument, vintage = found or (None, None)
    if instrument is None and "instrument" in defaults:
        instrument = Instrument(defaults["instrument"])
    if instrument is not None and instrument.is_carbon:
        pollutant = pollutant or Pollutant.CO2E
    return instrument, vintage, pollutant


def _where(row: dict[str, object], named: Named, table: Table, defaults: Defaults) -> None:
    """Fill in venue and division; a venue that bears the name of a province stands for its division too."""
    venue = named.get("venue", defaults.get("venue") if "venue" not in table.places else None)
    if venue is not None:
        row["venue"] = _text(venue, "venue")
    division = _said("division", named, table, defaults, division_of)
    if division is None and "division" not in table.places and venue is not None:
        division = division_of(venue)
    if division is not None:
        row["division"] = division


def _said(name: str, named: Named, table: Table, defaults: Defaults, read: Callable[[str], T | None]) -> T | None:
    """Return what a cell says of a field, or what the sender says where the file has no such column."""
    text = named.get(name)
    if text is None and name not in table.places:
        text = defaults.get(name)
    if text is None:
        return None
    value = read(text)
    if value is None:
        raise CellRefused(name, text)
    return value


def _vintage(named: Named) -> int | None:
    text = named.get("vintage")
    if text is None:
        return None
    digits = fold(text).strip().removesuffix("年").removesuffix("年度")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 4 or int(digits) not in VINTAGES:  # noqa: PLR2004 - a year
        raise CellRefused("vintage", text)
    return int(digits)


def _figure(text: str, field: str, header_unit: str) -> tuple[Decimal, str]:
    """Return the figure of a cell in ones, and the unit behind it; the header's 万 counts where the cell has no own."""
    found = _WITH_UNIT.fullmatch(fold(text).strip())
    if found is None:
        raise CellRefused(field, text)
    scale = found[3] or next((each for each in SCALES if each and header_unit.startswith(each)), "")
    value = scaled(found[2], scale)
    if value is None:
        raise CellRefused(field, text)
    return (value.copy_negate() if found[1] == "-" else value), found[4] or ""


def _quantity(
    row: dict[str, object], named: Named, table: Table, defaults: Defaults, *, is_carbon: bool
) -> Decimal | None:
    """Fill in the quantity where its unit is stated, and return the bare figure."""
    text = named.get("quantity")
    if text is None:
        return None
    header_unit = table.units.get("quantity", "")
    value, own_unit = _figure(text, "quantity", header_unit)
    words = own_unit or named.get("unit") or header_unit.lstrip("万亿") or defaults.get("unit", "")
    unit = unit_of(words) if words else None
    if words and unit is None:
        raise CellRefused("quantity", f"{text} {words}")
    if is_carbon and (unit is None or unit is Unit.T):
        unit = Unit.TCO2E
    if unit is not None:
        row["quantity"] = {"amount": wired(value), "unit": unit.value}
    return value


def _amount(row: dict[str, object], named: Named, table: Table) -> Decimal | None:
    text = named.get("amount")
    if text is None:
        return None
    value, unit = _figure(text, "amount", table.units.get("amount", ""))
    if unit not in {"", "元", "yuan", "cny", "rmb", "人民币"}:
        raise CellRefused("amount", text)
    row["amount"] = {"amount": wired(value, MONEY_PLACES), "currency": "CNY"}
    return value


def _price(row: dict[str, object], named: Named, table: Table, defaults: Defaults, *, is_carbon: bool) -> None:
    """Fill in the price with whatever of its basis is stated; the term that its unit states is the deal's."""
    term = named.get("term_years", defaults.get("term_years") if "term_years" not in table.places else None)
    years = None if term is None else years_of(term)
    if term is not None and years is None:
        raise CellRefused("term_years", term)
    text = named.get("price")
    if text is not None:
        unit = _price_unit(text, named, table)
        header_unit = squeezed(table.units.get("price", ""))
        value, _ = _figure(text, "price", unit.scale or header_unit)
        if unit.term is not None and years is None:
            years = Decimal(unit.term)
        row["price"] = _carbon_price(value) if is_carbon else _discharge_price(value, unit, named, defaults)
        if "tax" in named and isinstance(row["price"], dict):
            row["price"]["tax"] = _TAXES.get(squeezed(named["tax"]), "unknown")
    if years is not None and not is_carbon:
        row["term_years"] = wired(years)


def _price_unit(text: str, named: Named, table: Table) -> PriceUnit:
    """Return what a price is per: by its own cell, by a column, or by the header; nothing where none of them says."""
    found = _WITH_UNIT.fullmatch(fold(text).strip())
    own = found[4] if found is not None else None
    if own and "/" in own:
        words = (found[3] if found is not None else "") + own
    else:
        words = named.get("price_unit") or table.units.get("price", "")
    if not words or squeezed(words) in {"元", "万元", "含税", "不含税"}:
        return PriceUnit("", "", None, None)
    unit = price_unit_of(words) or price_unit_of(f"元/{words}")
    if unit is None:
        raise CellRefused("price", f"{text} {words}")
    return unit


def _discharge_price(value: Decimal, unit: PriceUnit, named: Named, defaults: Defaults) -> dict[str, object]:
    price: dict[str, object] = {"amount": wired(value), "currency": "CNY"}
    if unit.unit:
        price["per_unit"] = unit.unit
    period = unit.period or named.get("per_period") or defaults.get("per_period")
    if period is not None:
        if squeezed(period) not in set(Period):
            raise CellRefused("per_period", period)
        price["per_period"] = squeezed(period)
    return price


def _carbon_price(value: Decimal) -> dict[str, object]:
    return {"amount": wired(value), "currency": "CNY", "per_unit": "tCO2e", "per_period": "one_off", "tax": "unknown"}


def _parties(row: dict[str, object], named: Named, findings: Findings) -> None:
    """Fill in the parties that are stated by code; a name is not passed on, because it cannot be told apart."""
    for name in ("seller", "buyer"):
        text = named.get(name)
        if text is None:
            continue
        if _USCC_SHAPED.fullmatch(text):
            row[name] = text
        else:
            findings.remark(
                "party_without_code",
                "买方或卖方一栏不是统一社会信用代码，未采用；关联方交易因此无法识别。",
                "a seller or buyer is not given by its USCC and was left out, so related parties cannot be seen",
            )


def _text(text: str, field: str) -> str:
    if len(text) > TEXT_LENGTH_MAX:
        raise CellRefused(field, text)
    return text
