"""Revalue what is pledged: ask each price once, then bring every linked group of pledges to today's values.

The steps are taken by a job, each in a transaction of its own. A group's pledges are locked together, in the order of
their ids, so that whoever crashes leaves each of them with its old values or its new ones, and a group's level changes
once and not pledge by pledge. What stays as it was is not written, and a run that another one has overtaken writes
nothing any more; so a run may stop anywhere and be begun again.

The subtle thing is who is told. A level says something of the debt, and so it goes to those parties of the pledge who
may see every loan of the group; a price goes to the parties of the pledges that rest on it. A bank's own deals are used
only where it submitted on them and nothing else speaks, as at submission.

Source: issue 3 (revaluation; events `price.stale`, `coverage.*`); contract section 7.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from domain.jurisdictions.rulebook import Rulebook, RuleUnknown
from domain.pledges.coverage import Coverage, Level, coverage_of
from domain.pledges.pledges import Pledge, PledgeItem
from domain.ports.revaluations import Pledged, Run, Snapshot
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.rights import Right
from domain.use_cases.adopt_value import readopted
from domain.use_cases.appraise_right import market_for, subject_of
from domain.use_cases.count_debts import debts_of
from domain.valuation.inputs import RuleValues, rule_values
from domain.valuation.market import Market
from domain.valuation.revaluation import (
    NO_PRICE,
    NOTHING_LEFT,
    Figures,
    KeyPrice,
    Lot,
    PriceKey,
    key_of,
    price_of,
    reason_against,
    revalued,
)
from domain.valuation.subject import Subject
from domain.values.actors import WORKER, Actor, Role
from domain.values.decimals import wire
from domain.values.identifiers import Division, new_id
from domain.values.quantity import Quantity
from domain.values.time import business_date

JOB_SUBJECT = "revaluation"
"""One revaluation at a time, and one more waiting at most."""

TASK = "revalue_pledges"
SETTLING = timedelta(seconds=5)
"""So long a published price waits for others before everything is valued anew."""

PLACES = 6

ItemFigures = Mapping[tuple[str, str], Figures]
"""What each item is worth, by pledge and right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A pledged item with what must be valued of it; `keys` are asked in this order until one has evidence.

    An item that has no value whatever its price has no keys.
    """

    pledged: Pledged
    lot: Lot
    keys: tuple[PriceKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a group: the pledges that were seen, how many changed, how many have an item without a value."""

    seen: tuple[str, ...]
    changed: int
    unpriced: int


async def begin_run(uow: UnitOfWork, now: datetime) -> Run:
    """Begin a run on everything that is known now, and on every price whose publisher relies on this run."""
    await uow.jobs.await_enqueuers(JOB_SUBJECT)
    run = Run(id=new_id("run"), price_day=business_date(now), started_at=now)
    await uow.revaluations.begin(run)
    return run


async def holdings(uow: UnitOfWork, rulebook: Rulebook, run: Run) -> list[Holding]:
    """Return every pledged item under control, with its bank's terms and the rules of its place."""
    pledged = await uow.revaluations.under_control()
    rights = await uow.rights.find_many(sorted({each.right_id for each in pledged}))
    liquidation = {}
    for tenant in sorted({each.pledgee for each in pledged}):
        liquidation[tenant] = (await uow.policies.terms(tenant)).liquidation_days
    rules: dict[Division, RuleValues | None] = {
        division: _rules(rulebook, division, run.price_day)
        for division in {right.division for right in rights.values()}
    }
    return [
        _holding(
            each, rights[each.right_id], rules[rights[each.right_id].division], liquidation[each.pledgee], run.price_day
        )
        for each in pledged
    ]


def asking(key: PriceKey) -> Actor | None:
    """Return as whom a key's market is read: nobody, or the bank whose own deals count."""
    if key.owner is None:
        return None
    return Actor(client_id=WORKER.client_id, tenant=key.owner, role=Role.BANK_OFFICER, uscc=None, division=None)


async def market_of(uow: UnitOfWork, key: PriceKey, subject: Subject, run: Run) -> Market:
    """Return what is known of a key's market; any subject of the key will do."""
    return await market_for(uow, subject, run.price_day, run.started_at, shared_only=key.owner is None)


def price_at(subject: Subject, market: Market, run: Run) -> KeyPrice:
    """Return what a market says in a run."""
    return price_of(subject, market, run.price_day, run.started_at)


