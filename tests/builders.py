"""The ordinary things of the business, so that a test writes only what is extraordinary about its own."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from domain.loans.loans import FixedRate, Loan, LoanEvent, LoanEventType, LoanKind
from domain.pledges.lifecycle import State, Workflow
from domain.pledges.pledges import (
    Pledge,
    PledgeItem,
    Register,
    Registration,
    RegistrationStatus,
    Secured,
    SecuredKind,
    SecurityType,
)
from domain.pledges.registry_orders import OrderKind, OrderState, PledgeOrder
from domain.rights.rights import Acquisition, Origin, Right, RightStatus, Tenure
from domain.values.identifiers import Division, PermitNo, RegistryNo, Uscc
from domain.values.instruments import Instrument
from domain.values.money import Money
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity, Unit

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 21)
HOLDER = Uscc("91330602DEM0000140")
BANK = "bank-a"
BANK_USCC = Uscc("91330100DEM0003023")
SHAOXING = Division("330602")


def tonnes(amount: str) -> Quantity:
    """Return a quantity in tonnes a year."""
    return Quantity(Decimal(amount), Unit.T_PER_YEAR)


def yuan(amount: str) -> Money:
    """Return an amount of money."""
    return Money.of(amount)


def a_right(**different: object) -> Right:
    """Return an effective, paid, five-year COD right of 50 t/a in Shaoxing, of which nothing is taken."""
    ordinary = Right(
        id="right_" + "1" * 32,
        registry="zhejiang",
        registry_no=RegistryNo("PWQ-ZJ-1"),
        permit_no=PermitNo(HOLDER + "001P"),
        holder_uscc=HOLDER,
        holder_name="绍兴示例印染有限公司",
        instrument=Instrument.DISCHARGE_RIGHT,
        pollutant=Pollutant.COD,
        vintage=None,
        quantity=tonnes("50"),
        taken=Decimal(0),
        overtaken=Decimal(0),
        origin=Origin.PURCHASED,
        acquisition=Acquisition(
            basis="paid", amount=yuan("1000000"), on=date(2025, 11, 21), fee_paid_through=date(2030, 11, 21)
        ),
        tenure=Tenure.FIXED,
        valid_from=date(2025, 11, 21),
        valid_to=date(2030, 11, 21),
        predecessor_id=None,
        successor_id=None,
        division=SHAOXING,
        status=RightStatus.EFFECTIVE,
        registry_version=1,
        as_of=NOW,
        verified_at=NOW,
        evidence_sha256="0" * 64,
        version=1,
    )
    return replace(ordinary, **different)  # type: ignore[arg-type]  # each test names real fields


def an_item(**different: object) -> PledgeItem:
    """Return 10 t/a of the ordinary right, valued at submit: market 200,000, collateral 140,000, cap 0.70."""
    ordinary = PledgeItem(
        right_id=a_right().id,
        quantity=tonnes("10"),
        hold_id="hold_" + "1" * 32,
        expected_version=1,
        valuation_id="val_" + "1" * 32,
        market_value=yuan("200000"),
        collateral_value=yuan("140000"),
        adopted_value=yuan("140000"),
        loan_to_value_cap=Decimal("0.70"),
    )
    return replace(ordinary, **different)  # type: ignore[arg-type]  # each test names real fields


def a_pledge(**different: object) -> Pledge:
    """Return a drafted Zhejiang pledge of the ordinary item to the first bank."""
    ordinary = Pledge(
        id="pledge_" + "1" * 32,
        parties=(BANK, HOLDER, "authority.zhejiang"),
        status=State.DRAFT,
        workflow=Workflow.ZHEJIANG,
        applicant="enterprise.shaoxing",
        created_by="enterprise.shaoxing",
        pledgors=(HOLDER,),
        pledgee=BANK,
        pledgee_uscc=BANK_USCC,
        authority="authority.zhejiang",
        security_type=SecurityType.PLEDGE,
        secured=Secured(
            amount=yuan("100000"), kind=SecuredKind.ORDINARY, scope=("principal",), claims_from=None, claims_to=None
        ),
        other_security=(),
        items=(an_item(),),
        loan_ids=(),
        registrations=(an_entry(),),
        approved_amount=None,
        approved_rate=None,
        reason=None,
        order_round=0,
        release=None,
        progressed_at=NOW,
        created_at=NOW,
        updated_at=NOW,
        version=1,
    )
    return replace(ordinary, **different)  # type: ignore[arg-type]  # each test names real fields


def an_entry(**different: object) -> Registration:
    """Return a pending entry at the emission registry."""
    ordinary = Registration(
        register=Register.EMISSION_REGISTRY,
        position=0,
        status=RegistrationStatus.PENDING,
        reference=None,
        registered_at=None,
    )
    return replace(ordinary, **different)  # type: ignore[arg-type]  # each test names real fields


def an_order(**different: object) -> PledgeOrder:
    """Return a recorded freeze of the ordinary item."""
    ordinary = PledgeOrder(
        id="order_" + "1" * 32,
        kind=OrderKind.FREEZE,
        pledge_id=a_pledge().id,
        right_id=a_right().id,
        hold_id="hold_" + "1" * 32,
        round=1,
        quantity=tonnes("10"),
        expected_version=1,
        state=OrderState.RECORDED,
        attempts=0,
        registry_ref=None,
        freeze_ref=None,
        executed_at=None,
        reason=None,
        message=None,
        evidence_sha256=None,
        created_at=NOW,
        parties=(BANK, HOLDER),
    )
    return replace(ordinary, **different)  # type: ignore[arg-type]  # each test names real fields


def a_loan(**different: object) -> Loan:
    """Return a one-year bullet loan of 100,000 by the first bank to the holder."""
    ordinary = Loan(
        id="loan_" + "1" * 32,
        tenant=BANK,
        borrower_uscc=HOLDER,
        contract_no="C-1",
        kind=LoanKind.TERM,
        principal=yuan("100000"),
        rate=FixedRate(value=Decimal("0.0345")),
        start=TODAY,
        end=date(2027, 11, 21),
        repayment=((date(2027, 11, 21), yuan("100000")),),
        bullet=True,
        purpose="设备改造",
        version=1,
        created_at=NOW,
        parties=(BANK, HOLDER),
    )
    return replace(ordinary, **different)  # type: ignore[arg-type]  # each test names real fields


def a_loan_event(kind: LoanEventType, principal: str | None, **different: object) -> LoanEvent:
    """Return an event of the ordinary loan."""
    ordinary = LoanEvent(
        id="loanevent_" + "1" * 32,
        loan_id=a_loan().id,
        type=kind,
        principal=None if principal is None else yuan(principal),
        interest=None,
        penalty=None,
        fee=None,
        on=TODAY,
        reference="R-1",
        recorded_at=NOW,
    )
    return replace(ordinary, **different)  # type: ignore[arg-type]  # each test names real fields
