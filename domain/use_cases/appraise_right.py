"""Value a right, or a described subject, from the trades that were known at the time; it registers nothing."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from domain.errors import InvalidDate
from domain.jurisdictions.rulebook import Rulebook
from domain.ports.unit_of_work import UnitOfWork
from domain.ports.valuations import StoredValuation
from domain.rights.authorizations import NotFound
from domain.rights.rights import Right, RightStatus, SuccessorUnconfirmed
from domain.valuation.appraisal import LAST_DAY, Appraisal, appraise
from domain.valuation.market import LOOK_BACK_DAYS, Market, SetAsideDeal, needs_peers
from domain.valuation.repayment import Repayment
from domain.valuation.subject import Subject
from domain.values.actors import Actor
from domain.values.identifiers import province_of
from domain.values.quantity import Quantity
from domain.values.time import SHANGHAI, business_date

WINDOW = timedelta(days=LOOK_BACK_DAYS)
"""How far back trades are read; the method itself decides which of them count."""
LIQUIDATION_DAYS = 20
FIRST_DAY = date(1900, 1, 1)
"""Before any deal, and far enough from the beginning of the calendar to look back from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedValue:
    """What to value: a right (with a quantity, or whole) or a described subject; `as_of` is today unless said."""

    right_id: str | None
    quantity: Quantity | None
    subject: Subject | None
    as_of: date | None
    liquidation_days: int
    repayment: Repayment | None


def subject_of(right: Right, quantity: Quantity | None = None) -> Subject:
    """Return what is valued of a right: the quantity in the right's unit, or the whole right."""
    return Subject(
        instrument=right.instrument,
        pollutant=right.pollutant,
        division=right.division,
        quantity=right.quantity if quantity is None else quantity.to(right.quantity.unit),
        valid_from=right.valid_from,
        valid_to=right.valid_to,
        tenure=right.tenure,
        vintage=right.vintage,
    )


async def appraise_subject(
    uow: UnitOfWork,
    rulebook: Rulebook,
    subject: Subject,
    *,
    as_of: date | None,
    now: datetime,
    liquidation_days: int = LIQUIDATION_DAYS,
    repayment: Repayment | None = None,
    shared_only: bool = False,
) -> Appraisal:
    """Return the value of a subject on a day, today by default, from what was known at the end of that day.

    `shared_only` leaves out deals that only the caller may see, where others shall read the answer.
    """
    day = as_of or business_date(now)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidDate(
            what="as_of", value=day.isoformat(), reason_zh="估值日过于遥远。", reason_en="the day is too far away"
        )
    known_at = min(now, datetime.combine(day + timedelta(days=1), time(), SHANGHAI) - timedelta(microseconds=1))
    market = await market_for(uow, subject, day, known_at, shared_only=shared_only)
    return appraise(subject, market, rulebook, day, known_at, liquidation_days=liquidation_days, repayment=repayment)


async def market_for(uow: UnitOfWork, subject: Subject, day: date, known_at: datetime, *, shared_only: bool) -> Market:
    """Return what was believed then; other provinces are read only where they would be asked.

    What others read too shows neither what the caller alone had sent nor how much of it there was.
    """
    scope = subject.instrument, subject.pollutant, province_of(subject.division), day - WINDOW, known_at
    deals = await uow.trades.priced(*scope, shared_only=shared_only)
    market = Market(deals=deals)
    if needs_peers(subject, market, day, known_at):
        everywhere = subject.instrument, subject.pollutant, None, day - WINDOW, known_at
        market = replace(market, peers=await uow.trades.priced(*everywhere, shared_only=shared_only))
    if shared_only:
        return market
    aside = await uow.trades.set_aside(*scope)
    return replace(
        market,
        set_aside=[
            SetAsideDeal(trade_no=row.trade_no, source=row.source, traded_on=row.traded_on, code=row.code)
            for row in aside
        ],
        own_deals=await uow.trades.own_deals(subject.instrument, known_at),
    )


async def appraise_right(
    uow: UnitOfWork, actor: Actor, rulebook: Rulebook, wanted: WantedValue, now: datetime
) -> StoredValuation:
    """Value a right that the caller may see, or the described subject, and keep the answer.

    Raises:
        NotFound: no such right for this caller.
        InvalidDate: `as_of` is too far away.
        SuccessorUnconfirmed: the right awaits its confirmation for a new plan period.
        NoPriceEvidence, RightExpired, RuleUnknown: there is no value, and why.
    """
    subject = wanted.subject
    if wanted.right_id is not None:
        right = await uow.rights.find(wanted.right_id)
        if right is None:
            raise NotFound("right")
        if right.status is RightStatus.PENDING_RECONFIRMATION:
            raise SuccessorUnconfirmed(right.id, right.valid_to)
        subject = subject_of(right, wanted.quantity)
    assert subject is not None, "the edge demands a right or a subject"
    appraisal = await appraise_subject(
        uow,
        rulebook,
        subject,
        as_of=wanted.as_of,
        now=now,
        liquidation_days=wanted.liquidation_days,
        repayment=wanted.repayment,
    )
    valuation_id = await uow.valuations.add(appraisal, wanted.right_id, actor.tenant, actor.parties, now)
    stored = await uow.valuations.find(valuation_id)
    assert stored is not None, "a writer reads its own writes"
    return stored
