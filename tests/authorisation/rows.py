"""The table: each route, whose thing its address names, which roles may, and which of those such a thing belongs to.

It is written by hand and says again what `api.permissions` and the policies of the database say, so that a mistake in
either is seen: a test asks every cell. A route without a row fails the build. To add one, add a line: method and path
as the router has them, what the address names (a key of `world.furnished`'s things, "" for a list or a creation), and
the roles. `of` names those roles that have such a thing where not every one has; to the others it is not there.

Source: contract sections 2 to 7; facts of the business: a debt is the bank's alone, a search its tenant's alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from domain.values.actors import Role

OFFICER, APPROVER, ENTERPRISE, AUTHORITY = Role.BANK_OFFICER, Role.BANK_APPROVER, Role.ENTERPRISE, Role.AUTHORITY
EXCHANGE, PORTAL, FUND, AUDITOR, OPS = Role.EXCHANGE, Role.PORTAL, Role.FUND, Role.AUDITOR, Role.PLATFORM_OPS
SECURITY, PLATFORM_AUDIT = Role.PLATFORM_SECURITY, Role.PLATFORM_AUDIT
BANK: Final = frozenset({OFFICER, APPROVER})
PARTIES: Final = BANK | {ENTERPRISE}
READERS: Final = PARTIES | {AUTHORITY, PORTAL, FUND}
CLERKS: Final = frozenset({AUTHORITY, OPS})
CLERK: Final = frozenset({AUTHORITY})
"""A task is the authority's of its division; the platform's own people see those that no authority has."""
EVERYONE: Final = frozenset(Role)

Roles = frozenset[Role]


@dataclass(frozen=True)
class Row:
    """One route's line; `roles` is none where no token is asked for, and `body` is sent where it says one."""

    thing: str
    roles: Roles | None
    of: Roles | None = None
    body: Mapping[str, Any] | None = None

    @property
    def owners(self) -> Roles:
        """Return the roles that have such a thing."""
        roles = self.roles or frozenset()
        return roles if self.of is None else roles & self.of


PLEDGE: Final = PARTIES | {AUTHORITY}
"""Who sees a pledge: its parties, and the authority of the right's division."""
RIGHT: Final = PARTIES | {AUTHORITY, PORTAL}
"""Who sees a right: its holder, the authority, the pledgee, and whoever has the holder's consent; no fund has one."""


def _on_pledge(verb: str, roles: Roles | set[Role], thing: str = "pledge") -> tuple[str, Row]:
    return f"POST /v1/pledges/{{pledge_id}}/{verb}", Row(thing, frozenset(roles))


def _of_pledge(part: str, thing: str = "pledge", of: Roles = PLEDGE, roles: Roles = READERS) -> tuple[str, Row]:
    return f"GET /v1/pledges/{{pledge_id}}/{part}", Row(thing, roles, of)


