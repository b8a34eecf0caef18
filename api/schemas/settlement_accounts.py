"""Bodies of the exchanges' settlement accounts, and of the payee of a payment (contract section 5)."""

from typing import Annotated

from pydantic import Field

from api.schemas.rights import TenantName
from api.schemas.wire import DateString, InstantReply, NameString, ReplyModel, WireModel
from domain.loans.settlement_accounts import Payee

AccountNo = Annotated[str, Field(pattern=r"^[0-9A-Z]+(-[0-9A-Z]+)*$", min_length=4, max_length=40)]
"""A bank account's number as a payment order has it."""


class AccountSourceBody(WireModel):
    """The document in which the exchange names the account."""

    title: NameString
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class SettlementAccountRequest(WireModel):
    """An account of the caller's exchange, from a day on; it replaces the one before."""

    account_no: AccountNo
    account_name: NameString
    bank_name: NameString
    valid_from: DateString
    source: AccountSourceBody


class SettlementAccountReply(ReplyModel):
    """An account as its exchange stated it."""

    id: str
    exchange: str
    account_no: str
    account_name: str
    bank_name: str
    valid_from: DateString
    source: AccountSourceBody
    stated_by: str
    stated_at: InstantReply


class SettlementAccountPage(ReplyModel):
    """A page of accounts, newest first."""

    items: list[SettlementAccountReply]
    next_cursor: str | None


class PayeeBody(WireModel):
    """To whom money of a loan went; a purchase loan's goes to the exchange's settlement account of that day."""

    exchange: TenantName
    account_no: AccountNo

    def to_domain(self) -> Payee:
        """Return the payee."""
        return Payee(self.exchange, self.account_no)
