"""Twins: one deal that two sources tell, recognised by its day, market, quantity and place.

The subtle thing is that a match is used up. Two sources that each tell three deals of one tonne tell three deals, not
nine pairs: each row finds one twin at most, first among those of its own price. What finds no free twin of its price
but a free one of another price contradicts it, and the row that came later waits for its sender; the earlier one
stands, whoever told it, because otherwise anybody could talk away somebody else's trade.

Source: contract section 4 (`duplicates`, `duplicate_conflict`); prices agree to 0.5 %, as amounts do.
"""

from fractions import Fraction

from domain.market.priced_deals import NO_SALES
from domain.market.quarantine import Quarantine, QuarantineCode
from domain.market.source_arithmetic import agree
from domain.market.trades import Trade, basis, unit_value, volume
from domain.values.decimals import round_half_even, wire

Market = tuple[object, ...]


def sameness(trade: Trade) -> Market:
    """Return what two tellings of one deal have in common for certain: day, instrument, pollutant and size."""
    size = Fraction(0) if trade.quantity is None else volume(trade.quantity)
    return trade.traded_on, trade.instrument, trade.pollutant, size


def may_be_one_deal(one: Trade, other: Trade) -> bool:
    """Tell whether two rows of different sources may tell one deal; prices are not looked at."""
    if sameness(one) != sameness(other) or one.quantity is None:
        return False
    kinds = one.kind == other.kind or not {one.kind, other.kind} & NO_SALES.keys()
    return (
        kinds
        and (one.venue == other.venue or one.division == other.division)
        and _unlike_nowhere((one.vintage, other.vintage), (one.seller, other.seller), (one.buyer, other.buyer))
    )


def prices_agree(one: Trade, other: Trade) -> bool:
    """Tell whether two rows name one price: the same basis, and at most 0.5 % apart, whichever is told first."""
    if basis(one) != basis(other):
        return False
    left, right = unit_value(one), unit_value(other)
    return agree(left, right) or agree(right, left)


def contradiction(other: Trade) -> Quarantine:
    """Return why a row waits that names another price than an earlier row, which the caller may see."""
    price = wire(round_half_even(unit_value(other), 2), 2)
    zh, en = _BASIS_WORDS[str(basis(other))]
    return Quarantine(
        QuarantineCode.DUPLICATE_CONFLICT,
        f"来源{other.source}的成交{other.trade_no}为同日同量的同一笔交易，其单价为{price}{zh}，与本行不符",
        f"trade {other.trade_no} of source {other.source} tells the same deal, of the same day and quantity, "
        f"at {price} {en}",
    )


_BASIS_WORDS = {
    "per_tonne_year": ("元/吨·年", "yuan per tonne and year"),
    "per_tonne_permanent": ("元/吨（永久）", "yuan per tonne for good"),
    "per_tonne_co2e": ("元/吨二氧化碳当量", "yuan per tCO2e"),
}


def _unlike_nowhere(*pairs: tuple[object, object]) -> bool:
    """Tell whether nothing that both sides know differs."""
    return all(left is None or right is None or left == right for left, right in pairs)
