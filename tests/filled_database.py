"""A database with one of everything, written through the product's own repositories as the parties themselves."""

import asyncio
from dataclasses import replace

from domain.loans.loans import LoanEventType
from domain.market.imports import FileFormat, Licence, RefusedRow, Remark, Stage
from domain.ports.registry import RegistryRight
from domain.ports.tenants import Tenant
from domain.rights.authorizations import Authorization
from domain.rights.holds import BLOCKS, Hold, HoldKind, HoldState
from domain.rights.rights import Right
from domain.rights.verifications import Verification, VerificationStatus
from domain.use_cases.import_trades import WantedImport, request_import
from domain.values.actors import Actor, Role
from domain.values.identifiers import Division, Uscc, new_id
from domain.values.quantity import Quantity
from integrations.database.engine import make_engine
from integrations.database.provisioning import NewClient, register
from integrations.database.unit_of_work import unit_of_work
from tests.builders import (
    BANK_USCC,
    HOLDER,
    NOW,
    TODAY,
    a_loan,
    a_loan_event,
    a_pledge,
    a_right,
    an_item,
    an_order,
    tonnes,
)
from tests.database_session import Database

OWN_BANK, FOREIGN_BANK = "bank-a", "bank-b"
ENTERPRISE = Actor(
    client_id="enterprise.shaoxing", tenant="enterprise.shaoxing", role=Role.ENTERPRISE, uscc=HOLDER, division=None
)
OFFICER = Actor(client_id="bank-a.officer", tenant=OWN_BANK, role=Role.BANK_OFFICER, uscc=BANK_USCC, division=None)
TENANTS = (
    Tenant(id=OWN_BANK, kind="bank", name="甲银行", uscc=BANK_USCC, division=None),
    Tenant(id=FOREIGN_BANK, kind="bank", name="乙银行", uscc=Uscc("91420100DEM000310G"), division=None),
    Tenant(id="enterprise.shaoxing", kind="enterprise", name="绍兴示例印染有限公司", uscc=HOLDER, division=None),
    Tenant(id="authority.zhejiang", kind="authority", name="主管部门", uscc=None, division=Division("33")),
)


def as_told(right: Right, frozen: Quantity | None = None) -> RegistryRight:
    """Return a right as its registry tells it."""
    return RegistryRight(
        registry=right.registry,
        registry_no=right.registry_no,
        permit_no=right.permit_no,
        holder_uscc=right.holder_uscc,
        holder_name=right.holder_name,
        instrument=right.instrument,
        pollutant=right.pollutant,
        vintage=right.vintage,
        quantity=right.quantity,
        frozen=frozen or Quantity.zero(right.quantity.unit),
        origin=right.origin.value,
        acquisition_basis=right.acquisition.basis,
        acquisition_amount=right.acquisition.amount,
        acquired_on=right.acquisition.on,
        fee_paid_through=right.acquisition.fee_paid_through,
        tenure=right.tenure.value,
        valid_from=right.valid_from,
        valid_to=right.valid_to,
        division=right.division,
        status=right.status,
        as_of=right.as_of,
        version=right.registry_version,
        evidence_sha256=right.evidence_sha256,
    )


def fill(database: Database) -> str:
    """Write one of everything and return the right's id."""
    return asyncio.run(filled(database.owner_url, database.app_url))


async def filled(owner_url: str, app_url: str) -> str:
    """Write tenants as the owner, then a right, a consent, a loan, a pledge, its hold, order, trail and key."""
    clients = [NewClient(OFFICER.client_id, OWN_BANK, "bank_officer", {"kid": "k1", "kty": "EC"})]
    await register(owner_url, TENANTS, clients)
    engine = make_engine(app_url, pool_size=2)
    try:
        async with unit_of_work(engine, ENTERPRISE) as uow:
            right_id = await uow.rights.record_verified(as_told(a_right()), NOW)
            await uow.authorizations.add(
                Authorization(
                    id=new_id("authz"),
                    enterprise_uscc=HOLDER,
                    grantee=OWN_BANK,
                    scope=("rights:read",),
                    valid_from=TODAY,
                    valid_to=TODAY,
                    document={"name": "授权书"},
                    created_by=ENTERPRISE.client_id,
                    created_at=NOW,
                )
            )
            await uow.verifications.add(
                Verification(
                    id=new_id("verification"),
                    client_id=ENTERPRISE.client_id,
                    parties=ENTERPRISE.parties,
                    registry="zhejiang",
                    registry_no=a_right().registry_no,
                    permit_no=None,
                    holder_uscc=HOLDER,
                    pollutant=None,
                    status=VerificationStatus.PENDING,
                    refusal=None,
                    right_ids=(),
                    created_at=NOW,
                    finished_at=None,
                )
            )
            await uow.commit()
        async with unit_of_work(engine, OFFICER) as uow:
            await uow.loans.add(a_loan())
            wanted = WantedImport(
                source="own",
                feed=None,
                format=FileFormat.CSV,
                licence=Licence.PRIVATE,
                defaults={},
                file_name="own.csv",
                file_sha256="0" * 64,
                parts=(b"a", b"b"),
            )
            imported = await request_import(uow, OFFICER, wanted, NOW)
            why = Remark("cell_unreadable", "无法读取", "cannot be read")
            refused = RefusedRow(id=new_id("row"), row_number=1, stage=Stage.READING, why=why, raw="a,b")
            await uow.market_imports.add_refused(imported, [refused])
            await uow.loans.add_event(a_loan_event(LoanEventType.OVERDUE, None), a_loan(), OFFICER.client_id)
            await uow.commit()
        async with unit_of_work(engine, ENTERPRISE) as uow:
            assert await uow.rights.take(right_id, tonnes("10").amount)
            hold = Hold(
                id=new_id("hold"),
                right_id=right_id,
                kind=HoldKind.PLEDGE,
                blocks=BLOCKS[HoldKind.PLEDGE],
                quantity=tonnes("10"),
                state=HoldState.PENDING,
                since=NOW,
                until=None,
                reason="pledge_submitted",
                reference=a_pledge().id,
            )
            await uow.holds.add(hold, a_pledge().parties)
            item = an_item(right_id=right_id, hold_id=hold.id, valuation_id=None)
            await uow.pledges.add(a_pledge(items=(item,), loan_ids=(a_loan().id,)))
            await uow.rights.show_to(right_id, OWN_BANK)
            await uow.registry_orders.add(replace(an_order(), right_id=right_id, hold_id=hold.id))
            await uow.audit.write(ENTERPRISE, "pledge.drafted", a_pledge().id, {}, a_pledge().parties, NOW)
            await uow.outbox.publish("pledge.submitted", a_pledge().id, {}, a_pledge().parties, NOW)
            await uow.idempotency.keep(("enterprise.shaoxing", "POST /x", "k" * 16), "0" * 64, (201, {}, b"{}"), NOW)
            await uow.commit()
        return right_id
    finally:
        await engine.dispose()
