"""The account into which a purchase at an exchange is paid: what the exchange itself stated, with its day and source.

Money of a purchase loan leaves the bank before the right is there to be frozen, so it may go nowhere but where the
exchange keeps it until the deal is done. The subtle thing is that of several statements only the newest that has begun
counts: an account that was replaced is no longer the exchange's, whoever still names it.

Source: contract section 5 (loan kind `purchase_finance`); 江苏省排污权抵押贷款管理办法(试行) (rights
bought with the purchased right as collateral, by digest).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from domain.errors import DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementAccount:
    """An exchange's account, from a day on, as a document of the exchange names it."""

    id: str
    exchange: str
    account_no: str
    account_name: str
    bank_name: str
    valid_from: date
    source_title: str
    source_sha256: str
    stated_by: str
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class Payee:
    """To whom money of a loan went: an exchange, and the number of its account."""

    exchange: str
    account_no: str


@dataclass(eq=False)
class PayeeNotSettlementAccount(DomainError):
    """Refuse to pay a purchase loan out to anything but the exchange's settlement account of that day."""

    code = "payee_not_settlement_account"

    reference: str


def in_force(accounts: Sequence[SettlementAccount], on: date) -> SettlementAccount | None:
    """Return an exchange's account of a day, none before its first; of one day's statements the last counts."""
    begun = [account for account in accounts if account.valid_from <= on]
    return max(begun, key=lambda account: (account.valid_from, account.stated_at, account.id), default=None)
