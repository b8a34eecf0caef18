"""Screening: which deals may be believed, and why a deal may not.

A quarantined deal is kept with its reason and is never evidence. Nothing is repaired: where the stated amount shows
that the price must be that of the whole term, the reason says so, and the row waits for its source to correct it. This
module judges a row by itself and the rules of its division; `judging` holds it against what else was told.

One reason is given, the first in this order: future_dated, row_malformed, unit_unknown, price_basis_missing,
amount_mismatch, not_a_sale, outside_price_band, related_parties; then, against other rows, duplicate_conflict.

Source: contract section 4 (codes); amounts are checked to 0.5 %, because notices round to hundreds of yuan while their
errors are factors. Ningxia Yongning, 2023-08: 0.066 t/a at "75757 yuan per tonne and year" for five years, amount 5000.
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from domain.jurisdictions.rulebook import Rulebook
from domain.market.price_bands import BETWEEN_ENTERPRISES, administered_charge, outside_price_band
from domain.market.priced_deals import NO_SALES
from domain.market.quarantine import Quarantine, QuarantineCode
from domain.market.source_arithmetic import TOLERANCE, agree, amount_mismatch
from domain.market.trades import TARIFFS, Trade, TradeKind, basis
from domain.values.decimals import round_half_even, wire
from domain.values.identifiers import Uscc
from domain.values.price import Period, Price
from domain.values.quantity import Quantity, UnitKind

__all__ = ["TOLERANCE", "Quarantine", "QuarantineCode", "screen"]

GOVERNMENT_ORGAN: Final = "11"
"""The first two characters of a USCC: registered by the office of staffing (1) as an organ (1), GB 32100-2015."""


def screen(trade: Trade, on: date, rulebook: Rulebook | None = None) -> Quarantine | None:
    """Return why a deal may not be believed on a day in Shanghai; none when it may.

    Without a rulebook, charges and price bands are not judged.
    """
    if trade.traded_on > on:
        return Quarantine(
            QuarantineCode.FUTURE_DATED,
            f"成交日期{trade.traded_on.isoformat()}晚于{on.isoformat()}",
            f"traded on {trade.traded_on.isoformat()}, which is after {on.isoformat()}",
        )
    for check in (_signs, _units, _price_basis, _amount, _sale):
        quarantine = check(trade)
        if quarantine is not None:
            return quarantine
    ruled = None if rulebook is None else _charge(trade, rulebook) or outside_price_band(trade, rulebook)
    return ruled or _parties(trade)


def _signs(trade: Trade) -> Quarantine | None:
    stated = {
        "quantity": None if trade.quantity is None else trade.quantity.amount,
        "term_years": trade.term_years,
        "amount": None if trade.amount is None else trade.amount.amount,
    }
    for name, value in stated.items():
        if value is not None and value <= 0:
            return Quarantine(
                QuarantineCode.ROW_MALFORMED,
                f"{name}须大于零，所报为{value}",
                f"{name} must be above zero and is {value}",
            )
    return None


def _units(trade: Trade) -> Quarantine | None:
    if trade.quantity is None and trade.kind not in TARIFFS:
        return Quarantine(
            QuarantineCode.UNIT_UNKNOWN, "未载明数量或其计量单位", "no quantity in a known unit is stated"
        )
    units = [] if trade.quantity is None else [trade.quantity.unit]
    if trade.price is not None:
        units.append(trade.price.per_unit)
    fitting = all((unit.kind is UnitKind.CO2_EQUIVALENT) == trade.instrument.is_carbon for unit in units)
    if fitting and (trade.price is None or all(trade.price.prices(unit) for unit in units)):
        return None
    named = " / ".join(units)
    return Quarantine(
        QuarantineCode.UNIT_UNKNOWN,
        f"数量与单价的计量单位（{named}）不适用于{trade.instrument.name_zh}或不能相互换算",
        f"the units {named} of quantity and price do not fit a {trade.instrument} or one another",
    )


def _price_basis(trade: Trade) -> Quarantine | None:
    if trade.price is None:
        return _no_price(trade)
    period = trade.price.per_period
    term_known = trade.term_years is not None or trade.kind in TARIFFS
    if basis(trade) is not None and (term_known or period is not Period.YEAR):
        return None
    price = f"{_yuan(trade.price.amount)}元", f"{_yuan(trade.price.amount)} yuan"
    if trade.instrument.is_carbon:
        return Quarantine(
            QuarantineCode.PRICE_BASIS_MISSING,
            f"{trade.instrument.name_zh}一次性买断，单价{price[0]}不能按{period}计",
            f"a {trade.instrument} is bought once; its price of {price[1]} cannot be per {period}",
        )
    return Quarantine(
        QuarantineCode.PRICE_BASIS_MISSING,
        f"单价{price[0]}按{period}计，但未载明年限",
        f"the price of {price[1]} is per {period} and the term in years is not stated",
    )


def _no_price(trade: Trade) -> Quarantine:
    zh, en = "未载明完整的单价（金额、计量单位、计价期间）", "no complete price (amount, unit and period) is stated"
    if trade.amount is not None and trade.quantity is not None:
        each = _yuan(Fraction(trade.amount.amount) / Fraction(trade.quantity.amount))
        unit = trade.quantity.unit
        zh += f"；{trade.amount.wire()}元÷{trade.quantity.wire()} {unit}={each}元/{unit}，是一年还是整个期限的价格不明"
        en += (
            f"; {trade.amount.wire()} yuan / {trade.quantity.wire()} {unit} = {each} yuan per {unit}, "
            "and whether for one year or for the whole term is not said"
        )
    return Quarantine(QuarantineCode.PRICE_BASIS_MISSING, zh, en)


def _amount(trade: Trade) -> Quarantine | None:
    if trade.amount is None or trade.quantity is None or trade.price is None:
        return None
    stated = trade.amount.amount
    once, whole = _without_and_with_term(trade.price, trade.quantity, trade.term_years or Decimal(1))
    yearly = trade.price.per_period is Period.YEAR
    computed, other = (whole, once) if yearly else (once, whole)
    hint = None
    if agree(other, stated) and yearly:
        hint = (
            f"数量乘单价即为{_yuan(other)}元：所报单价是整个期限的价格",
            f"quantity x price alone is {_yuan(other)} yuan: the stated price is that of the whole term",
        )
    elif agree(other, stated):
        hint = (
            f"再乘年限为{_yuan(other)}元：所报单价是一年的价格",
            f"times the term it is {_yuan(other)} yuan: the stated price is that of one year",
        )
    return amount_mismatch(computed, stated, ("按数量、单价、年限", "quantity, price and term"), hint)


def _sale(trade: Trade) -> Quarantine | None:
    """Return why what calls itself a sale is none: a use for months, or a deal with the government's reserve."""
    if trade.kind in NO_SALES:
        return None
    if trade.term_years is not None and trade.term_years < 1 and not trade.instrument.is_carbon:
        return Quarantine(
            QuarantineCode.NOT_A_SALE,
            f"年限{trade.term_years.normalize():f}年不足一年，应为租赁（lease）",
            f"a term of {trade.term_years.normalize():f} years is less than one: this is a lease",
        )
    if trade.kind in BETWEEN_ENTERPRISES and _of_government(trade.buyer):
        return Quarantine(
            QuarantineCode.NOT_A_SALE,
            "受让方为政府机关，应为政府回购（buy_back）",
            "the buyer is a government organ: this is a buy-back",
        )
    if trade.kind is TradeKind.ENTERPRISE_TRADE and _of_government(trade.seller):
        return Quarantine(
            QuarantineCode.NOT_A_SALE,
            "出让方为政府机关，应为政府出让（government_sale、government_auction）",
            "the seller is a government organ: this is a government's sale or auction, not one between enterprises",
        )
    return None


