"""Revaluation: what a price key says today, and what every lot at that price is worth, or why nobody can say.

A price key is what evidence is gathered for: instrument, pollutant, city, vintage and basis. Each key is asked once and
every lot valued from its quote (`portfolio`), to the same fen as an appraisal of that lot alone.

The subtle thing is what has no value. It is *unpriced* with a reason, never zero: too few deals, a right that ends
before it could be sold, a right that the registry no longer calls usable. A right of a plan period that is over is
worth nothing until its registry has told us of it since, whatever end its certificate names.

Source: issue 3 (revaluation; at a plan's roll-over an unconfirmed successor has no value); house words (price, stale).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from domain.jurisdictions.plan_period import plan_period_end
from domain.market.trades import Basis
from domain.rights.rights import USABLE, Right, RightStatus
from domain.valuation.appraisal import roll_over_of
from domain.valuation.canonical import sha256_of
from domain.valuation.evidence import NoPriceEvidence, Tier, gather
from domain.valuation.inputs import RuleValues
from domain.valuation.market import Looked, Market, look_at
from domain.valuation.melting import units_on
from domain.valuation.parameters import METHOD
from domain.valuation.portfolio import Prices, fits, lots_of, value_lots
from domain.valuation.quote import Quote, quote_of
from domain.valuation.sale import without_roll_over
from domain.valuation.subject import Subject
from domain.values.decimals import round_down
from domain.values.identifiers import Division, city_of
from domain.values.instruments import Instrument
from domain.values.money import Money
from domain.values.pollutants import Pollutant
from domain.values.quantity import UnitKind
from domain.values.time import add_years, business_date
from domain.values.weekdays import weekdays_between

STALE_WEEKDAYS: Final = 20
"""A price without a deal for more weekdays is stale; no market is ordinary (level 2) beyond it."""

NO_EVIDENCE: Final = "no_price_evidence"
EXPIRED: Final = "right_expired"
UNCONFIRMED: Final = "successor_unconfirmed"
NO_RULE: Final = "rule_unknown"
NOTHING_LEFT: Final = "right_reduced"
OUT_OF_RANGE: Final = "value_out_of_range"
PLACES: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceKey:
    """What one estimate is made for; `owner` is the bank whose own deals count too, none for what everybody is told."""

    instrument: Instrument
    pollutant: Pollutant
    city: Division
    vintage: int | None
    basis: Basis
    unit_kind: UnitKind
    owner: str | None

    @property
    def name(self) -> str:
        """Return the key in one word, the same on every day."""
        parts = (self.instrument, self.pollutant, self.city, self.vintage or "-", self.basis, self.unit_kind.value)
        return ":".join(["price", *map(str, parts), *([self.owner] if self.owner else [])])


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPrice:
    """What a key says on a day; no quote where nothing speaks, no newest day where nobody ever dealt."""

    quote: Quote | None
    newest_on: date | None
    stale_weekdays: int
    evidence_sha256: str

    @property
    def is_stale(self) -> bool:
        """Tell whether the newest deal is too old to be called a market."""
        return self.newest_on is not None and self.stale_weekdays > STALE_WEEKDAYS


NO_PRICE: Final = KeyPrice(quote=None, newest_on=None, stale_weekdays=0, evidence_sha256="")
"""The price of what has no value whatever its price: nobody is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A pledged quantity to value; `without` is the reason for which it has no value whatever its price says."""

    subject: Subject
    liquidation_days: int
    rules: RuleValues | None
    without: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a lot is worth, or the reason in `unpriced`; then nothing else is said but whether its price is stale."""

    unit_value: Decimal | None
    market_value: Money | None
    collateral_value: Money | None
    loan_to_value_cap: Decimal | None
    confidence_level: int | None
    tier: Tier | None
    stale: bool
    unpriced: str | None
    digest: str


def key_of(subject: Subject, owner: str | None = None) -> PriceKey:
    """Return the key of a subject; a discharge right has no vintage that a price could be of."""
    return PriceKey(
        instrument=subject.instrument,
        pollutant=subject.pollutant,
        city=city_of(subject.division),
        vintage=subject.vintage if subject.instrument.is_carbon else None,
        basis=subject.basis,
        unit_kind=subject.quantity.unit.kind,
        owner=owner,
    )


def price_of(subject: Subject, market: Market, as_of: date, known_at: datetime) -> KeyPrice:
    """Return what the key of a subject says on a day; any subject of the key gives the same."""
    looked = look_at(subject, market, as_of, known_at)
    newest_on = max((each.daily[-1].on for each in (looked.city, looked.province) if each.daily), default=None)
    return KeyPrice(
        quote=_quote(subject, looked, as_of),
        newest_on=newest_on,
        stale_weekdays=0 if newest_on is None else weekdays_between(newest_on, as_of),
        evidence_sha256=sha256_of(looked),
    )


