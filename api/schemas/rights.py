"""Bodies of rights, verifications, holds and authorizations (contract sections 2 and 3)."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.estimates import ExpectedReply
from api.schemas.wire import (
    Choice,
    DateString,
    DivisionString,
    InstantReply,
    Items,
    MoneyBody,
    NameString,
    NoteString,
    PermitNoString,
    QuantityBody,
    RegistryNoString,
    ReplyModel,
    UsccString,
    WireModel,
    text_string,
)
from domain.rights.holds import Blocked, HoldKind, HoldState
from domain.rights.rights import Origin, RightStatus, Tenure
from domain.rights.verifications import VerificationStatus
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant

RegistryName = Annotated[str, text_string(40)]
TenantName = Annotated[str, text_string(64)]


class VerificationRequest(WireModel):
    """Verify a right by its registry number, or every right of a permit."""

    registry: RegistryName
    registry_no: RegistryNoString | None = None
    permit_no: PermitNoString | None = None
    holder_uscc: UsccString
    pollutant: Choice[Pollutant] | None = None

    @model_validator(mode="after")
    def _one_number(self) -> Self:
        if (self.registry_no is None) == (self.permit_no is None):
            kind, message = "one_number", "name either registry_no or permit_no"
            raise PydanticCustomError(kind, message)
        return self


class AuthorizationRequest(WireModel):
    """An enterprise's consent; `document` names the signed paper."""

    class Document(WireModel):
        """The signed paper behind the consent."""

        name: NameString
        sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None

    enterprise_uscc: UsccString
    grantee: TenantName
    scope: Items[Literal["rights:read", "rights:verify"]]
    valid_from: Annotated[DateString, Field(alias="from")]
    valid_to: Annotated[DateString, Field(alias="to")]
    document: Document


class AuthorizationReply(ReplyModel):
    """A consent."""

    id: str
    enterprise_uscc: UsccString
    grantee: str
    scope: list[str]
    valid_from: Annotated[DateString, Field(alias="from")]
    valid_to: Annotated[DateString, Field(alias="to")]
    document: dict[str, str]
    created_at: InstantReply


class HolderReply(ReplyModel):
    """Who holds the right, as the registry says."""

    uscc: str
    name: NoteString


class AcquisitionReply(ReplyModel):
    """How the holder came by the right."""

    basis: Literal["paid", "free"]
    amount: MoneyBody | None
    on: DateString | None
    fee_paid_through: DateString | None


class EvidenceReply(ReplyModel):
    """The registry's word: when it was given, and the digest of its answer."""

    status: Literal["verified", "pending", "stale"]
    verified_at: InstantReply
    as_of: InstantReply
    evidence_sha256: str


class ReasonReply(ReplyModel):
    """One reason against pledging, with the rule that says so."""

    code: str
    rule: str


class PledgeableReply(ReplyModel):
    """Whether the right may be pledged today."""

    eligible: bool
    reasons: list[ReasonReply]


class RightReply(ReplyModel):
    """A right (contract section 3)."""

    id: str
    registry: str
    registry_no: str
    permit_no: str
    holder: HolderReply
    instrument: Choice[Instrument]
    pollutant: Choice[Pollutant]
    vintage: int | None
    quantity: QuantityBody
    available: QuantityBody
    origin: Choice[Origin]
    acquisition: AcquisitionReply
    tenure: Choice[Tenure]
    valid_from: DateString
    valid_to: DateString | None
    predecessor_id: str | None
    successor_id: str | None
    division: DivisionString
    status: Choice[RightStatus]
    verification: EvidenceReply
    pledgeable: PledgeableReply
    version: int


class RightsReply(ReplyModel):
    """The rights that a verification found."""

    rights: list[RightReply]


class RightPage(ReplyModel):
    """A page of rights."""

    items: list[RightReply]
    next_cursor: str | None


class VerificationReply(ExpectedReply):
    """A verification that is still open, or what came of it."""

    id: str
    status: Choice[VerificationStatus]
    registry: str
    number: str
    refusal: str | None
    rights: list[RightReply]
    created_at: InstantReply
    finished_at: InstantReply | None


class HoldReply(ReplyModel):
    """A hold; of other tenants only kind, blocks and quantity."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    kind: Choice[HoldKind]
    blocks: list[Choice[Blocked]]
    quantity: QuantityBody
    id: str | None = None
    state: Choice[HoldState] | None = None
    since: InstantReply | None = None
    until: InstantReply | None = None
    reference: str | None = None


class HoldList(ReplyModel):
    """The live holds of a right."""

    items: list[HoldReply]
    next_cursor: str | None
