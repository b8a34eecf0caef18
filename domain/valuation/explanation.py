"""The explanation: the facts that moved the value most, in words, in Chinese and English.

Each fact is told with the share of the value before it that it took. They are sorted by that share, so that the first
three are what a risk officer should look at first; what took nothing is not said.

Source: issue 3 (an explanation that names the three facts that moved the value most).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final

from domain.valuation.estimate import EXACTING
from domain.valuation.evidence import Evidence, Tier
from domain.valuation.haircut import HaircutParts, Losses
from domain.valuation.inputs import Inputs
from domain.valuation.sale import Sale
from domain.values.decimals import round_half_even, round_up

FACTS_TOLD: Final = 3
PLACES: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One reason, with the share (0 to 1, six decimals) that it took off the value before it."""

    code: str
    effect: Decimal
    zh: str
    en: str


def facts_of(
    inputs: Inputs, evidence: Evidence, parts: HaircutParts, losses: Losses, roll_over: date | None, sale: Sale
) -> tuple[Fact, ...]:
    """Return the three facts that moved the value most, the strongest first."""
    told = [
        *_of_evidence(evidence, parts),
        *_of_sale(inputs, evidence, parts, losses, sale),
        *_of_law(inputs, parts, roll_over),
    ]
    return tuple(sorted((fact for fact in told if fact.effect > 0), key=lambda fact: (-fact.effect, fact.code)))[
        :FACTS_TOLD
    ]


def _of_evidence(evidence: Evidence, parts: HaircutParts) -> Iterator[Fact]:
    count = len(evidence.items)
    newest = max(item.traded_on for item in evidence.items)
    if evidence.tier is not Tier.ADMINISTERED:
        zh = (
            f"成交价离散：下一笔成交与估价平均相差{_percent(parts.error)}，近期成交相互离散{_percent(parts.dispersion)}"
        )
        en = (
            f"deals scatter: the next deal differs from our level by {_percent(parts.error)} on average, "
            f"recent deals from one another by {_percent(parts.dispersion)}"
        )
        yield _fact("uncertain_price", _share_of(parts.uncertainty), zh, en)
    zh = f"快速变现的一般折让，依据{count}笔成交，最近一笔在{newest.isoformat()}"
    en = f"the general loss of a forced sale, on {count} deals, the newest of {newest.isoformat()}"
    yield _fact("forced_sale", _share_of(parts.base), zh, en)
    if parts.confidence + parts.silence > 0:
        zh = f"证据较弱（最近成交距今{parts.stale_weekdays}个交易日）而加计"
        en = f"weak evidence (the newest deal is {parts.stale_weekdays} weekdays old) adds to the haircut"
        yield _fact("weak_evidence", _share_of(parts.confidence + parts.silence), zh, en)
    if evidence.administered is not None:
        on = "" if evidence.administered_on is None else evidence.administered_on.isoformat()
        zh = f"以{on}的政府指导价为限：成交不足以证明更高的价格"
        en = f"held to the administered price of {on}: too few deals speak for a higher one"
        effect = Fraction(1, 2) if evidence.tier is Tier.ADMINISTERED else Fraction(parts.guard)
        yield _fact("administered_price", effect, zh, en)
    elif parts.guard > 0:
        zh = "近期价格高于半年中位价的1.2倍，放贷只按该上限计"
        en = "recent prices are above 1.2 times the median of half a year; a lender counts no more than that"
        yield _fact("guard", Fraction(parts.guard), zh, en)
    if evidence.moved_by:
        with localcontext(EXACTING):
            fell = 1 - (Decimal(evidence.moved_by) / 10**9).exp()
        zh = f"本地久无成交，按{len(evidence.peers)}个其他省份同期走势下调"
        en = f"no deal here for long; moved down as {len(evidence.peers)} other provinces moved since"
        yield _fact("moved_with_other_provinces", Fraction(fell), zh, en)


def _of_sale(inputs: Inputs, evidence: Evidence, parts: HaircutParts, losses: Losses, sale: Sale) -> Iterator[Fact]:
    if evidence.estimates and parts.stale_weekdays:
        fresh = losses.at(-parts.stale_weekdays)
        now = losses.at(0)
        zh = f"最近一笔成交已过{parts.stale_weekdays}个交易日，其间价格可能变动"
        en = f"the newest deal is {parts.stale_weekdays} weekdays old, and prices may have moved since"
        yield _fact("stale", _share_of(now.uncertainty - fresh.uncertainty), zh, en)
    zh = f"数量相对市场成交较大，分批变现约需{sale.weekdays}个交易日"
    en = f"the quantity is large for this market: selling it in slices takes some {sale.weekdays} weekdays"
    yield _fact("large_lot", Fraction(parts.lot), zh, en)
    zh = f"变现需{inputs.liquidation_days}天，其间有效期缩短"
    en = f"the right loses term during the {inputs.liquidation_days} days of the sale"
    yield _fact("melting", Fraction(parts.melting), zh, en)


def _of_law(inputs: Inputs, parts: HaircutParts, roll_over: date | None) -> Iterator[Fact]:
    if roll_over is not None and parts.roll_over > 0:
        last = (roll_over - timedelta(days=1)).isoformat()
        zh = f"有效期越过{last}的五年计划期末，其后须重新核定，放贷不计该部分"
        en = f"the right runs beyond the plan period's end on {last} and must be confirmed anew: not counted after it"
        yield _fact("plan_roll_over", Fraction(parts.roll_over), zh, en)
    kept = 1 - Fraction(parts.total)
    cap = Fraction(inputs.rules.cap)
    if cap < kept:
        zh = f"抵质押率上限{_percent(inputs.rules.cap)}"
        en = f"the loan-to-value cap of {_percent(inputs.rules.cap)}"
        yield _fact("loan_to_value_cap", 1 - cap / kept, zh, en)


def _fact(code: str, effect: Fraction | Decimal, zh: str, en: str) -> Fact:
    share = max(round_up(effect, PLACES), Decimal(0))
    return Fact(
        code=code, effect=share, zh=f"{zh}（影响约{_percent(share)}）", en=f"{en} (takes about {_percent(share)})"
    )


def _share_of(loss: Decimal) -> Decimal:
    """Return the share that a logarithmic loss takes."""
    return 1 - EXACTING.exp(-loss)


def _percent(share: Decimal | Fraction) -> str:
    return f"{round_half_even(Fraction(share) * 100, 1)}%"
