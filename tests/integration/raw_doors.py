"""Every command of the product: who may send it, a body that it understands, and where in that stands what.

A route without a row here fails `test_raw_requests_on_every_route`, which sends each what no client would.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from tests.builders import HOLDER
from tests.integration.business import HUANGSHI, a_deal, a_loan_body, a_pledge_body, quantity, yuan
from tests.raw_cases import Steps

ENTERPRISE, OFFICER, APPROVER, AUTHORITY = (
    "enterprise.shaoxing",
    "bank-a.officer",
    "bank-a.approver",
    "authority.zhejiang",
)
EXCHANGE: Final = "exchange.zhejiang"
SECURITY: Final = "platform.security"
OPS: Final = "platform.ops"
EMPTY_BODY: Final = "the whole body is an empty object"
NOTHING_REQUIRED: Final = frozenset(
    {
        "/v1/valuations",  # a right or a subject: which is missing is told by one rule of the whole body
        "/v1/rights/{right}/appraisals/{appraisal}/approve",
        "/v1/rights/{right}/adopted-values/{adoption}/approve",
        "/v1/policies/valuation/{policy}/approve",
        "/v1/clients/{client}/approve",
        "/v1/clients/{client}/reinstate",
        "/v1/clients/{client}/keys/{thumbprint}/approve",
        "/v1/pledges/{pledge}/submit",
        "/v1/pledges/{pledge}/confirm",
        "/v1/pledges/{pledge}/withdraw",
        "/v1/pledges/{pledge}/syndicate/accept",
        "/v1/pledges/{pledge}/third-party-consent",
        "/v1/pledges/imports/{batch}/approve",
        "/v1/pledges/{pledge}/release/approve",
        "/v1/pledges/{pledge}/release/cancel",
        "/v1/pledges/{pledge}/amendments/{amendment}/consent",
        "/v1/pledges/{pledge}/amendments/{amendment}/approve",
        "/v1/pledges/{pledge}/amendments/{amendment}/accept",
        "/v1/pledges/{pledge}/amendments/{amendment}/withdraw",
        "/v1/pledges/{pledge}/registrations/notice-registry/amend",  # an amount or a description: one rule of the whole
        "/v1/pledges/{pledge}/registrations/notice-registry/discharge",
        "/v1/pledges/{pledge}/compensations/{compensation}/approve",
        "/v1/pledges/{pledge}/compensations/{compensation}/end-deposit",
        "/v1/registry-tasks/{task}/confirm",
        "/v1/exceptions/{exception}/confirm",
        "/v1/webhooks/{webhook}/rotate-secret",
        "/v1/webhooks/{webhook}/deliveries/{delivery}/replay",
        "/v1/audit/checkpoints",
        "/v1/pledges/{pledge}/enforcements/{enforcement}/approve",
        "/v1/pledges/{pledge}/enforcements/{enforcement}/transfer",
    }
)


@dataclass(frozen=True)
class Door:
    """A route with a body that it understands, who may send it, and where in it stands what."""

    client: str
    valid: Callable[[str, str, str], Mapping[str, Any]]
    amount: Steps | None = None
    text: Steps | None = None
    identifier: Steps | None = None
    integer: Steps | None = None


def _nothing(*_: str) -> Mapping[str, Any]:
    return {}


def _client_key(*_: str) -> Mapping[str, Any]:
    point = {"x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}
    return {"purpose": "token", "public_key": {"kty": "EC", "crv": "P-256", **point}, "overlap_seconds": 60}


def _client(*_: str) -> Mapping[str, Any]:
    keys = [{"purpose": "token", "public_key": _client_key()["public_key"]}]
    return {"id": "raw.client", "tenant": "greenlien", "role": "platform_ops", "person": "x", "keys": keys}


def _authorization(*_: str) -> Mapping[str, Any]:
    period = {"from": "2026-01-01", "to": "2027-01-01"}
    consent = {"enterprise_uscc": HOLDER, "grantee": "bank-a", "scope": ["rights:read"], "document": {"name": "授权书"}}
    return {**consent, **period}


def _verification(*_: str) -> Mapping[str, Any]:
    return {"registry": "zhejiang", "registry_no": "PWQ-ZJ-1", "holder_uscc": HOLDER}


def _hold(*_: str) -> Mapping[str, Any]:
    return {"kind": "judicial", "quantity": quantity("1"), "reference": "R", "reason": "x"}


def _valuation(*_: str) -> Mapping[str, Any]:
    subject = {"instrument": "discharge_right", "pollutant": "COD", "division": "330602", "quantity": quantity("1")}
    return {"subject": {**subject, "valid_from": "2026-01-01", "valid_to": "2031-01-01", "vintage": 2026}}


def _affiliation(*_: str) -> Mapping[str, Any]:
    return {"parties": [HOLDER, HUANGSHI], "since": "2026-01-01", "ground": "control"}


def an_appraisal(*_: str) -> Mapping[str, Any]:
    """Return a bank's own appraisal on the wire."""
    dates = {"as_of": "2026-11-21", "valid_until": "2027-05-20"}
    told = {"appraiser": {"name": "评估公司", "uscc": HOLDER}, "report": {"sha256": "0" * 64}}
    return {"kind": "external", "value": yuan("1.00"), "quantity": quantity("1"), **dates, **told}


