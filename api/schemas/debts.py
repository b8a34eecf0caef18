"""Bodies of what is owed, and of what a contract says of coverage (contract section 5)."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.wire import DateString, MoneyBody, RatioString, ReplyModel, WireModel


class OwedReply(ReplyModel):
    """What is owed of a loan at the beginning of a day: interest accrues from the contract's rate, actual/360."""

    principal: MoneyBody
    interest: MoneyBody
    penalty: MoneyBody
    fees: MoneyBody
    total: MoneyBody
    as_of: DateString


class DeterminationReply(ReplyModel):
    """When and by what the claims of a maximum amount were fixed (civil code art. 423)."""

    on: DateString
    event: str


def _share(share: Decimal) -> Decimal:
    if share <= 0:
        kind, message = "share", "a share is above zero"
        raise PydanticCustomError(kind, message)
    return share


Share = Annotated[RatioString, AfterValidator(_share)]


class CoverageTermsBody(WireModel):
    """The contract's own levels, as shares of the debt in the collateral value, and the days to cure a call.

    They count where they are stricter than ours; each must be no lower than the one before.
    """

    warning_above: Share | None = None
    call_above: Share | None = None
    close_out_above: Share | None = None
    cure_working_days: Annotated[int, Field(ge=1, le=250)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        shares = [share for share in (self.warning_above, self.call_above, self.close_out_above) if share is not None]
        if shares != sorted(shares):
            kind, message = "shares", "the shares rise from warning to call to close-out"
            raise PydanticCustomError(kind, message)
        return self
