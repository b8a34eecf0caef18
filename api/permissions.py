"""Permissions: which verb each role has; absence is refusal.

A scope is a noun and a verb, and a route names exactly one. Whether this very pledge may be released by this very
person is a rule of the business and is asked there: both officers and approvers may order and approve a release here,
because "a second person of the same bank" is about persons, and the refusal should say so (`same_person`), not
`forbidden`. The three platform roles exclude each other, and none of them reads business data by its role alone.

Source: contract sections 2 to 7; separation of the three administrators as JR/T 0071 asks for it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from domain.values.actors import Role

BANK: Final = frozenset({Role.BANK_OFFICER, Role.BANK_APPROVER})
PARTIES: Final = BANK | {Role.ENTERPRISE}
READERS: Final = PARTIES | {Role.AUTHORITY, Role.PORTAL, Role.FUND}
EVERYONE: Final = frozenset(Role)

PERMISSION: Final = "permission"
BODY: Final = "body"
PATIENCE: Final = "patience_seconds"
SIGNED: Final = "signed"
SECONDS: Final = "seconds"

PERMISSIONS: Final[Mapping[str, frozenset[Role]]] = MappingProxyType(
    {
        "authorization:grant": frozenset({Role.ENTERPRISE}),
        "authorization:read": PARTIES | {Role.PORTAL},
        "right:verify": PARTIES | {Role.PORTAL},
        "right:read": READERS,
        "right:appraise": BANK,
        "appraisal:read": BANK,
        "appraisal:approve": BANK,
        "policy:read": BANK,
        "policy:propose": BANK,
        "policy:approve": BANK,
        "hold:read": READERS,
        "hold:post": frozenset({Role.AUTHORITY}),
        "reconciliation:read": BANK | {Role.AUTHORITY, Role.PLATFORM_OPS},
        "reconciliation:run": frozenset({Role.AUTHORITY, Role.PLATFORM_OPS}),
        "reconciliation:settle": frozenset({Role.AUTHORITY, Role.PLATFORM_OPS}),
        "trade:report": frozenset({Role.EXCHANGE, Role.AUTHORITY, Role.BANK_OFFICER}),
        "trade:read": READERS | {Role.EXCHANGE},
        "affiliation:state": frozenset({Role.EXCHANGE, Role.AUTHORITY}),
        "affiliation:read": frozenset({Role.EXCHANGE, Role.AUTHORITY}),
        "price:read": READERS | {Role.EXCHANGE},
        "valuation:create": READERS,
        "valuation:read": READERS,
        "account:state": frozenset({Role.EXCHANGE}),
        "account:read": BANK | {Role.EXCHANGE},
        "loan:create": frozenset({Role.BANK_OFFICER}),
        "loan:record": frozenset({Role.BANK_OFFICER}),
        "loan:read": BANK,
        "pledge:create": PARTIES,
        "pledge:read": READERS,
        "pledge:submit": PARTIES,
        "pledge:verify_quantities": frozenset({Role.AUTHORITY}),
        "pledge:approve_loan": frozenset({Role.BANK_APPROVER}),
        "pledge:confirm": frozenset({Role.ENTERPRISE}),
        "pledge:request_correction": BANK | {Role.AUTHORITY},
        "pledge:reject": BANK | {Role.AUTHORITY},
        "pledge:withdraw": PARTIES,
        "syndicate:accept": frozenset({Role.BANK_APPROVER}),
        "pledge:import": BANK,
        "pledge:import_approve": BANK,
        "pledge:amend": BANK,
        "amendment:consent": frozenset({Role.ENTERPRISE}),
        "amendment:approve": BANK,
        "amendment:accept": frozenset({Role.BANK_APPROVER}),
        "amendment:reject": PARTIES,
        "compensation:report": BANK,
        "compensation:approve": BANK,
        "document:add": PARTIES,
        "document:read": READERS,
        "document:demand": BANK,
        "certificate:read": READERS,
        "release:order": BANK,
        "release:approve": BANK,
        "enforcement:order": BANK,
        "enforcement:approve": BANK,
        "enforcement:report": BANK,
        "enforcement:meet": PARTIES | {Role.AUTHORITY},
        "enforcement:stay": BANK | {Role.AUTHORITY},
        "search:create": PARTIES | {Role.AUTHORITY, Role.PORTAL},
        "search:read": PARTIES | {Role.AUTHORITY, Role.PORTAL},
        "registration:order": BANK,
        "registration:object": frozenset({Role.ENTERPRISE}),
        "registry_task:work": frozenset({Role.AUTHORITY, Role.PLATFORM_OPS}),
        "exception:read": BANK | {Role.PLATFORM_OPS},
        "exception:work": BANK | {Role.PLATFORM_OPS},
        "metrics:read": frozenset({Role.PLATFORM_OPS}),
        "event:read": READERS | {Role.EXCHANGE},
        "webhook:manage": BANK | {Role.PORTAL, Role.FUND},
        "jurisdiction:read": EVERYONE,
        "client:read": frozenset({Role.PLATFORM_SECURITY, Role.AUDITOR}),
        "client:propose": frozenset({Role.PLATFORM_SECURITY}),
        "client:approve": frozenset({Role.PLATFORM_SECURITY}),
        "client:suspend": frozenset({Role.PLATFORM_SECURITY}),
        "audit:read": frozenset({Role.AUDITOR, Role.PLATFORM_AUDIT}),
        "order:read": PARTIES | {Role.AUTHORITY, Role.AUDITOR},
        "audit:checkpoint": frozenset({Role.AUDITOR, Role.PLATFORM_AUDIT}),
    }
)
"""A route's permission: the roles that have it."""

_SCOPES: Final[Mapping[Role, frozenset[str]]] = MappingProxyType(
    {role: frozenset(permission for permission, roles in PERMISSIONS.items() if role in roles) for role in Role}
)


def scopes_of(role: Role) -> frozenset[str]:
    """Return every scope of a role."""
    return _SCOPES[role]


def needs(permission: str, *, body: str = "json") -> dict[str, Any]:
    """Return the `opt` of a route that needs a permission; `body` is json, form, upload, json_or_upload or none.

    Raises:
        KeyError: no such permission stands in the table.
    """
    if permission not in PERMISSIONS:
        raise KeyError(permission)
    return {PERMISSION: permission, BODY: body}


def orders(permission: str, *, seconds: str | None = None) -> dict[str, Any]:
    """Return the `opt` of a route that takes an order: it wants `Order-Signature` beside the permission.

    `seconds` is the path of what a second person approves here, with the names of this route's own path in it; that
    order must be signed by another key.
    """
    return {**needs(permission), SIGNED: True, SECONDS: seconds}


def patient(opt: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Return the `opt` of a route whose answer may take longer than others' to begin, as a long poll does."""
    return {**opt, PATIENCE: seconds}


def public(*, body: str = "json") -> dict[str, Any]:
    """Return the `opt` of a route that anybody may call without a token; `raw` is a body in another's format."""
    return {PERMISSION: None, BODY: body}
