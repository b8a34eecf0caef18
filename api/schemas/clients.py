"""Bodies of clients and their keys (contract section 2)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from api.schemas.wire import Choice, InstantReply, Items, NameString, ReplyModel, WireModel
from domain.ports.identity import KeyPurpose
from domain.use_cases.rotate_keys import OVERLAP_SECONDS_MAX
from domain.values.actors import Role

CLIENT_ID_PATTERN = r"^[a-z0-9][a-z0-9.-]{2,63}$"
KEY_ID_PATTERN = r"^[A-Za-z0-9._~:-]{1,128}$"
COORDINATE_PATTERN = r"^[A-Za-z0-9_-]{43}$"
KEYS_MAX = 8

ClientId = Annotated[str, Field(pattern=CLIENT_ID_PATTERN, examples=["bank-a.officer"])]
TenantId = Annotated[str, Field(pattern=CLIENT_ID_PATTERN, examples=["bank-a"])]
Coordinate = Annotated[str, Field(pattern=COORDINATE_PATTERN)]


def _parsed(value: object) -> object:
    """Return a moment; a number is not one on this wire."""
    if not isinstance(value, str):
        kind, message = "string_type", "a string is expected"
        raise PydanticCustomError(kind, message)
    return value


def _of_this_age(moment: AwareDatetime) -> AwareDatetime:
    if not 2000 <= moment.year <= 2200:  # noqa: PLR2004 - years that a key can name
        kind, message = "moment", "a moment between the years 2000 and 2200"
        raise PydanticCustomError(kind, message)
    return moment


Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_parsed),
    AfterValidator(_of_this_age),
    Field(strict=False, examples=["2026-12-01T00:00:00+08:00"]),
]


class PublicKeyBody(WireModel):
    """A public key on P-256 by value (RFC 7517); any other member, a private one above all, is refused."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Coordinate
    y: Coordinate
    kid: Annotated[str, Field(pattern=KEY_ID_PATTERN)] | None = None
    use: Literal["sig"] | None = None
    alg: Literal["ES256"] | None = None


class KeyRequest(WireModel):
    """A key to put forward: for tokens or for orders, in force within an interval."""

    purpose: Choice[KeyPurpose]
    public_key: PublicKeyBody
    valid_from: Moment | None = None
    valid_until: Moment | None = None


class RotationRequest(KeyRequest):
    """A key that may replace another of the same purpose, which ends `overlap_seconds` after the approval."""

    replaces: Annotated[str, Field(pattern=COORDINATE_PATTERN)] | None = None
    overlap_seconds: Annotated[int, Field(ge=0, le=OVERLAP_SECONDS_MAX)] = 86_400


class ClientRequest(WireModel):
    """A client to put forward with its keys; `person` names the natural person behind a platform administrator."""

    id: ClientId
    tenant: TenantId
    role: Choice[Role]
    person: NameString | None = None
    keys: Annotated[Items[KeyRequest], Field(min_length=1, max_length=KEYS_MAX)]


class DecisionReply(ReplyModel):
    """Who put it forward, who decided last, and why."""

    proposed_by: str | None
    proposed_at: InstantReply | None
    decided_by: str | None
    decided_at: InstantReply | None
    reason: str | None


class KeyReply(ReplyModel):
    """A registered key; `thumbprint` (RFC 7638) is its name in addresses, `key_id` what its signatures name."""

    thumbprint: str
    key_id: str
    purpose: Literal["token", "order"]
    state: Literal["proposed", "active", "rejected", "revoked"]
    public_key: dict[str, str]
    valid_from: InstantReply | None
    valid_until: InstantReply | None
    revoked_at: InstantReply | None
    replaces: str | None
    decision: DecisionReply


class ClientReply(ReplyModel):
    """A registered client."""

    id: str
    tenant: str
    role: str
    person: str | None
    status: Literal["proposed", "active", "suspended", "rejected"]
    reinstatement_by: str | None
    keys: list[KeyReply]
    decision: DecisionReply
    version: int


class ClientPage(ReplyModel):
    """A page of clients."""

    items: list[ClientReply]
    next_cursor: str | None
