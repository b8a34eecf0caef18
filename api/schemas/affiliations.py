"""Bodies of links between enterprises."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from api.schemas.wire import (
    DateString,
    InstantReply,
    Items,
    NameString,
    ReplyModel,
    UsccString,
    WireModel,
    accepted,
)
from domain.market.groups import Affiliation

Ground = Literal["control", "common_control", "same_actual_controller", "kinship", "agency", "other"]
"""Why two enterprises act as one: one controls the other, a third controls both, and so on."""


class AffiliationRequest(WireModel):
    """Say that two enterprises belong together, from a day, through another where it has ended."""

    class Document(WireModel):
        """The paper that says so."""

        name: NameString
        sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None

    parties: Annotated[Items[UsccString], Field(min_length=2, max_length=2)]
    since: DateString
    until: DateString | None = None
    ground: Ground
    document: Document | None = None

    @model_validator(mode="after")
    def _well_made(self) -> Self:
        accepted(self.to_domain)
        return self

    def to_domain(self) -> Affiliation:
        """Return the link; raises InvalidIdentifier or InvalidDate."""
        one, other = self.parties
        return Affiliation.between(one, other, since=self.since, until=self.until, ground=self.ground)


class AffiliationReply(ReplyModel):
    """A link between two enterprises."""

    id: str
    parties: list[UsccString]
    since: DateString
    until: DateString | None
    ground: str
    document: dict[str, str] | None
    shared: bool
    created_at: InstantReply


class AffiliationPage(ReplyModel):
    """A page of links."""

    items: list[AffiliationReply]
    next_cursor: str | None