def an_adoption(*_: str) -> Mapping[str, Any]:
    """Return an adoption on the wire."""
    return {"value": yuan("1.00"), "quantity": quantity("1"), "reason": "x"}


def a_policy(*_: str) -> Mapping[str, Any]:
    """Return a bank's policy on the wire."""
    return {"revaluation_months": 6, "liquidation_days": 20, "loan_end_margin_days": 30}


def an_event(*_: str) -> Mapping[str, Any]:
    """Return an event of a loan on the wire."""
    return {"type": "disbursed", "principal": yuan("1.00"), "on": "2026-11-21", "reference": "R"}


def _sale(*_: str) -> Mapping[str, Any]:
    winner = {"buyer_uscc": HUANGSHI, "quantity": quantity("1"), "unit_price": "1", "amount": yuan("1.00")}
    return {"on": "2026-11-21", "reference": "R", "winners": [winner]}


def _proof(*_: str) -> Mapping[str, Any]:
    return {"document": {"title": "x", "sha256": "0" * 64}, "on": "2026-11-21"}


ENFORCEMENT: Final = "/v1/pledges/{pledge}/enforcements/{enforcement}"


def _document(*_: str) -> Mapping[str, Any]:
    return {"kind": "other", "title": "x", "sha256": "0" * 64}


def _old_pledges(*_: str) -> Mapping[str, Any]:
    names = {"registry": "zhejiang", "registry_no": "OLD-1", "registry_ref": "DJ-1", "pledgor_uscc": HOLDER}
    entry = {"quantity": quantity("1"), "registered_on": "2026-03-02", "rank": 1, "security_type": "pledge"}
    return {"rows": [{**names, **entry, "secured": {"amount": yuan("1.00"), "kind": "ordinary"}, "loans": []}]}


def a_registration(*_: str) -> Mapping[str, Any]:
    """Return an entry at the notice registry that a bank wants."""
    wanted = {"register": "notice_registry", "term_months": 12}
    return {**wanted, "description": "x", "secured_amount": yuan("1.00"), "attachments": ["0" * 64]}


def a_task_answer(*_: str) -> Mapping[str, Any]:
    """Return what a clerk answers."""
    receipt = {"sha256": "0" * 64, "title": "x"}
    return {"outcome": "executed", "reference": "x", "on": "2026-11-21", "receipt": receipt}


