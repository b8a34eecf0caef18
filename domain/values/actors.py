"""Who acts: a client of a tenant, in one role.

A person is a client. The tenant comes only from the access token (house decision 9); `uscc` is set where the tenant
is a legal person, `division` where it is an authority and says which place it answers for.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.values.identifiers import Division, Uscc


class Role(StrEnum):
    """The roles of contract section 2; the three platform roles exclude each other."""

    BANK_OFFICER = "bank_officer"
    BANK_APPROVER = "bank_approver"
    ENTERPRISE = "enterprise"
    AUTHORITY = "authority"
    EXCHANGE = "exchange"
    PORTAL = "portal"
    FUND = "fund"
    AUDITOR = "auditor"
    PLATFORM_OPS = "platform_ops"
    PLATFORM_SECURITY = "platform_security"
    PLATFORM_AUDIT = "platform_audit"

    @property
    def of_a_bank(self) -> bool:
        """Tell whether a person in this role acts for a bank."""
        return self in {Role.BANK_OFFICER, Role.BANK_APPROVER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The caller of a command, as the token says."""

    client_id: str
    tenant: str
    role: Role
    uscc: Uscc | None
    division: Division | None

    @property
    def parties(self) -> tuple[str, ...]:
        """Return the names under which rows may be the caller's: the tenant, and its USCC where it has one."""
        return (self.tenant,) if self.uscc is None else (self.tenant, self.uscc)


WORKER = Actor(client_id="greenlien.worker", tenant="greenlien", role=Role.PLATFORM_OPS, uscc=None, division=None)
"""Ourselves, where a background job writes the audit trail."""
