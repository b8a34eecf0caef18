"""The exchange states the account into which purchases are paid; and whether a payment goes there."""

from datetime import date, datetime

from domain.loans.loans import Loan, LoanEvent, LoanEventType, LoanKind
from domain.loans.settlement_accounts import PayeeNotSettlementAccount, SettlementAccount, in_force
from domain.ports.unit_of_work import UnitOfWork
from domain.values.actors import Actor
from domain.values.identifiers import new_id


async def state_settlement_account(
    uow: UnitOfWork,
    actor: Actor,
    *,
    account: tuple[str, str, str],
    valid_from: date,
    source: tuple[str, str],
    now: datetime,
) -> SettlementAccount:
    """Write the actor's account (its number, name and bank) with its source (title and digest of the document)."""
    number, name, bank = account
    stated = SettlementAccount(
        id=new_id("account"),
        exchange=actor.tenant,
        account_no=number,
        account_name=name,
        bank_name=bank,
        valid_from=valid_from,
        source_title=source[0],
        source_sha256=source[1],
        stated_by=actor.client_id,
        stated_at=now,
    )
    await uow.settlement_accounts.add(stated)
    details: dict[str, object] = {"valid_from": valid_from.isoformat(), "source_sha256": stated.source_sha256}
    await uow.audit.write(actor, "settlement_account.stated", stated.id, details, (actor.tenant,), now)
    return stated


async def require_payee(uow: UnitOfWork, loan: Loan, event: LoanEvent) -> None:
    """Return where a payment may go where it goes; only purchase loans are bound.

    Raises PayeeNotSettlementAccount for a purchase that is paid to nobody, or not to the exchange's account of the day.
    """
    if loan.kind is not LoanKind.PURCHASE_FINANCE or event.type is not LoanEventType.DISBURSED:
        return
    payee = event.payee
    if payee is None:
        raise PayeeNotSettlementAccount(event.reference)
    account = in_force(await uow.settlement_accounts.of_exchange(payee.exchange), event.on)
    if account is None or account.account_no != payee.account_no:
        raise PayeeNotSettlementAccount(event.reference)
