"""Price bands: what an authority lets a right be sold for, from the rule packs.

The subtle thing is what is compared with what. A base price is yuan per tonne for the right as it is sold, once; so it
judges only a price that is quoted per tonne once or for the whole term, never one per year. A rule that is unknown or
has expired does not judge, and the base price is a floor for the deal, never for what a lender may believe.

Source: rules `price.base.<pollutant>` (no deal below it) and `price.ceiling_factor` (between enterprises, at most so
many times the base) of Shanxi and Hebei.
"""

from fractions import Fraction
from typing import Final

from domain.jurisdictions.rulebook import Rulebook, ratio
from domain.jurisdictions.rules import Rule
from domain.market.priced_deals import NO_SALES
from domain.market.quarantine import Quarantine, QuarantineCode
from domain.market.trades import Trade, TradeKind
from domain.values.decimals import round_half_even, wire
from domain.values.price import Period
from domain.values.quantity import UnitKind

BETWEEN_ENTERPRISES: Final = frozenset(
    {TradeKind.ENTERPRISE_TRADE, TradeKind.LISTED, TradeKind.BLOCK, TradeKind.AGREEMENT}
)
"""Kinds of deal that a ceiling binds; a bidder may pay an authority more."""


def outside_price_band(trade: Trade, rulebook: Rulebook) -> Quarantine | None:
    """Return why a deal's price is not one that its division allowed on that day; none when it is, or nobody knows."""
    price = trade.price
    if price is None or trade.kind in NO_SALES or price.per_period is Period.YEAR:
        return None
    base = _known(rulebook, f"price.base.{trade.pollutant.value.lower()}", trade)
    if base is None or price.per_unit.kind not in {UnitKind.MASS, UnitKind.MASS_PER_YEAR}:
        return None
    each = Fraction(price.amount) / price.per_unit.size
    floor = Fraction(ratio(base))
    if each < floor:
        return _outside(
            f"单价{_yuan(each)}元/吨低于基准价{_yuan(floor)}元/吨（{base.document}）",
            f"the price of {_yuan(each)} yuan per tonne is below the base price of {_yuan(floor)} ({base.document})",
        )
    factor = _known(rulebook, "price.ceiling_factor", trade)
    if factor is None or trade.kind not in BETWEEN_ENTERPRISES:
        return None
    ceiling = floor * Fraction(ratio(factor))
    if each > ceiling:
        return _outside(
            f"单价{_yuan(each)}元/吨高于上限{_yuan(ceiling)}元/吨，即基准价{_yuan(floor)}×{ratio(factor)}（{factor.document}）",
            f"the price of {_yuan(each)} yuan per tonne is above the ceiling of {_yuan(ceiling)}, "
            f"{ratio(factor)} times the base price of {_yuan(floor)} ({factor.document})",
        )
    return None


def administered_charge(trade: Trade, rulebook: Rulebook) -> Rule | None:
    """Return the rule whose yearly use fee is to the fen the price of a deal; none where there is no such."""
    price = trade.price
    if price is None or price.per_period is not Period.YEAR or trade.instrument.is_carbon:
        return None
    charge = _known(rulebook, f"price.use_fee.{trade.pollutant.value.lower()}", trade)
    if charge is None or Fraction(price.amount) / price.per_unit.size != Fraction(ratio(charge)):
        return None
    return charge


def _known(rulebook: Rulebook, name: str, trade: Trade) -> Rule | None:
    rule = rulebook.find(name, trade.division, trade.traded_on)
    return rule if rule is not None and rule.is_known else None


def _outside(zh: str, en: str) -> Quarantine:
    return Quarantine(QuarantineCode.OUTSIDE_PRICE_BAND, zh, en)


def _yuan(amount: Fraction) -> str:
    return wire(round_half_even(amount, 2), 2)
