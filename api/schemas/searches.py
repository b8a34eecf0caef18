"""Bodies of searches (contract section 5)."""

from typing import Annotated, Any, Final

from pydantic import Field, ValidationInfo, field_validator

from api.schemas.wire import Choice, InstantReply, QuantityBody, ReplyModel, WireModel, accepted, text_string
from domain.rights.holds import Blocked, HoldKind
from domain.rights.rights import RightStatus
from domain.rights.searches import Extent, SearchBy
from domain.values.identifiers import parse_permit_no, parse_registry_no, parse_uscc
from domain.values.pollutants import Pollutant

NUMBER_LENGTH_MAX: Final = 64
_READERS: Final[dict[SearchBy, Any]] = {
    SearchBy.REGISTRY_NO: parse_registry_no,
    SearchBy.PERMIT_NO: parse_permit_no,
    SearchBy.USCC: parse_uscc,
}


class SearchRequest(WireModel):
    """What to search for, in the spelling of its kind."""

    by: Choice[SearchBy]
    value: Annotated[str, text_string(NUMBER_LENGTH_MAX)]

    @field_validator("value")
    @classmethod
    def _spelled(cls, value: str, info: ValidationInfo) -> str:
        by = info.data.get("by")
        return value if by is None else str(accepted(_READERS[by], value))


class HolderReply(ReplyModel):
    """A holder by code and name."""

    uscc: str
    name: str


class EncumbranceReply(ReplyModel):
    """What lies on a right, whoever's it is; rank counts by time, the register's own where it has one."""

    kind: Choice[HoldKind]
    blocks: list[Choice[Blocked]]
    quantity: QuantityBody
    rank: int | None
    registered_at: InstantReply | None
    register_: Annotated[str | None, Field(alias="register")]


class SearchResultReply(ReplyModel):
    """A right that was found, and what lay on it."""

    right_id: str
    registry: str
    registry_no: str
    permit_no: str
    holder: HolderReply
    pollutant: Choice[Pollutant]
    quantity: QuantityBody
    available: QuantityBody
    status: Choice[RightStatus]
    as_of: InstantReply
    encumbrances: list[EncumbranceReply]


class SearchReply(ReplyModel):
    """A search as it was made; the digest covers all but the id and itself."""

    id: str
    number: str
    by: Choice[SearchBy]
    value: str
    searched_at: InstantReply
    as_of: InstantReply | None
    extent: Choice[Extent]
    results: list[SearchResultReply]
    similar: list[HolderReply]
    digest: str
