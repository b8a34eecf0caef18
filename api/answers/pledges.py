"""Loans, pledges, the trail and the feed as contract sections 5 and 7 print them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from api.answers.rights import day, instant
from api.answers.syndicates import syndicate_answer
from domain.jurisdictions.rulebook import Rulebook
from domain.loans.accrual import Debt
from domain.loans.loans import FixedRate, Loan, LoanEvent
from domain.pledges.coverage import Coverage
from domain.pledges.impairments import Impairment
from domain.pledges.lifecycle import State
from domain.pledges.notices import LIVE
from domain.pledges.pledges import Pledge, PledgeItem, Register, Registration, RegistrationStatus
from domain.pledges.third_parties import third_parties
from domain.ports.trail import AuditEntry, FeedEvent
from domain.rights.rights import Right
from domain.use_cases.read_pledge import Condition, Ranks
from domain.valuation.answer import money_body, quantity_body
from domain.values.decimals import wire
from domain.values.money import Money
from domain.values.time import business_date, rfc3339

PLACES = 6
LEGAL_STANDING_RULE = "security.legal_standing"


def money_or_none(money: Money | None) -> dict[str, str] | None:
    """Return an amount of money, or none."""
    return None if money is None else money_body(money)


def loan_answer(loan: Loan, debt: Debt, on: date) -> dict[str, object]:
    """Return a loan with what is outstanding of its principal, and all that is owed on a day."""
    return {
        "id": loan.id,
        "borrower_uscc": loan.borrower_uscc,
        "contract_no": loan.contract_no,
        "kind": loan.kind.value,
        "principal": money_body(loan.principal),
        "rate": _rate(loan),
        "start": loan.start.isoformat(),
        "end": loan.end.isoformat(),
        "repayment": [{"on": on.isoformat(), "amount": money_body(amount)} for on, amount in loan.repayment],
        "bullet": loan.bullet,
        "purpose": loan.purpose,
        "overdue_surcharge": None if loan.overdue_surcharge is None else wire(loan.overdue_surcharge, PLACES),
        "outstanding": money_body(debt.principal),
        "owed": {
            "principal": money_body(debt.principal),
            "interest": money_body(debt.interest),
            "penalty": money_body(debt.penalty),
            "fees": money_body(debt.fees),
            "total": money_body(debt.total),
            "as_of": on.isoformat(),
        },
        "created_at": rfc3339(loan.created_at),
        "version": loan.version,
    }


def _rate(loan: Loan) -> dict[str, object]:
    rate = loan.rate
    if isinstance(rate, FixedRate):
        return {"kind": "fixed", "value": wire(rate.value, PLACES), "tenor": None, "spread_bp": None, "reset": None}
    return {"kind": "lpr", "value": None, "tenor": rate.tenor, "spread_bp": rate.spread_bp, "reset": rate.reset}


def loan_event_answer(event: LoanEvent, outstanding: Money) -> dict[str, object]:
    """Return a loan's event and what is outstanding after it."""
    return {
        "id": event.id,
        "loan_id": event.loan_id,
        "type": event.type.value,
        "principal": money_or_none(event.principal),
        "interest": money_or_none(event.interest),
        "penalty": money_or_none(event.penalty),
        "fee": money_or_none(event.fee),
        "on": event.on.isoformat(),
        "reference": event.reference,
        "payee": None
        if event.payee is None
        else {"exchange": event.payee.exchange, "account_no": event.payee.account_no},
        "outstanding": money_body(outstanding),
    }


def pledge_answer(
    pledge: Pledge,
    rights: Mapping[str, Right],
    coverage: Coverage | None,
    borrowers: Sequence[str] | None,
    conditions: Sequence[Condition],
    ranks: Ranks,
    rulebook: Rulebook,
    now: datetime,
) -> dict[str, object]:
    """Return a pledge with its conditions, what stands at the registers, and its coverage."""
    secured = pledge.secured
    release = pledge.release
    return {
        "id": pledge.id,
        "status": pledge.status.value,
        "workflow": pledge.workflow.value,
        "applicant": pledge.applicant,
        "pledgors": list(pledge.pledgors),
        "pledgee": pledge.pledgee,
        "borrower": None if borrowers is None else borrowers[0],
        "third_party_pledgors": None
        if borrowers is None
        else list(third_parties(pledge.pledgors, borrowers if pledge.loan_ids else ())),
        "security_type": pledge.security_type.value,
        "items": [_item(item) for item in pledge.items],
        "loans": list(pledge.loan_ids),
        "secured": {
            "amount": money_body(secured.amount),
            "kind": secured.kind.value,
            "scope": list(secured.scope),
            "claims_from": day(secured.claims_from),
            "claims_to": day(secured.claims_to),
        },
        "other_security": [
            {"kind": other.kind, "description": other.description, "value": money_body(other.value)}
            for other in pledge.other_security
        ],
        "approved_amount": money_or_none(pledge.approved_amount),
        "approved_rate": None if pledge.approved_rate is None else wire(pledge.approved_rate, PLACES),
        "confirmed_by": list(pledge.confirmed_by),
        "determination": None
        if pledge.determination is None
        else {"on": pledge.determination.on.isoformat(), "event": pledge.determination.event},
        "coverage_terms": _coverage_terms(pledge),
        "reason": pledge.reason,
        "release": None
        if release is None
        else {
            "reason": release.reason.value,
            "ordered_by": release.ordered_by,
            "ordered_at": rfc3339(release.ordered_at),
            "approved_by": release.approved_by,
        },
        "registrations": [_registration(pledge, entry, ranks) for entry in pledge.registrations],
        "perfection": _perfection(pledge, rights, rulebook, now),
        "conditions": [
            {"code": condition.code, "met": condition.met, "at": instant(condition.at)} for condition in conditions
        ],
        "impairments": [_impairment(each) for each in pledge.impairments],
        "custody": _custody(pledge),
        "coverage": None if coverage is None else coverage_answer(coverage),
        "syndicate": syndicate_answer(pledge),
        "created_at": rfc3339(pledge.created_at),
        "updated_at": rfc3339(pledge.updated_at),
        "version": pledge.version,
    }


