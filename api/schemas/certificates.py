"""Bodies of certificates (contract section 5), and what the public address tells."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from api.schemas.searches import HolderReply
from api.schemas.wire import Choice, DateString, InstantReply, MoneyBody, QuantityBody, ReplyModel
from domain.pledges.certificates import CertificateKind
from domain.pledges.pledges import Register, RegistrationStatus, ReleaseReason, SecuredKind, SecurityType
from domain.values.pollutants import Pollutant


class CertifiedPartyReply(ReplyModel):
    """A party; the name is none where only the code is known."""

    uscc: str
    name: str | None


class CertifiedRegistrationReply(ReplyModel):
    """An entry at a register as it stood."""

    register_: Annotated[Choice[Register], Field(alias="register")]
    position: int
    status: Choice[RegistrationStatus]
    reference: str | None
    registered_at: InstantReply | None


class CertifiedItemReply(ReplyModel):
    """A quantity of one right as it stood."""

    registry: str
    registry_no: str
    permit_no: str
    holder: HolderReply
    pollutant: Choice[Pollutant]
    quantity: QuantityBody
    valid_to: DateString | None


class CertifiedClaimReply(ReplyModel):
    """The secured claim."""

    amount: MoneyBody
    kind: Choice[SecuredKind]
    scope: list[str]
    claims_from: DateString | None
    claims_to: DateString | None


class RankReply(ReplyModel):
    """The place of an item among what lies on its right, by time; none once it is released."""

    registry_no: str
    register_: Annotated[Choice[Register] | None, Field(alias="register")]
    rank: int | None


class CertifiedMemberReply(ReplyModel):
    """A bank of the syndicate with its share of the claim, as a fraction."""

    role: Literal["agent", "participant"]
    uscc: str
    name: str
    share: str


class StatementReply(ReplyModel):
    """What a certificate says: exactly this, in canonical JSON, is signed and has the digest.

    `syndicate` stands only in a syndicate's certificates, so that what was signed before it was known stays as it was.
    """

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    number: str
    kind: Choice[CertificateKind]
    pledge_id: str
    issued_at: InstantReply
    pledgee: CertifiedPartyReply
    pledgors: list[CertifiedPartyReply]
    security_type: Choice[SecurityType]
    registrations: list[CertifiedRegistrationReply]
    items: list[CertifiedItemReply]
    secured: CertifiedClaimReply
    ranks: list[RankReply]
    release_reason: Choice[ReleaseReason] | None
    syndicate: list[CertifiedMemberReply] | None = None


class CertificateReply(StatementReply):
    """A certificate: its statement, and what proves it."""

    digest: str
    jws: str
    verify_url: str
    sheet_sha256: str


class CertificateSummaryReply(ReplyModel):
    """A certificate in a list."""

    number: str
    kind: Choice[CertificateKind]
    issued_at: InstantReply
    digest: str
    verify_url: str


class CertificatePage(ReplyModel):
    """A pledge's certificates, oldest first."""

    items: list[CertificateSummaryReply]
    next_cursor: str | None


class VerificationReply(ReplyModel):
    """What the public address tells to whoever holds the certificate: what it says, and its signature."""

    statement: StatementReply
    digest: str
    jws: str