def _of_government(party: Uscc | None) -> bool:
    return party is not None and party.startswith(GOVERNMENT_ORGAN)


def _charge(trade: Trade, rulebook: Rulebook) -> Quarantine | None:
    charge = None if trade.kind in NO_SALES else administered_charge(trade, rulebook)
    if charge is None:
        return None
    return Quarantine(
        QuarantineCode.NOT_A_SALE,
        f"单价恰为当地有偿使用费标准{charge.value}元/吨·年（{charge.document}），应为收费（charge）",
        f"the price is exactly the use fee of {charge.value} yuan per tonne and year ({charge.document}): "
        "this is a charge",
    )


def _parties(trade: Trade) -> Quarantine | None:
    if trade.seller is None or trade.seller != trade.buyer:
        return None
    return Quarantine(
        QuarantineCode.RELATED_PARTIES,
        "出让方与受让方为同一主体",
        "seller and buyer are the same enterprise",
    )


def _without_and_with_term(price: Price, quantity: Quantity, term_years: Decimal) -> tuple[Fraction, Fraction]:
    """Return quantity x price, and the same x term, in yuan, whatever period the price claims."""
    yearly = Price(price.amount, price.per_unit, Period.YEAR)
    return yearly.total(quantity, Decimal(1)), yearly.total(quantity, term_years)


def _yuan(amount: Fraction | Decimal) -> str:
    return wire(round_half_even(amount, 2), 2)
