"""Routes of loans and their events (contract section 5)."""

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from api.answers.pledges import loan_answer, loan_event_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, house_of, known_id
from api.idempotency import Answer, command, replied, versioned
from api.permissions import needs
from api.schemas.pledges import LoanEventReply, LoanEventRequest, LoanReply, LoanRequest, RateBody
from api.schemas.wire import MoneyBody
from domain.loans.accrual import debt_of
from domain.loans.loans import FixedRate, Loan, LoanEvent, LprRate, outstanding
from domain.rights.authorizations import NotFound
from domain.use_cases.keep_loans import record_loan, record_loan_event
from domain.values.identifiers import new_id
from domain.values.money import Money
from domain.values.time import business_date


@post("/v1/loans", opt=needs("loan:create"), **documented(LoanReply, 201, PROBLEMS))
async def post_loan(request: EdgeRequest, data: JSONBody[LoanRequest]) -> Response[bytes]:
    """Record the bank's loan contract."""
    house = house_of(request)
    actor = request.caller.actor
    now = house.now()
    principal = data.principal.to_domain()
    bullet = data.repayment == "bullet"
    lines = (
        ((data.end, principal),)
        if isinstance(data.repayment, str)
        else tuple((line.on, line.amount.to_domain()) for line in data.repayment)
    )
    loan = Loan(
        id=new_id("loan"),
        tenant=actor.tenant,
        borrower_uscc=data.borrower_uscc,
        contract_no=data.contract_no,
        kind=data.kind,
        principal=principal,
        rate=_rate(data.rate),
        start=data.start,
        end=data.end,
        repayment=lines,
        bullet=bullet,
        purpose=data.purpose,
        version=1,
        created_at=now,
        parties=tuple(dict.fromkeys((actor.tenant, data.borrower_uscc))),
        overdue_surcharge=data.overdue_surcharge,
    )

    async def act(uow: EdgeUnitOfWork) -> Answer:
        recorded = await record_loan(uow, actor, loan, now)
        today = business_date(now)
        return Answer(201, loan_answer(recorded, debt_of(recorded, [], today), today), versioned(recorded.version))

    return await command(request, act)


@get("/v1/loans/{loan_id:str}", opt=needs("loan:read", body="none"), **documented(LoanReply, 200, PROBLEMS))
async def get_loan(request: EdgeRequest, loan_id: FromPath[str]) -> Response[bytes]:
    """Read a loan with what is outstanding, and what is owed of it today."""
    today = business_date(house_of(request).now())
    async with house_of(request).open(request.caller.actor) as uow:
        loan = await uow.loans.find(known_id(loan_id, "loan"))
        if loan is None:
            raise NotFound("loan")
        debt = debt_of(loan, await uow.loans.events(loan_id), today)
    return replied(Answer(200, loan_answer(loan, debt, today), versioned(loan.version)))


@post("/v1/loans/{loan_id:str}/events", opt=needs("loan:record"), **documented(LoanEventReply, 201, PROBLEMS))
async def post_loan_event(
    request: EdgeRequest, loan_id: FromPath[str], data: JSONBody[LoanEventRequest]
) -> Response[bytes]:
    """Record what happened to a loan; a disbursement only once the pledge's conditions are met."""
    house = house_of(request)
    now = house.now()
    event = LoanEvent(
        id=new_id("loanevent"),
        loan_id=known_id(loan_id, "loan"),
        type=data.type,
        principal=_money(data.principal),
        interest=_money(data.interest),
        penalty=_money(data.penalty),
        fee=_money(data.fee),
        on=data.on,
        reference=data.reference,
        recorded_at=now,
        payee=None if data.payee is None else data.payee.to_domain(),
    )

    async def act(uow: EdgeUnitOfWork) -> Answer:
        recorded = await record_loan_event(uow, request.caller.actor, house.rulebook, event, now)
        return Answer(201, loan_event_answer(recorded, outstanding(await uow.loans.events(loan_id))))

    return await command(request, act)


def _money(body: MoneyBody | None) -> Money | None:
    return None if body is None else body.to_domain()


def _rate(body: RateBody) -> FixedRate | LprRate:
    if body.value is not None:
        return FixedRate(value=body.value)
    assert body.tenor is not None, "the schema demands a tenor of an lpr rate"
    assert body.spread_bp is not None, "the schema demands a spread of an lpr rate"
    return LprRate(tenor=body.tenor, spread_bp=body.spread_bp, reset=body.reset or "none")
