"""How an appraisal is told: the same words and decimals wherever it is kept, printed or compared.

Everything but the id and the time of writing is here, so two equal appraisals are told in equal bytes.
"""

from dataclasses import fields

from domain.valuation.appraisal import Appraisal
from domain.valuation.evidence import EvidenceItem
from domain.valuation.haircut import HaircutParts
from domain.valuation.subject import Subject
from domain.values.decimals import wire
from domain.values.money import Money
from domain.values.quantity import Quantity
from domain.values.time import rfc3339

PLACES = 6


def body_of(appraisal: Appraisal) -> dict[str, object]:
    """Return the appraisal as contract section 4 prints it, with the haircut taken apart."""
    uncovered = appraisal.first_uncovered_on
    return {
        "subject": subject_body(appraisal.subject),
        "as_of": appraisal.as_of.isoformat(),
        "known_at": rfc3339(appraisal.known_at),
        "liquidation_days": appraisal.liquidation_days,
        "unit_value": wire(appraisal.unit_value, PLACES),
        "lending_unit_value": wire(appraisal.lending_unit_value, PLACES),
        "market_value": money_body(appraisal.market_value),
        "haircut": wire(appraisal.haircut, PLACES),
        "haircut_parts": _parts_body(appraisal.haircut_parts),
        "collateral_value": money_body(appraisal.collateral_value),
        "loan_to_value_cap": wire(appraisal.loan_to_value_cap, PLACES),
        "max_loan": money_body(appraisal.max_loan),
        "first_uncovered_on": None if uncovered is None else uncovered.isoformat(),
        "confidence_level": appraisal.confidence_level,
        "tier": int(appraisal.tier),
        "method": {
            "name": appraisal.method.name,
            "version": appraisal.method.version,
            "parameters_sha256": appraisal.method.parameters_sha256,
        },
        "newest_draws": wire(appraisal.newest_draws, PLACES),
        "evidence_count": appraisal.evidence_count,
        "exclusion_count": len(appraisal.exclusions),
        "explanation": [
            {"code": fact.code, "effect": wire(fact.effect, PLACES), "zh": fact.zh, "en": fact.en}
            for fact in appraisal.facts
        ],
        "warnings": list(appraisal.warnings),
        "digest": appraisal.digest,
    }


def evidence_of(appraisal: Appraisal) -> list[dict[str, object]]:
    """Return the deals behind the value, the heaviest first."""
    ordered = sorted(appraisal.evidence, key=lambda item: (-item.weight, item.traded_on, item.source, item.trade_no))
    return [_item_body(item) for item in ordered]


def exclusions_of(appraisal: Appraisal) -> list[dict[str, object]]:
    """Return the deals in scope that are no evidence, the oldest first, each with its reason."""
    return [
        {"trade_no": row.trade_no, "source": row.source, "traded_on": row.traded_on.isoformat(), "code": row.code}
        for row in appraisal.exclusions
    ]


def subject_body(subject: Subject) -> dict[str, object]:
    """Return what was valued."""
    return {
        "instrument": subject.instrument.value,
        "pollutant": subject.pollutant.value,
        "division": subject.division,
        "quantity": quantity_body(subject.quantity),
        "valid_from": subject.valid_from.isoformat(),
        "valid_to": None if subject.valid_to is None else subject.valid_to.isoformat(),
        "tenure": subject.tenure.value,
        "vintage": subject.vintage,
    }


def money_body(money: Money) -> dict[str, str]:
    """Return an amount of money on the wire."""
    return {"amount": money.wire(), "currency": "CNY"}


def quantity_body(quantity: Quantity) -> dict[str, str]:
    """Return a quantity on the wire."""
    return {"amount": quantity.wire(), "unit": quantity.unit.value}


def _item_body(item: EvidenceItem) -> dict[str, object]:
    return {
        "trade_no": item.trade_no,
        "source": item.source,
        "traded_on": item.traded_on.isoformat(),
        "venue": item.venue,
        "kind": item.kind.value,
        "division": item.division,
        "quantity": quantity_body(item.quantity),
        "unit_value": wire(item.printed_unit_value, PLACES),
        "weight": wire(item.printed_weight, PLACES),
    }


def _parts_body(parts: HaircutParts) -> dict[str, object]:
    return {
        each.name: value if isinstance(value := getattr(parts, each.name), int) else wire(value, PLACES)
        for each in fields(parts)
    }
