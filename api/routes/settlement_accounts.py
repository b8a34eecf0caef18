"""Routes of the exchanges' settlement accounts: the exchange states, banks read (contract section 5)."""

from litestar import Response, get, post
from litestar.params import JSONBody

from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, house_of
from api.idempotency import Answer, command, replied
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer
from api.permissions import needs
from api.schemas.settlement_accounts import SettlementAccountPage, SettlementAccountReply, SettlementAccountRequest
from domain.loans.settlement_accounts import SettlementAccount
from domain.use_cases.state_settlement_account import state_settlement_account
from domain.values.time import rfc3339


@post("/v1/settlement-accounts", opt=needs("account:state"), **documented(SettlementAccountReply, 201, PROBLEMS))
async def post_account(request: EdgeRequest, data: JSONBody[SettlementAccountRequest]) -> Response[bytes]:
    """State the account into which purchases at the caller's exchange are paid from a day on."""
    house = house_of(request)

    async def act(uow: EdgeUnitOfWork) -> Answer:
        stated = await state_settlement_account(
            uow,
            request.caller.actor,
            account=(data.account_no, data.account_name, data.bank_name),
            valid_from=data.valid_from,
            source=(data.source.title, data.source.sha256),
            now=house.now(),
        )
        return Answer(201, _answer(stated))

    return await command(request, act)


@get(
    "/v1/settlement-accounts",
    opt=needs("account:read", body="none"),
    **documented(SettlementAccountPage, 200, PROBLEMS),
)
async def list_accounts(request: EdgeRequest, limit: Limit = LIMIT, cursor: Text = None) -> Response[bytes]:
    """List what the exchanges stated, newest first: to a bank of all of them, to an exchange its own."""
    async with house_of(request).open(request.caller.actor) as uow:
        found = await uow.settlement_accounts.page(cursor_of(cursor), limit + 1)
    return replied(page_answer([_answer(each) for each in found], limit))


def _answer(account: SettlementAccount) -> dict[str, object]:
    return {
        "id": account.id,
        "exchange": account.exchange,
        "account_no": account.account_no,
        "account_name": account.account_name,
        "bank_name": account.bank_name,
        "valid_from": account.valid_from.isoformat(),
        "source": {"title": account.source_title, "sha256": account.source_sha256},
        "stated_by": account.stated_by,
        "stated_at": rfc3339(account.stated_at),
    }