def figures_of(held: Sequence[Holding], prices: Mapping[PriceKey, KeyPrice], run: Run) -> ItemFigures:
    """Return what every item is worth at these prices."""
    chosen = [_chosen(each, prices) for each in held]
    values = revalued([(each.lot, price) for each, price in zip(held, chosen, strict=True)], run.price_day)
    return {
        (each.pledged.pledge_id, each.pledged.right_id): figures for each, figures in zip(held, values, strict=True)
    }


async def tell_stale(uow: UnitOfWork, key: PriceKey, price: KeyPrice, parties: tuple[str, ...], now: datetime) -> bool:
    """Tell once that nobody has dealt at a price for long; again only after another deal."""
    if not price.is_stale or price.newest_on is None:
        return False
    if not await uow.revaluations.newly_stale(key.name, price.newest_on, now):
        return False
    data = {
        "instrument": key.instrument.value,
        "pollutant": key.pollutant.value,
        "division": key.city,
        "vintage": key.vintage,
        "basis": key.basis.value,
        "newest_on": price.newest_on.isoformat(),
        "weekdays": price.stale_weekdays,
    }
    await uow.outbox.publish("price.stale", key.name, data, parties, now)
    return True


async def revalue_group(
    uow: UnitOfWork, pledge_id: str, figures: ItemFigures, run: Run, now: datetime
) -> Outcome | None:
    """Bring a pledge and all that hang together with it to a run's values; none where another run has begun since."""
    if not await uow.revaluations.is_latest(run):
        return None
    pledges, loan_ids = await _locked_group(uow, pledge_id)
    before = await uow.revaluations.latest([pledge.id for pledge in pledges])
    rights = await uow.rights.find_many(sorted({item.right_id for pledge in pledges for item in pledge.items}))
    snapshots: list[Snapshot] = []
    brought: list[Pledge] = []
    for pledge in pledges:
        found = await _brought(uow, pledge, figures, rights, run)
        brought.append(await _kept(uow, pledge, found, now))
        snapshots += [
            _snapshot(pledge, item, figures[pledge.id, item.right_id], run, now)
            for was, item in zip(pledge.items, found, strict=True)
            if (pledge.id, item.right_id) in figures
            and _changed(was, item, figures[pledge.id, item.right_id], before.get((pledge.id, item.right_id)))
        ]
    if snapshots:
        await uow.revaluations.add(snapshots)
    await _tell_levels(uow, brought, loan_ids, now)
    return Outcome(
        seen=tuple(pledge.id for pledge in pledges),
        changed=len({each.pledge_id for each in snapshots}),
        unpriced=sum(not all(item.is_valued for item in pledge.items) for pledge in brought),
    )


def _holding(pledged: Pledged, right: Right, rules: RuleValues | None, liquidation_days: int, on: date) -> Holding:
    left = Quantity(pledged.quantity.amount - pledged.lost, pledged.quantity.unit)
    quantity = min(left.to(right.quantity.unit), right.quantity)
    without = NOTHING_LEFT if not quantity.is_positive else None
    subject = subject_of(right, quantity if quantity.is_positive else pledged.quantity)
    sold_on = on + timedelta(days=liquidation_days)
    reason = reason_against(right, subject, rules, sold_on, on) or without
    keys = (key_of(subject), key_of(subject, pledged.pledgee)) if pledged.on_own_deals else (key_of(subject),)
    return Holding(
        pledged=pledged,
        lot=Lot(subject=subject, liquidation_days=liquidation_days, rules=rules, without=reason),
        keys=keys if reason is None else (),
    )


def _rules(rulebook: Rulebook, division: Division, on: date) -> RuleValues | None:
    try:
        return rule_values(rulebook, division, on)
    except RuleUnknown:
        return None


def _chosen(held: Holding, prices: Mapping[PriceKey, KeyPrice]) -> KeyPrice:
    """Return the first of an item's prices that has evidence; where none has, the one that everybody is told."""
    asked = [prices[key] for key in held.keys]
    return next((price for price in asked if price.quote is not None), asked[0] if asked else NO_PRICE)


async def _locked_group(uow: UnitOfWork, pledge_id: str) -> tuple[list[Pledge], Sequence[str]]:
    """Return the pledges under control that hang together with one, locked, and the loans of the group."""
    pledge_ids, loan_ids = await uow.pledges.linked(pledge_id)
    held = [pledge for pledge in await uow.pledges.find_many(pledge_ids) if pledge.under_control]
    locked = [await uow.pledges.lock(pledge.id) for pledge in held]
    return [pledge for pledge in locked if pledge is not None and pledge.under_control], loan_ids


