"""A bank's appraisals, adopted values and policy as the API prints them."""

from collections.abc import Sequence
from datetime import date

from api.answers.rights import day, instant
from domain.ports.bank_appraisals import ValuedItem
from domain.use_cases.adopt_value import AdoptedToday
from domain.valuation.adoption import Adoption, carried
from domain.valuation.answer import money_body, quantity_body
from domain.valuation.bank_appraisals import BankAppraisal, standing_of, value_for
from domain.valuation.proposals import Proposal
from domain.valuation.valuation_policy import PolicyTerms, ValuationPolicy
from domain.values.time import rfc3339


def appraisal_answer(appraisal: BankAppraisal, all_of_right: Sequence[BankAppraisal], on: date) -> dict[str, object]:
    """Return an appraisal and whether it counts on a day."""
    return {
        "id": appraisal.id,
        "right_id": appraisal.right_id,
        "standing": standing_of(appraisal, all_of_right, on).value,
        "kind": appraisal.kind.value,
        "value": money_body(appraisal.value),
        "quantity": quantity_body(appraisal.quantity),
        "as_of": appraisal.as_of.isoformat(),
        "valid_until": appraisal.valid_until.isoformat(),
        "appraiser": {"name": appraisal.appraiser.name, "uscc": appraisal.appraiser.uscc},
        "report": {
            "sha256": appraisal.report.sha256,
            "title": appraisal.report.title,
            "number": appraisal.report.number,
        },
        "method": appraisal.method,
        **_proposal(appraisal.proposal),
    }


def adoption_answer(adoption: Adoption) -> dict[str, object]:
    """Return an explicit adoption."""
    return {
        "id": adoption.id,
        "right_id": adoption.right_id,
        "basis": adoption.basis.value,
        "valuation_id": adoption.valuation_id,
        "appraisal_id": adoption.appraisal_id,
        "value": money_body(adoption.value),
        "quantity": quantity_body(adoption.quantity),
        "valued_on": adoption.valued_on.isoformat(),
        "valid_until": day(adoption.valid_until),
        "reason": adoption.reason,
        **_proposal(adoption.proposal),
    }


def adopted_answer(today: AdoptedToday) -> dict[str, object]:
    """Return what a bank adopts, beside all that it was chosen from."""
    told, ours, subject = today.adopted, today.ours, today.subject
    return {
        "right_id": today.right.id,
        "quantity": quantity_body(subject.quantity),
        "on": ours.as_of.isoformat(),
        "adopted_value": money_body(told.value),
        "source": told.source.value,
        "source_id": told.source_id,
        "valued_on": told.valued_on.isoformat(),
        "due_on": told.due_on.isoformat(),
        "market_value": money_body(ours.market_value),
        "collateral_value": money_body(ours.collateral_value),
        "adopted_collateral_value": money_body(carried(ours.collateral_value, ours.market_value, told.value)),
        "appraisals": [
            {
                "appraisal_id": each.id,
                "kind": each.kind.value,
                "value": money_body(value_for(each.value, each.quantity, each.as_of, subject, ours.as_of)),
                "standing": standing_of(each, today.own.appraisals, ours.as_of).value,
            }
            for each in today.own.appraisals
        ],
        "warnings": list(told.warnings),
    }


def policy_answer(policy: ValuationPolicy) -> dict[str, object]:
    """Return a policy as it was put forward."""
    return {"id": policy.id, "terms": terms_answer(policy.terms), **_proposal(policy.proposal)}


def terms_answer(terms: PolicyTerms) -> dict[str, object]:
    """Return what a policy says."""
    return {
        "revaluation_months": terms.revaluation_months,
        "liquidation_days": terms.liquidation_days,
        "loan_end_margin_days": terms.loan_end_margin_days,
    }


def due_answer(item: ValuedItem, on: date) -> dict[str, object]:
    """Return a pledged quantity whose value is due by a day, and why."""
    reasons = {"revaluation_due": item.revaluation_on <= on, "appraisal_expired": item.appraisal_expired_on is not None}
    return {
        "id": item.id,
        "pledge_id": item.pledge_id,
        "right_id": item.right_id,
        "quantity": quantity_body(item.quantity),
        "valuation_id": item.valuation_id,
        "valued_on": item.valued_on.isoformat(),
        "adopted_value": None if item.adopted_value is None else money_body(item.adopted_value),
        "due_on": item.due_on.isoformat(),
        "reasons": [code for code, holds in reasons.items() if holds],
    }


def _proposal(proposal: Proposal) -> dict[str, object]:
    return {
        "status": proposal.status.value,
        "proposed_by": proposal.proposed_by,
        "proposed_at": rfc3339(proposal.proposed_at),
        "decided_by": proposal.decided_by,
        "decided_at": instant(proposal.decided_at),
        "rejection": proposal.rejection,
        "version": proposal.version,
    }
