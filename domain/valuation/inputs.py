"""Inputs: everything that an appraisal is made of, in a form that any machine can make it again from.

The subtle thing is completeness. The rules' values stand here and not their names, the deals that were looked at and
not a query for them; whoever has this document and the method of its version needs nothing else, neither our database
nor its clock.

Source: issue 3 (recomputing from the stored inputs is byte-identical on another machine).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from domain.errors import InvalidValue
from domain.jurisdictions.rulebook import Rulebook, day, ratio, whole
from domain.jurisdictions.rules import Standing
from domain.market.priced_deals import Exclusion, PricedDeal
from domain.market.trades import Basis, TradeKind
from domain.rights.rights import Tenure
from domain.valuation.daily_items import Collected, DailyItem
from domain.valuation.estimate import EXACTING
from domain.valuation.market import Looked, SetAsideDeal, Tiered
from domain.valuation.repayment import Repayment
from domain.valuation.subject import Subject
from domain.values.identifiers import Division, parse_division
from domain.values.instruments import Instrument
from domain.values.money import Money
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity, parse_unit

FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleValues:
    """The rules that an appraisal asks: the cap, its standing, and a known end of a plan period with its years."""

    ltv_max: Decimal
    ltv_standing: Standing
    plan_end: date | None
    plan_years: int | None
    contract_ltv_max: Decimal | None = None

    @property
    def cap(self) -> Decimal:
        """Return the most that may be lent of a market value: the least of rule and contract."""
        return self.ltv_max if self.contract_ltv_max is None else min(self.ltv_max, self.contract_ltv_max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What is valued, on which day, from what was known at which moment; `looked` is what the method looks at."""

    subject: Subject
    as_of: date
    known_at: datetime
    liquidation_days: int
    repayment: Repayment | None
    rules: RuleValues
    looked: Looked


def rule_values(
    rulebook: Rulebook, division: Division, on: date, contract_ltv_max: Decimal | None = None
) -> RuleValues:
    """Return the rules that hold; raises RuleUnknown where no known `pledge.ltv_max` does."""
    ltv = rulebook.require("pledge.ltv_max", division, on)
    end = rulebook.find("right.plan_period.end", division, on)
    years = rulebook.find("right.plan_period.years", division, on)
    known = end is not None and years is not None and end.is_known and years.is_known
    return RuleValues(
        ltv_max=ratio(ltv),
        ltv_standing=ltv.standing,
        plan_end=day(end) if known and end is not None else None,
        plan_years=whole(years) if known and years is not None else None,
        contract_ltv_max=contract_ltv_max,
    )


def inputs_body(inputs: Inputs) -> dict[str, object]:
    """Return the inputs as JSON has words for them: numbers as strings or whole numbers, nothing left out."""
    subject, rules, looked = inputs.subject, inputs.rules, inputs.looked
    return {
        "format": FORMAT,
        "subject": {
            "instrument": subject.instrument.value,
            "pollutant": subject.pollutant.value,
            "division": subject.division,
            "quantity": _quantity_body(subject.quantity),
            "valid_from": subject.valid_from.isoformat(),
            "valid_to": None if subject.valid_to is None else subject.valid_to.isoformat(),
            "tenure": subject.tenure.value,
            "vintage": subject.vintage,
        },
        "as_of": inputs.as_of.isoformat(),
        "known_at": _instant_text(inputs.known_at),
        "liquidation_days": inputs.liquidation_days,
        "repayment": None
        if inputs.repayment is None
        else [[on.isoformat(), amount.fen] for on, amount in inputs.repayment.schedule],
        "rules": {
            "ltv_max": _ratio_text(rules.ltv_max),
            "ltv_standing": rules.ltv_standing.value,
            "plan_end": None if rules.plan_end is None else rules.plan_end.isoformat(),
            "plan_years": rules.plan_years,
            "contract_ltv_max": None if rules.contract_ltv_max is None else _ratio_text(rules.contract_ltv_max),
        },
        "own_deals": looked.own_deals,
        "city": _tiered_body(looked.city),
        "province": _tiered_body(looked.province),
        "administered": None if looked.administered is None else _price_body(looked.administered),
        "peers": {province: [_item_body(item) for item in items] for province, items in looked.peers.items()},
        "excluded": [[row.traded_on.isoformat(), row.source, row.trade_no, row.code] for row in looked.excluded],
    }


def inputs_of(body: Mapping[str, Any]) -> Inputs:
    """Read inputs back.

    Raises:
        InvalidValue: the document is not one of ours, or of another format.
    """
    try:
        return _inputs_of(body)
    except (KeyError, TypeError, ValueError, IndexError, ArithmeticError) as error:
        raise InvalidValue(
            what="inputs",
            value=str(error)[:64],
            reason_zh="这不是本系统保存的估值输入，或其格式版本不同。",
            reason_en="this is no document of valuation inputs of ours, or one of another format",
        ) from error