RIGHTS: Final = {
    "POST /v1/authorizations": Row("", frozenset({ENTERPRISE})),
    "GET /v1/authorizations/{authorization_id}": Row("authorization", PARTIES | {PORTAL}, PARTIES),
    "POST /v1/rights/verifications": Row("", PARTIES | {PORTAL}),
    "GET /v1/rights/verifications/{verification_id}": Row("verification", PARTIES | {PORTAL}, frozenset({ENTERPRISE})),
    "GET /v1/rights": Row("", READERS),
    "GET /v1/rights/{right_id}": Row("right", READERS, RIGHT),
    "GET /v1/rights/{right_id}/holds": Row("right", READERS, RIGHT),
    "POST /v1/rights/{right_id}/holds": Row("right", frozenset({AUTHORITY})),
    "POST /v1/rights/{right_id}/holds/{hold_id}/lift": Row("hold", frozenset({AUTHORITY})),
    "POST /v1/searches": Row("", PARTIES | {AUTHORITY, PORTAL}),
    "GET /v1/searches/{search_id}": Row("search", PARTIES | {AUTHORITY, PORTAL}, BANK),
    "POST /v1/reconciliation/runs": Row("", CLERKS),
    "GET /v1/reconciliation/runs/{run_id}": Row("run", CLERKS),
    "GET /v1/reconciliation/cases": Row("", BANK | CLERKS),
    "POST /v1/reconciliation/cases/{case_id}/acknowledge": Row("case", CLERKS),
    "POST /v1/reconciliation/cases/{case_id}/resolve": Row("case", CLERKS),
    "GET /v1/registry-tasks": Row("", CLERKS),
    "GET /v1/registry-tasks/{task_id}": Row("task", CLERKS, CLERK),
    "POST /v1/registry-tasks/{task_id}/answer": Row("task", CLERKS, CLERK),
    "POST /v1/registry-tasks/{task_id}/confirm": Row("task", CLERKS, CLERK),
    "POST /v1/registry-tasks/{task_id}/return": Row("task", CLERKS, CLERK),
}
MARKET: Final = {
    "GET /v1/market/trades": Row("", READERS | {EXCHANGE}),
    "POST /v1/market/trades": Row("", frozenset({EXCHANGE, AUTHORITY, OFFICER})),
    "GET /v1/market/imports": Row("", frozenset({EXCHANGE, AUTHORITY, OFFICER})),
    "POST /v1/market/imports": Row("", frozenset({EXCHANGE, AUTHORITY, OFFICER})),
    "GET /v1/market/imports/{import_id}": Row(
        "import", frozenset({EXCHANGE, AUTHORITY, OFFICER}), frozenset({EXCHANGE})
    ),
    "GET /v1/market/affiliations": Row("", frozenset({EXCHANGE, AUTHORITY})),
    "POST /v1/market/affiliations": Row("", frozenset({EXCHANGE, AUTHORITY})),
    "GET /v1/market/prices": Row("", READERS | {EXCHANGE}),
    "GET /v1/market/indices/zhejiang": Row("", READERS | {EXCHANGE}),
    "POST /v1/valuations": Row("", READERS),
    "GET /v1/valuations/due": Row("", BANK),
    "GET /v1/valuations/{valuation_id}": Row("valuation", READERS, PLEDGE),
    "GET /v1/valuations/{valuation_id}/evidence": Row("valuation", READERS, PLEDGE),
    "GET /v1/valuations/{valuation_id}/inputs": Row("valuation", READERS, PLEDGE),
    "GET /v1/rights/{right_id}/appraisals": Row("right", BANK),
    "POST /v1/rights/{right_id}/appraisals": Row("right", BANK),
    "POST /v1/rights/{right_id}/appraisals/{appraisal_id}/approve": Row("appraisal", BANK),
    "POST /v1/rights/{right_id}/appraisals/{appraisal_id}/reject": Row("appraisal", BANK),
    "GET /v1/rights/{right_id}/adopted-value": Row("right", BANK),
    "GET /v1/rights/{right_id}/adopted-values": Row("right", BANK),
    "POST /v1/rights/{right_id}/adopted-values": Row("right", BANK),
    "POST /v1/rights/{right_id}/adopted-values/{adoption_id}/approve": Row("adoption", BANK),
    "POST /v1/rights/{right_id}/adopted-values/{adoption_id}/reject": Row("adoption", BANK),
    "GET /v1/policies/valuation": Row("", BANK),
    "POST /v1/policies/valuation": Row("", BANK),
    "POST /v1/policies/valuation/{policy_id}/approve": Row("policy", BANK),
    "POST /v1/policies/valuation/{policy_id}/reject": Row("policy", BANK),
}
PLEDGES: Final = {
    "POST /v1/loans": Row("", frozenset({OFFICER})),
    "GET /v1/loans/{loan_id}": Row("loan", BANK),
    "POST /v1/loans/{loan_id}/events": Row("loan", frozenset({OFFICER})),
    "GET /v1/pledges": Row("", READERS),
    "POST /v1/pledges": Row("", PARTIES),
    "GET /v1/pledges/{pledge_id}": Row("pledge", READERS, PLEDGE),
    **dict(
        [
            _of_pledge("history"),
            _of_pledge("coverage", of=PARTIES),
            _of_pledge("valuations"),
            _of_pledge("amendments"),
            _of_pledge("amendments/{amendment_id}", "amendment"),
            _of_pledge("enforcements"),
            _of_pledge("enforcements/{enforcement_id}", "enforcement"),
            _of_pledge("registrations/notice-registry"),
            _of_pledge("documents"),
            _of_pledge("documents/{document_id}", "document"),
            _of_pledge("document-demands"),
            _of_pledge("certificate", "active"),
            _of_pledge("certificates"),
            _on_pledge("submit", PARTIES),
            _on_pledge("verify-quantities", {AUTHORITY}),
            _on_pledge("approve-loan", {APPROVER}),
            _on_pledge("confirm", {ENTERPRISE}),
            _on_pledge("request-correction", BANK | {AUTHORITY}),
            _on_pledge("reject", BANK | {AUTHORITY}),
            _on_pledge("withdraw", PARTIES),
            _on_pledge("release", BANK),
            _on_pledge("release/approve", BANK),
            _on_pledge("release/cancel", BANK),
            _on_pledge("amendments", BANK),
            _on_pledge("amendments/{amendment_id}/consent", {ENTERPRISE}, "amendment"),
            _on_pledge("amendments/{amendment_id}/approve", BANK, "amendment"),
            _on_pledge("amendments/{amendment_id}/withdraw", BANK, "amendment"),
            _on_pledge("amendments/{amendment_id}/reject", PARTIES, "amendment"),
            _on_pledge("enforcements", BANK),
            _on_pledge("enforcements/{enforcement_id}/approve", BANK, "enforcement"),
            _on_pledge(
                "enforcements/{enforcement_id}/conditions/{condition_id}/met", PARTIES | {AUTHORITY}, "enforcement"
            ),
            _on_pledge("enforcements/{enforcement_id}/stay", BANK | {AUTHORITY}, "enforcement"),
            _on_pledge("enforcements/{enforcement_id}/lift-stay", BANK | {AUTHORITY}, "enforcement"),
            _on_pledge("enforcements/{enforcement_id}/end", BANK, "enforcement"),
            _on_pledge("enforcements/{enforcement_id}/rounds", BANK, "enforcement"),
            _on_pledge("enforcements/{enforcement_id}/result", BANK, "enforcement"),
            _on_pledge("enforcements/{enforcement_id}/transfer", BANK, "enforcement"),
            _on_pledge("registrations", BANK),
            _on_pledge("registrations/notice-registry/amend", BANK),
            _on_pledge("registrations/notice-registry/extend", BANK),
            _on_pledge("registrations/notice-registry/discharge", BANK),
            _on_pledge("registrations/notice-registry/object", {ENTERPRISE}),
            _on_pledge("documents", PARTIES),
            _on_pledge("document-demands", BANK),
        ]
    ),
}
OTHERS: Final = {
    "GET /v1/events": Row("", READERS | {EXCHANGE}),
    "GET /v1/audit": Row("", frozenset({AUDITOR, PLATFORM_AUDIT})),
    "GET /v1/jurisdictions/{division}/rules": Row("division", EVERYONE),
    "GET /verify/{number}": Row("certificate", None),
    "POST /v1/registries/{registry}/callbacks": Row("registry", None, body={}),
    "GET /health": Row("", None),
    "GET /health/ready": Row("", None),
    "POST /oauth/token": Row("", None),
    "GET /.well-known/jwks.json": Row("", None),
    "GET /.well-known/oauth-authorization-server": Row("", None),
    "GET /openapi.json": Row("", None),
    "GET /schema": Row("", None),
    "GET /schema/{path}": Row("page", None),
    "GET /schema/openapi.json": Row("", None),
}
_CLIENT: Final = frozenset({SECURITY})
_BANKS_OWN: Final = BANK | {AUDITOR}
_HOOK: Final = BANK | {PORTAL, FUND}
_WORKERS: Final = BANK | {OPS}
LATER: Final = {
    "GET /metrics": Row("", frozenset({OPS})),
    "POST /v1/audit/checkpoints": Row("", frozenset({AUDITOR, PLATFORM_AUDIT})),
    "GET /v1/audit/checkpoints": Row("", frozenset({AUDITOR, PLATFORM_AUDIT})),
    "GET /v1/audit/export": Row("", frozenset({AUDITOR, PLATFORM_AUDIT})),
    "GET /v1/orders": Row("", PARTIES | {AUTHORITY, AUDITOR}),
    "GET /v1/orders/{order_id}": Row("order", PARTIES | {AUTHORITY, AUDITOR}, _BANKS_OWN),
    "GET /v1/orders/{order_id}/receipt": Row("order", PARTIES | {AUTHORITY, AUDITOR}, _BANKS_OWN),
    "GET /v1/clients": Row("", frozenset({SECURITY, AUDITOR})),
    "POST /v1/clients": Row("", _CLIENT),
    "GET /v1/clients/{client_id}": Row("client", frozenset({SECURITY, AUDITOR})),
    **{f"POST /v1/clients/{{client_id}}/{verb}": Row("client", _CLIENT) for verb in ("approve", "reject", "keys")},
    **{f"POST /v1/clients/{{client_id}}/{verb}": Row("client", _CLIENT) for verb in ("suspend", "reinstate")},
    **{
        f"POST /v1/clients/{{client_id}}/keys/{{thumbprint}}/{verb}": Row("client key", _CLIENT)
        for verb in ("approve", "reject", "revoke")
    },
    "GET /v1/exceptions": Row("", _WORKERS),
    "GET /v1/exceptions/{exception_id}": Row("exception", _WORKERS),
    **{
        f"POST /v1/exceptions/{{exception_id}}/{verb}": Row("exception", _WORKERS)
        for verb in ("acknowledge", "annotate", "resolve", "confirm")
    },
    "GET /v1/pledges/imports": Row("", BANK),
    "POST /v1/pledges/imports": Row("", BANK),
    "GET /v1/pledges/imports/{batch_id}": Row("batch", BANK),
    "POST /v1/pledges/imports/{batch_id}/approve": Row("batch", BANK),
    "POST /v1/pledges/imports/{batch_id}/reject": Row("batch", BANK),
    **dict(
        [
            _of_pledge("compensations"),
            _of_pledge("compensations/{compensation_id}", "compensation"),
            _on_pledge("compensations", BANK),
            _on_pledge("compensations/{compensation_id}/approve", BANK, "compensation"),
            _on_pledge("compensations/{compensation_id}/end-deposit", BANK, "compensation"),
            _on_pledge("compensations/{compensation_id}/reject", BANK, "compensation"),
            _on_pledge("syndicate/accept", {APPROVER}, "shared"),
            _on_pledge("third-party-consent", {ENTERPRISE}),
        ]
    ),
    "GET /v1/settlement-accounts": Row("", BANK | {EXCHANGE}),
    "POST /v1/settlement-accounts": Row("", frozenset({EXCHANGE})),
    "POST /v1/pledges/{pledge_id}/amendments/{amendment_id}/accept": Row("offer", frozenset({APPROVER})),
    "GET /v1/webhooks": Row("", _HOOK),
    "POST /v1/webhooks": Row(
        "", _HOOK, body=MappingProxyType({"url": "https://127.0.0.1/hook", "event_types": ["pledge.active"]})
    ),
    "GET /v1/webhooks/{webhook_id}": Row("webhook", _HOOK, BANK),
    "PATCH /v1/webhooks/{webhook_id}": Row(
        "webhook", _HOOK, BANK, MappingProxyType({"event_types": ["pledge.active"]})
    ),
    "DELETE /v1/webhooks/{webhook_id}": Row("webhook", _HOOK, BANK),
    "GET /v1/webhooks/{webhook_id}/deliveries": Row("webhook", _HOOK, BANK),
    "POST /v1/webhooks/{webhook_id}/rotate-secret": Row("webhook", _HOOK, BANK, MappingProxyType({})),
    "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay": Row(
        "delivery", _HOOK, BANK, MappingProxyType({})
    ),
}

ROWS: Final[Mapping[str, Row]] = MappingProxyType({**RIGHTS, **MARKET, **PLEDGES, **OTHERS, **LATER})

SEEN_BY_ALL: Final = frozenset({"division", "page"})
"""What an address may name that is nobody's: rules are law."""