DOORS: Final[Mapping[str, Door]] = MappingProxyType(
    {
        "/v1/authorizations": Door(
            ENTERPRISE, _authorization, text=("document", "name"), identifier=("enterprise_uscc",)
        ),
        "/v1/rights/verifications": Door(ENTERPRISE, _verification, identifier=("holder_uscc",)),
        "/v1/rights/{right}/holds": Door(AUTHORITY, _hold, amount=("quantity", "amount"), text=("reference",)),
        "/v1/rights/{right}/holds/{hold}/lift": Door(
            AUTHORITY,
            lambda *_: {"reason": "x", "reference": "R", "quantity": quantity("1")},
            amount=("quantity", "amount"),
            text=("reason",),
        ),
        "/v1/audit/checkpoints": Door("bank-a.auditor", _nothing),
        "/v1/reconciliation/runs": Door(AUTHORITY, lambda *_: {"registry": "zhejiang"}, text=("registry",)),
        "/v1/reconciliation/cases/{case}/acknowledge": Door(AUTHORITY, lambda *_: {"owner": "x"}, text=("owner",)),
        "/v1/reconciliation/cases/{case}/resolve": Door(AUTHORITY, lambda *_: {"note": "x"}, text=("note",)),
        "/v1/market/trades": Door(EXCHANGE, lambda *_: {"source": "raw", "trades": [a_deal(1)]}, text=("source",)),
        "/v1/market/affiliations": Door(EXCHANGE, _affiliation, identifier=("parties", 0)),
        "/v1/valuations": Door(
            ENTERPRISE,
            _valuation,
            amount=("subject", "quantity", "amount"),
            identifier=("subject", "division"),
        ),
        "/v1/rights/{right}/appraisals": Door(
            OFFICER,
            an_appraisal,
            amount=("value", "amount"),
            text=("appraiser", "name"),
            identifier=("appraiser", "uscc"),
        ),
        "/v1/rights/{right}/appraisals/{appraisal}/approve": Door(APPROVER, _nothing),
        "/v1/rights/{right}/appraisals/{appraisal}/reject": Door(
            APPROVER, lambda *_: {"reason": "x"}, text=("reason",)
        ),
        "/v1/rights/{right}/adopted-values": Door(
            OFFICER, an_adoption, amount=("quantity", "amount"), text=("reason",)
        ),
        "/v1/rights/{right}/adopted-values/{adoption}/approve": Door(APPROVER, _nothing),
        "/v1/rights/{right}/adopted-values/{adoption}/reject": Door(
            APPROVER, lambda *_: {"reason": "x"}, text=("reason",)
        ),
        "/v1/policies/valuation": Door(OFFICER, a_policy, integer=("revaluation_months",)),
        "/v1/policies/valuation/{policy}/approve": Door(APPROVER, _nothing),
        "/v1/policies/valuation/{policy}/reject": Door(APPROVER, lambda *_: {"reason": "x"}, text=("reason",)),
        "/v1/loans": Door(
            OFFICER,
            lambda *_: a_loan_body(),
            amount=("principal", "amount"),
            text=("purpose",),
            identifier=("borrower_uscc",),
        ),
        "/v1/loans/{loan}/events": Door(OFFICER, an_event, amount=("principal", "amount"), text=("reference",)),
        "/v1/pledges": Door(
            ENTERPRISE,
            lambda right, _loan, _pledge: a_pledge_body({right: "1"}),
            amount=("secured", "amount", "amount"),
            identifier=("pledgors", 0),
        ),
        "/v1/pledges/{pledge}/submit": Door(ENTERPRISE, _nothing),
        "/v1/pledges/{pledge}/verify-quantities": Door(
            AUTHORITY,
            lambda right, _loan, _pledge: {"items": [{"right_id": right, "quantity": quantity("1")}]},
            amount=("items", 0, "quantity", "amount"),
            identifier=("items", 0, "right_id"),
        ),
        "/v1/pledges/{pledge}/approve-loan": Door(
            APPROVER, lambda *_: {"amount": yuan("1.00"), "rate": "0.01"}, amount=("amount", "amount")
        ),
        "/v1/pledges/{pledge}/confirm": Door(ENTERPRISE, _nothing),
        "/v1/pledges/{pledge}/request-correction": Door(OFFICER, lambda *_: {"reason": "x"}, text=("reason",)),
        "/v1/pledges/{pledge}/reject": Door(OFFICER, lambda *_: {"reason": "x"}, text=("reason",)),
        "/v1/pledges/{pledge}/withdraw": Door(ENTERPRISE, _nothing),
        "/v1/pledges/{pledge}/syndicate/accept": Door(APPROVER, _nothing),
        "/v1/pledges/{pledge}/third-party-consent": Door(ENTERPRISE, _nothing),
        "/v1/settlement-accounts": Door(
            EXCHANGE,
            lambda *_: {
                "account_no": "33001-1",
                "account_name": "x",
                "bank_name": "x",
                "valid_from": "2026-01-01",
                "source": {"title": "x", "sha256": "0" * 64},
            },
            text=("account_name",),
            identifier=("account_no",),
        ),
        "/v1/pledges/imports": Door(
            OFFICER,
            _old_pledges,
            amount=("rows", 0, "quantity", "amount"),
            text=("rows", 0, "registry_ref"),
            identifier=("rows", 0, "registry_no"),
            integer=("rows", 0, "rank"),
        ),
        "/v1/pledges/imports/{batch}/approve": Door(APPROVER, _nothing),
        "/v1/pledges/imports/{batch}/reject": Door(APPROVER, lambda *_: {"reason": "x"}, text=("reason",)),
        "/v1/pledges/{pledge}/release": Door(OFFICER, lambda *_: {"reason": "waived"}),
        "/v1/pledges/{pledge}/release/approve": Door(APPROVER, _nothing),
        "/v1/pledges/{pledge}/release/cancel": Door(OFFICER, _nothing),
        "/v1/pledges/{pledge}/amendments": Door(
            OFFICER,
            lambda right, *_: {"kind": "top_up", "items": [{"right_id": right, "quantity": quantity("1")}]},
            amount=("items", 0, "quantity", "amount"),
            identifier=("items", 0, "right_id"),
        ),
        "/v1/pledges/{pledge}/amendments/{amendment}/consent": Door(ENTERPRISE, _nothing),
        "/v1/pledges/{pledge}/amendments/{amendment}/approve": Door(APPROVER, _nothing),
        "/v1/pledges/{pledge}/amendments/{amendment}/accept": Door(APPROVER, _nothing),
        "/v1/pledges/{pledge}/amendments/{amendment}/withdraw": Door(OFFICER, _nothing),
        "/v1/pledges/{pledge}/amendments/{amendment}/reject": Door(
            OFFICER, lambda *_: {"reason": "x"}, text=("reason",)
        ),
        "/v1/pledges/{pledge}/compensations": Door(
            OFFICER,
            lambda *_: {
                "kind": "insurance",
                "amount": yuan("1.00"),
                "received_on": "2026-11-20",
                "reference": "R",
                "apply": "deposit",
            },
            amount=("amount", "amount"),
            text=("reference",),
        ),
        "/v1/pledges/{pledge}/compensations/{compensation}/approve": Door(APPROVER, _nothing),
        "/v1/pledges/{pledge}/compensations/{compensation}/reject": Door(
            APPROVER, lambda *_: {"reason": "x"}, text=("reason",)
        ),
        "/v1/pledges/{pledge}/compensations/{compensation}/end-deposit": Door(APPROVER, _nothing),
        "/v1/pledges/{pledge}/registrations": Door(
            OFFICER, a_registration, amount=("secured_amount", "amount"), integer=("term_months",)
        ),
        "/v1/pledges/{pledge}/registrations/notice-registry/amend": Door(
            OFFICER, lambda *_: {"secured_amount": yuan("1.00")}, amount=("secured_amount", "amount")
        ),
        "/v1/pledges/{pledge}/registrations/notice-registry/extend": Door(
            OFFICER, lambda *_: {"term_months": 1}, integer=("term_months",)
        ),
        "/v1/pledges/{pledge}/registrations/notice-registry/discharge": Door(OFFICER, _nothing),
        "/v1/pledges/{pledge}/registrations/notice-registry/object": Door(
            ENTERPRISE, lambda *_: {"reason": "x"}, text=("reason",)
        ),
        "/v1/registry-tasks/{task}/answer": Door(
            AUTHORITY, a_task_answer, text=("reference",), identifier=("receipt", "sha256")
        ),
        "/v1/registry-tasks/{task}/confirm": Door(AUTHORITY, _nothing),
        "/v1/exceptions/{exception}/acknowledge": Door(OPS, lambda *_: {"owner": "x"}, text=("owner",)),
        "/v1/exceptions/{exception}/annotate": Door(OPS, lambda *_: {"note": "x"}, text=("note",)),
        "/v1/exceptions/{exception}/resolve": Door(OPS, lambda *_: {"note": "x"}, text=("note",)),
        "/v1/exceptions/{exception}/confirm": Door(OPS, _nothing),
        "/v1/webhooks": Door(
            OFFICER,
            lambda *_: {"url": "http://127.0.0.1:9/in", "event_types": ["*"], "description": "x"},
            text=("event_types", 0),
        ),
        "/v1/webhooks/{webhook}/rotate-secret": Door(
            OFFICER, lambda *_: {"overlap_hours": 72}, integer=("overlap_hours",)
        ),
        "/v1/webhooks/{webhook}/deliveries/{delivery}/replay": Door(OFFICER, _nothing),
        "/v1/registry-tasks/{task}/return": Door(AUTHORITY, lambda *_: {"reason": "x"}, text=("reason",)),
        "/v1/pledges/{pledge}/enforcements": Door(
            OFFICER,
            lambda *_: {"route": "auction", "reserve_price": yuan("1.00"), "notice_days": 1},
            amount=("reserve_price", "amount"),
        ),
        ENFORCEMENT + "/approve": Door(APPROVER, _nothing),
        ENFORCEMENT + "/conditions/{condition}/met": Door(AUTHORITY, _proof, text=("document", "title")),
        ENFORCEMENT + "/stay": Door(AUTHORITY, lambda *_: {"reason": "x", "reference": "R"}, text=("reason",)),
        ENFORCEMENT + "/lift-stay": Door(AUTHORITY, lambda *_: {"reference": "R"}, text=("reference",)),
        ENFORCEMENT + "/end": Door(OFFICER, lambda *_: {"reason": "x"}, text=("reason",)),
        ENFORCEMENT + "/rounds": Door(
            APPROVER, lambda *_: {"reserve_price": yuan("1.00")}, amount=("reserve_price", "amount")
        ),
        ENFORCEMENT + "/result": Door(
            OFFICER,
            _sale,
            amount=("winners", 0, "amount", "amount"),
            text=("reference",),
            identifier=("winners", 0, "buyer_uscc"),
        ),
        ENFORCEMENT + "/transfer": Door(OFFICER, _nothing),
        "/v1/clients": Door(SECURITY, _client, text=("person",), identifier=("keys", 0, "public_key", "x")),
        "/v1/clients/{client}/approve": Door(SECURITY, _nothing),
        "/v1/clients/{client}/reject": Door(SECURITY, lambda *_: {"reason": "x"}, text=("reason",)),
        "/v1/clients/{client}/suspend": Door(SECURITY, lambda *_: {"reason": "x"}, text=("reason",)),
        "/v1/clients/{client}/reinstate": Door(SECURITY, _nothing),
        "/v1/clients/{client}/keys": Door(
            SECURITY, _client_key, identifier=("public_key", "x"), integer=("overlap_seconds",)
        ),
        "/v1/clients/{client}/keys/{thumbprint}/approve": Door(SECURITY, _nothing),
        "/v1/clients/{client}/keys/{thumbprint}/reject": Door(SECURITY, lambda *_: {"reason": "x"}, text=("reason",)),
        "/v1/clients/{client}/keys/{thumbprint}/revoke": Door(SECURITY, lambda *_: {"reason": "x"}, text=("reason",)),
        "/v1/searches": Door(ENTERPRISE, lambda *_: {"by": "uscc", "value": HOLDER}, identifier=("value",)),
        "/v1/pledges/{pledge}/documents": Door(OFFICER, _document, text=("title",), identifier=("sha256",)),
        "/v1/pledges/{pledge}/document-demands": Door(OFFICER, lambda *_: {"kinds": ["other"]}, text=("kinds", 0)),
    }
)