async def _brought(
    uow: UnitOfWork, pledge: Pledge, figures: ItemFigures, rights: Mapping[str, Right], run: Run
) -> tuple[PledgeItem, ...]:
    """Return a pledge's items at a run's values, and with what its bank adopts of them; others as they are."""
    items = []
    for item in pledge.items:
        found = figures.get((pledge.id, item.right_id))
        if found is not None:
            valued = replace(
                item,
                market_value=found.market_value,
                collateral_value=found.collateral_value,
                adopted_value=found.collateral_value,
                loan_to_value_cap=found.loan_to_value_cap,
            )
            item = await readopted(uow, pledge.pledgee, valued, rights[item.right_id], run.price_day)  # noqa: PLW2901 - the same item, brought on
        items.append(item)
    return tuple(items)


async def _kept(uow: UnitOfWork, pledge: Pledge, items: tuple[PledgeItem, ...], now: datetime) -> Pledge:
    """Write a pledge whose values changed, and return it as it is now."""
    if items == pledge.items:
        return pledge
    changed = replace(pledge, items=items, updated_at=now, version=pledge.version + 1)
    await uow.pledges.save(changed)
    return changed


def _changed(was: PledgeItem, item: PledgeItem, figures: Figures, before: Snapshot | None) -> bool:
    """Tell whether an item's values changed, or what is said of them; a first snapshot is of a changed value."""
    if was != item:
        return True
    return before is not None and (
        (before.confidence_level, before.tier, before.stale, before.unpriced)
        != (figures.confidence_level, figures.tier, figures.stale, figures.unpriced)
    )


def _snapshot(pledge: Pledge, item: PledgeItem, figures: Figures, run: Run, now: datetime) -> Snapshot:
    return Snapshot(
        id=new_id("snapshot"),
        run_id=run.id,
        pledge_id=pledge.id,
        right_id=item.right_id,
        parties=pledge.parties,
        as_of=run.price_day,
        known_at=run.started_at,
        unit_value=figures.unit_value,
        market_value=item.market_value,
        collateral_value=item.collateral_value,
        adopted_value=item.adopted_value,
        loan_to_value_cap=item.loan_to_value_cap,
        confidence_level=figures.confidence_level,
        tier=figures.tier,
        stale=figures.stale,
        unpriced=figures.unpriced,
        digest=figures.digest,
        created_at=now,
    )


async def _tell_levels(uow: UnitOfWork, pledges: Sequence[Pledge], loan_ids: Sequence[str], now: datetime) -> None:
    """Tell each pledge of a group whose level is another than was told last; before the first word it is `ok`."""
    told = await uow.revaluations.levels([pledge.id for pledge in pledges])
    debts = await debts_of(uow, loan_ids, business_date(now))
    items = [item for pledge in pledges for item in pledge.items]
    terms = [pledge.coverage_terms for pledge in pledges if pledge.coverage_terms is not None]
    deposited = await uow.compensations.deposited([pledge.id for pledge in pledges])
    coverage = coverage_of(items, [debt.total for debt in debts.values()], now, terms, deposited)
    changed = [pledge for pledge in pledges if told.get(pledge.id, Level.OK) is not coverage.level]
    if not changed:
        return
    loans = [await uow.loans.find(loan_id) for loan_id in loan_ids]
    for pledge in changed:
        readers = tuple(
            party for party in pledge.parties if all(loan is not None and party in loan.parties for loan in loans)
        )
        await uow.revaluations.keep_level(pledge.id, coverage.level, now)
        data = _level_data(told.get(pledge.id, Level.OK), coverage)
        event = "coverage.cured" if coverage.level is Level.OK else f"coverage.{coverage.level.value}"
        await uow.audit.write(WORKER, event, pledge.id, data, readers, now)
        await uow.outbox.publish(event, pledge.id, data, readers, now)


def _level_data(before: Level, coverage: Coverage) -> dict[str, object]:
    ratio, shortfall = coverage.loan_to_value, coverage.shortfall
    return {
        "from": before.value,
        "to": coverage.level.value,
        "loan_to_value": None if ratio is None else wire(ratio, PLACES),
        "shortfall": None if shortfall is None else {"amount": shortfall.wire(), "currency": "CNY"},
    }