def _inputs_of(body: Mapping[str, Any]) -> Inputs:
    if body["format"] != FORMAT:
        message = f"format {body['format']}"
        raise ValueError(message)
    told, rules = body["subject"], body["rules"]
    subject = Subject(
        instrument=Instrument(told["instrument"]),
        pollutant=Pollutant(told["pollutant"]),
        division=parse_division(told["division"]),
        quantity=_quantity_of(told["quantity"]),
        valid_from=date.fromisoformat(told["valid_from"]),
        valid_to=_day_of(told["valid_to"]),
        tenure=Tenure(told["tenure"]),
        vintage=told["vintage"],
    )
    return Inputs(
        subject=subject,
        as_of=date.fromisoformat(body["as_of"]),
        known_at=datetime.fromisoformat(body["known_at"]),
        liquidation_days=int(body["liquidation_days"]),
        repayment=None
        if body["repayment"] is None
        else Repayment(tuple((date.fromisoformat(on), Money.from_fen(fen)) for on, fen in body["repayment"])),
        rules=RuleValues(
            ltv_max=Decimal(rules["ltv_max"]),
            ltv_standing=Standing(rules["ltv_standing"]),
            plan_end=_day_of(rules["plan_end"]),
            plan_years=rules["plan_years"],
            contract_ltv_max=None if rules["contract_ltv_max"] is None else Decimal(rules["contract_ltv_max"]),
        ),
        looked=Looked(
            city=_tiered_of(body["city"], subject.basis),
            province=_tiered_of(body["province"], subject.basis),
            administered=None
            if body["administered"] is None
            else _deal_of(
                body["administered"][2:], *_when_of(body["administered"]), subject.basis, Exclusion.BENCHMARK_PRICE
            ),
            peers={
                parse_division(province): tuple(_item_of(row) for row in items)
                for province, items in body["peers"].items()
            },
            excluded=tuple(
                SetAsideDeal(traded_on=date.fromisoformat(on), source=source, trade_no=trade_no, code=code)
                for on, source, trade_no, code in body["excluded"]
            ),
            own_deals=int(body["own_deals"]),
        ),
    )


def _tiered_body(tier: Tiered) -> dict[str, object]:
    return {
        "items": [[_item_body(made.item), [_deal_body(deal) for deal in made.deals]] for made in tier.items],
        "history": [_item_body(item) for item in tier.history],
    }


def _tiered_of(body: Mapping[str, Any], basis: Basis) -> Tiered:
    return Tiered(
        items=tuple(_collected_of(_item_of(row), deals, basis) for row, deals in body["items"]),
        history=tuple(_item_of(row) for row in body["history"]),
    )


def _collected_of(item: DailyItem, deals: list[list[Any]], basis: Basis) -> Collected:
    return Collected(item, tuple(_deal_of(row, item.on, item.venue, basis, None, item.group or None) for row in deals))


def _item_body(item: DailyItem) -> list[object]:
    return [item.on.isoformat(), item.price, item.volume, item.venue, item.group, item.kind.value]


def _item_of(row: list[Any]) -> DailyItem:
    on, price, volume, venue, group, kind = row
    return DailyItem(date.fromisoformat(on), int(price), int(volume), str(venue), str(group), TradeKind(kind))


def _price_body(deal: PricedDeal) -> list[object]:
    return [deal.traded_on.isoformat(), deal.venue, *_deal_body(deal)]


def _when_of(row: list[Any]) -> tuple[date, str]:
    return date.fromisoformat(row[0]), row[1]


def _deal_body(deal: PricedDeal) -> list[object]:
    return [
        deal.source,
        deal.trade_no,
        _instant_text(deal.known_at),
        deal.division,
        deal.kind.value,
        deal.vintage,
        deal.unit_price,
        *_quantity_body(deal.quantity),
        deal.volume,
    ]


def _deal_of(
    row: list[Any], on: date, venue: str, basis: Basis, exclusion: str | None, group: str | None = None
) -> PricedDeal:
    source, trade_no, known_at, division, kind, vintage, price, amount, unit, volume = row
    return PricedDeal(
        trade_no=trade_no,
        source=source,
        traded_on=on,
        known_at=datetime.fromisoformat(known_at),
        venue=venue,
        division=parse_division(division),
        kind=TradeKind(kind),
        vintage=vintage,
        basis=basis,
        unit_price=int(price),
        quantity=_quantity_of([amount, unit]),
        volume=int(volume),
        seller_group=None,
        buyer_group=group,
        exclusion=exclusion,
    )


def _quantity_body(quantity: Quantity) -> list[object]:
    return [quantity.wire(), quantity.unit.value]


def _quantity_of(body: list[Any]) -> Quantity:
    amount, unit = body
    return Quantity(Decimal(amount), parse_unit(unit))


def _instant_text(instant: datetime) -> str:
    """Return an instant in one spelling, whatever its zone."""
    return instant.astimezone(UTC).isoformat()


def _ratio_text(ratio: Decimal) -> str:
    """Return a ratio in one spelling, however many zeros it was written with."""
    return f"{ratio.normalize(EXACTING):f}"


def _day_of(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