def coverage_answer(coverage: Coverage) -> dict[str, object]:
    """Return the coverage of a pledge's group; nothing is due before a call is made."""
    return {
        "outstanding": money_body(coverage.outstanding),
        "collateral_value": money_or_none(coverage.collateral_value),
        "loan_to_value": None if coverage.loan_to_value is None else wire(coverage.loan_to_value, PLACES),
        "level": coverage.level.value,
        "shortfall": money_or_none(coverage.shortfall),
        "as_of": rfc3339(coverage.as_of),
        "market_value": money_or_none(coverage.market_value),
        "loan_to_market_value": None
        if coverage.loan_to_market_value is None
        else wire(coverage.loan_to_market_value, PLACES),
        "due_on": day(coverage.due_on),
    }


def _coverage_terms(pledge: Pledge) -> dict[str, object] | None:
    terms = pledge.coverage_terms
    if terms is None:
        return None
    shares = {
        "warning_above": terms.warning_above,
        "call_above": terms.call_above,
        "close_out_above": terms.close_out_above,
    }
    told = {name: None if share is None else wire(share, PLACES) for name, share in shares.items()}
    return {**told, "cure_working_days": terms.cure_working_days}


def _item(item: PledgeItem) -> dict[str, object]:
    return {
        "right_id": item.right_id,
        "quantity": quantity_body(item.quantity),
        "valuation_id": item.valuation_id,
        "market_value": money_or_none(item.market_value),
        "collateral_value": money_or_none(item.collateral_value),
        "adopted_value": money_or_none(item.adopted_value),
    }


def _registration(pledge: Pledge, entry: Registration, ranks: Ranks) -> dict[str, object]:
    """Return an entry with its rank by the register's time.

    Where the emission registry itself told a later place, for freezes that we know nothing of, that stands.
    """
    frozen = entry.register is Register.EMISSION_REGISTRY and entry.status is RegistrationStatus.REGISTERED
    rank = ranks.notice if entry.register is Register.NOTICE_REGISTRY and entry.status in LIVE else None
    if frozen:
        rank = max(entry.rank or 1, ranks.freezes.get(pledge.items[entry.position].right_id, 1))
    return {
        "register": entry.register.value,
        "status": (RegistrationStatus.PENDING if _to_be_discharged(pledge, entry) else entry.status).value,
        "reference": entry.reference,
        "registered_at": instant(entry.registered_at),
        "rank": rank,
    }


def _to_be_discharged(pledge: Pledge, entry: Registration) -> bool:
    """Tell whether an entry for publicity still stands although its pledge has ended: its discharge is under way."""
    ended = pledge.status in {State.RELEASED, State.DISPOSED}
    return ended and entry.register is Register.NOTICE_REGISTRY and entry.status in LIVE


def _perfection(pledge: Pledge, rights: Mapping[str, Right], rulebook: Rulebook, now: datetime) -> dict[str, object]:
    control = {entry.status for entry in pledge.registrations if entry.register is Register.EMISSION_REGISTRY}
    publicity = [entry.status for entry in pledge.registrations if entry.register is Register.NOTICE_REGISTRY]
    rules = [rulebook.find(LEGAL_STANDING_RULE, right.division, business_date(now)) for right in rights.values()]
    known = [rule for rule in rules if rule is not None and rule.is_known]
    standing = "unknown" if len(known) < len(rules) or not rules else str(known[0].value)
    return {
        "control": (control.pop() if len(control) == 1 else RegistrationStatus.PENDING).value,
        "publicity": (publicity[0] if publicity else RegistrationStatus.NOT_REQUIRED).value,
        "legal_standing": standing if standing in {"text", "digest"} else "unknown",
    }


def _impairment(impairment: Impairment) -> dict[str, object]:
    """Return what has befallen a right of the pledge; of those who share the loss, the reader is told its own part."""
    loss = impairment.loss
    return {
        "kind": impairment.kind.value,
        "right_id": impairment.right_id,
        "quantity": None if impairment.quantity is None else quantity_body(impairment.quantity),
        "since": rfc3339(impairment.since),
        "until": instant(impairment.until),
        "reference": impairment.reference,
        "loss_by_rank": []
        if loss is None
        else [{"rank": loss.rank, "pledged": wire(loss.pledged, PLACES), "lost": wire(loss.lost, PLACES)}],
    }


def _custody(pledge: Pledge) -> str:
    """Return whether the collateral is in the bank's books: in while frozen, out once released or disposed of."""
    if pledge.status in {State.RELEASED, State.DISPOSED}:
        return "out"
    return "in" if pledge.under_control else "not_in"


def audit_answer(entry: AuditEntry) -> dict[str, object]:
    """Return an entry of the trail."""
    return {
        "id": entry.id,
        "at": rfc3339(entry.at),
        "actor": entry.actor,
        "tenant": entry.tenant,
        "action": entry.action,
        "subject": entry.subject,
        "details": dict(entry.details),
    }


def event_answer(event: FeedEvent) -> dict[str, object]:
    """Return an event in its CloudEvents envelope."""
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": "urn:greenlien",
        "type": event.type,
        "subject": event.subject,
        "time": rfc3339(event.at),
        "datacontenttype": "application/json",
        "businessdate": business_date(event.at).isoformat(),
        "data": dict(event.data),
    }
