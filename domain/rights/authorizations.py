"""An enterprise's dated consent that a bank or portal may see and verify its rights."""

from dataclasses import dataclass
from datetime import date, datetime

from domain.errors import DomainError
from domain.values.identifiers import Uscc


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """A consent: who may see, what for, from when to when (both days included), on which document."""

    id: str
    enterprise_uscc: Uscc
    grantee: str
    scope: tuple[str, ...]
    valid_from: date
    valid_to: date
    document: dict[str, str]
    created_by: str
    created_at: datetime


@dataclass(eq=False)
class InvalidPeriod(DomainError):
    """Refuse a period that ends before it starts."""

    code = "invalid_period"

    start: date
    end: date


@dataclass(eq=False)
class InvalidGrantee(DomainError):
    """Refuse a grantee or pledgee that is no bank or portal we know."""

    code = "invalid_grantee"

    grantee: str


@dataclass(eq=False)
class Forbidden(DomainError):
    """Refuse an act that this role or party may not do."""

    code = "forbidden"

    action: str


@dataclass(eq=False)
class NotFound(DomainError):
    """Say that there is no such thing for this caller: absent and foreign are the same."""

    code = "not_found"

    kind: str


@dataclass(eq=False)
class AuthorizationRequired(DomainError):
    """Refuse a bank or portal that has no valid consent of the enterprise."""

    code = "authorization_required"

    enterprise_uscc: str
