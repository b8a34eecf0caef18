"""Round trips: a right that goes from one group to another and soon comes back was not sold, it was priced.

Two deals in opposite directions between the same two groups, of the same pollutant and instrument, at most ten business
days apart, are the two legs of one trip when the smaller is at least half of the larger. The subtle thing is the size:
a rule that wants equal quantities is met by selling 100 t and taking back 98 t, so "the same within 1 %" only changes
the words. Below a half, a plant that sells its surplus and buys a little for another line is ordinary business.
Neither leg is evidence: the price was agreed twice by the same two hands.

Source: issue 3 (A to B to A within 10 business days); facts on wash trades (same quantity within 1 %). Business days
are Monday to Friday here, because holidays would only lengthen the window, and are not known for every year.

>>> friday, monday = date(2026, 11, 20), date(2026, 11, 23)
>>> business_days_between(friday, monday), business_days_between(monday, friday)
(1, 1)
"""

from datetime import date
from fractions import Fraction
from typing import Final

from domain.market.groups import Groups
from domain.market.priced_deals import NO_SALES
from domain.market.quarantine import Quarantine, QuarantineCode
from domain.market.trades import Trade, volume

BUSINESS_DAYS_MAX: Final = 10
CALENDAR_DAYS_MAX: Final = 16
"""No ten days from Monday to Friday stretch over more: two weeks, and a weekend at either end."""

SIZE_MIN: Final = Fraction(1, 2)
"""How large the smaller leg is at least, as a share of the larger."""

SAME_SIZE: Final = Fraction(99, 100)
"""From here on the words say that the quantity is the same."""

_WEEK: Final = 7
_WORKING: Final = 5


def business_days_between(one: date, other: date) -> int:
    """Return how many days from Monday to Friday lie after the earlier day, up to the later one, which counts."""
    first, last = sorted((one, other))
    weeks, days = divmod((last - first).days, _WEEK)
    rest = sum((first.weekday() + step) % _WEEK < _WORKING for step in range(1, days + 1))
    return weeks * _WORKING + rest


def is_round_trip(one: Trade, other: Trade, groups: Groups) -> bool:
    """Tell whether two deals, told in either order, are the legs of one trip; parties that nobody knows make none."""
    if one.seller is None or one.buyer is None or other.seller is None or other.buyer is None:
        return False
    if (one.instrument, one.pollutant) != (other.instrument, other.pollutant):
        return False
    if one.quantity is None or other.quantity is None or {one.kind, other.kind} & NO_SALES.keys():
        return False
    if business_days_between(one.traded_on, other.traded_on) > BUSINESS_DAYS_MAX or _ratio(one, other) < SIZE_MIN:
        return False
    on = max(one.traded_on, other.traded_on)
    return groups.together(one.seller, other.buyer, on) and groups.together(one.buyer, other.seller, on)


def returned(leg: Trade, back: Trade) -> Quarantine:
    """Return why `leg` is not believed, beside the other leg of its trip; it is told to the sender of both."""
    days = business_days_between(leg.traded_on, back.traded_on)
    same = _ratio(leg, back) >= SAME_SIZE
    sizes_zh = "数量相同" if same else "数量相当"
    sizes_en = "the same quantity" if same else "a like quantity"
    return Quarantine(
        QuarantineCode.RELATED_PARTIES,
        f"与成交{back.trade_no}（{back.traded_on.isoformat()}）互为往返：同两方反向成交，{sizes_zh}，相隔{days}个工作日",
        f"it and trade {back.trade_no} of {back.traded_on.isoformat()} go there and back: the same two groups, "
        f"{sizes_en}, {days} business days apart",
    )


def _ratio(one: Trade, other: Trade) -> Fraction:
    sizes = sorted(Fraction(0) if leg.quantity is None else volume(leg.quantity) for leg in (one, other))
    return sizes[0] / sizes[1] if sizes[1] else Fraction(0)