def reason_against(right: Right, subject: Subject, rules: RuleValues | None, sold_on: date, as_of: date) -> str | None:
    """Return why a right has no value on a day, whatever its price; none where it may have one."""
    if right.status is RightStatus.PENDING_RECONFIRMATION:
        return UNCONFIRMED
    if right.status is RightStatus.EXPIRED or (subject.valid_to is not None and not units_on(subject, sold_on)):
        return EXPIRED
    if right.status not in USABLE:
        return f"right_{right.status.value}"
    if rules is None:
        return NO_RULE
    return UNCONFIRMED if _of_a_plan_that_is_over(right, subject, rules, as_of) else None


def revalued(lots: Sequence[tuple[Lot, KeyPrice]], as_of: date) -> list[Figures]:
    """Return what each lot is worth at its price, in the order of the lots."""
    found = [_unpriced(lot, price, as_of) for lot, price in lots]
    by_days: dict[int, list[int]] = {}
    for index, (lot, _) in enumerate(lots):
        if found[index] is None:
            by_days.setdefault(lot.liquidation_days, []).append(index)
    for days, indices in by_days.items():
        values = _valued([lots[index] for index in indices], as_of, days)
        for index, figures in zip(indices, values, strict=True):
            found[index] = figures
    return [figures for figures in found if figures is not None]


def _unpriced(lot: Lot, price: KeyPrice, as_of: date) -> Figures | None:
    reason = lot.without
    if reason is None and price.quote is None:
        reason = NO_EVIDENCE
    elif reason is None and price.quote is not None and not fits(lot.subject, price.quote):
        reason = OUT_OF_RANGE
    return None if reason is None else _without(lot, price, as_of, reason)


def _valued(lots: Sequence[tuple[Lot, KeyPrice]], as_of: date, liquidation_days: int) -> list[Figures]:
    """Return what lots are worth that have a price, and all the same time to be sold in."""
    places: dict[int, int] = {}
    quotes: list[Quote] = []
    for _, price in lots:
        if id(price) not in places and price.quote is not None:
            places[id(price)] = len(quotes)
            quotes.append(price.quote)
    counted = [_counted(lot, as_of) for lot, _ in lots]
    values = value_lots(
        Prices.of(quotes, as_of, as_of + timedelta(days=liquidation_days)),
        lots_of(
            [(lot.subject, lent) for (lot, _), (lent, _) in zip(lots, counted, strict=True)],
            [places[id(price)] for _, price in lots],
            [cap for _, cap in counted],
        ),
    )
    rows = zip(values.market.tolist(), values.collateral.tolist(), values.caps.tolist(), values.beyond, strict=True)
    return [
        _without(lot, price, as_of, OUT_OF_RANGE)
        if beyond
        else _figures(
            lot, price, as_of, Money.from_fen(market), Money.from_fen(collateral), Decimal(cap).scaleb(-PLACES)
        )
        for (lot, price), (market, collateral, cap, beyond) in zip(lots, rows, strict=True)
    ]


def _counted(lot: Lot, as_of: date) -> tuple[Subject, Decimal]:
    """Return what a lender counts of a lot, and the most that he lends of its market value."""
    assert lot.rules is not None, "a lot without rules has no value"
    ends = roll_over_of(lot.subject, lot.rules, as_of)
    return without_roll_over(lot.subject, ends), round_down(lot.rules.cap, PLACES)


def _figures(
    lot: Lot, price: KeyPrice, as_of: date, market_value: Money, collateral_value: Money, cap: Decimal
) -> Figures:
    quote = price.quote
    assert quote is not None, "only a lot with a price is valued"
    return _sealed(
        lot,
        price,
        as_of,
        Figures(
            unit_value=quote.unit_value,
            market_value=market_value,
            collateral_value=collateral_value,
            loan_to_value_cap=cap,
            confidence_level=quote.confidence_level,
            tier=quote.tier,
            stale=price.is_stale,
            unpriced=None,
            digest="",
        ),
    )


def _without(lot: Lot, price: KeyPrice, as_of: date, reason: str) -> Figures:
    return _sealed(
        lot,
        price,
        as_of,
        Figures(
            unit_value=None,
            market_value=None,
            collateral_value=None,
            loan_to_value_cap=None,
            confidence_level=None,
            tier=None,
            stale=price.is_stale,
            unpriced=reason,
            digest="",
        ),
    )


def _sealed(lot: Lot, price: KeyPrice, as_of: date, figures: Figures) -> Figures:
    """Return figures with the digest of what they were made of, and of themselves."""
    made_of = {"method": METHOD, "as_of": as_of, "evidence": price.evidence_sha256, "lot": lot, "figures": figures}
    return replace(figures, digest=sha256_of(made_of))


def _quote(subject: Subject, looked: Looked, as_of: date) -> Quote | None:
    try:
        evidence = gather(subject, looked, as_of)
    except NoPriceEvidence:
        return None
    return quote_of(subject.instrument, evidence, looked.own_deals, as_of)


def _of_a_plan_that_is_over(right: Right, subject: Subject, rules: RuleValues, as_of: date) -> bool:
    """Tell whether a right began in a plan period before today's and its registry has not told of it since."""
    if not subject.melts or rules.plan_end is None or rules.plan_years is None:
        return False
    before = add_years(plan_period_end(as_of, rules.plan_end, rules.plan_years), -rules.plan_years)
    return right.valid_from <= before and business_date(right.as_of) <= before
