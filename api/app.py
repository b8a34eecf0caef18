"""The application: the edge, the routes, and the house that they share."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime

from litestar import Litestar
from litestar.di import Provide

from api.edge import assemble, edge_config
from api.house import EdgeUnitOfWork, House
from api.openapi_document import document_config, served_document
from api.routes import bank_appraisals, imports, loans, market, pledge_commands, pledges, prices, rights, trades, trail
from api.routes.health import health_routes
from api.routes.identity import identity_routes
from domain.ports.tokens import Tokens

ROUTES = (
    rights.post_authorization,
    rights.get_authorization,
    rights.post_verification,
    rights.get_verification,
    rights.get_right,
    rights.list_rights,
    rights.list_holds,
    trades.post_trades,
    trades.list_trades,
    imports.post_import,
    imports.list_imports,
    imports.get_import,
    trades.post_affiliation,
    trades.list_affiliations,
    market.post_valuation,
    market.get_valuation,
    market.get_evidence,
    market.get_inputs,
    prices.list_prices,
    prices.get_zhejiang_index,
    bank_appraisals.post_appraisal,
    bank_appraisals.list_appraisals,
    bank_appraisals.approve_appraisal,
    bank_appraisals.reject_appraisal,
    bank_appraisals.get_adopted_value,
    bank_appraisals.post_adoption,
    bank_appraisals.list_adoptions,
    bank_appraisals.approve_adoption,
    bank_appraisals.reject_adoption,
    bank_appraisals.list_due,
    bank_appraisals.list_policies,
    bank_appraisals.post_policy,
    bank_appraisals.approve_policy,
    bank_appraisals.reject_policy,
    loans.post_loan,
    loans.get_loan,
    loans.post_loan_event,
    pledges.post_pledge,
    pledges.get_pledge,
    pledges.list_pledges,
    pledges.get_history,
    pledges.get_coverage,
    pledge_valuations.list_pledge_valuations,
    pledge_commands.submit,
    pledge_commands.verify,
    pledge_commands.approve,
    pledge_commands.confirm,
    pledge_commands.correct,
    pledge_commands.reject,
    pledge_commands.withdraw,
    pledge_commands.order_release,
    pledge_commands.second_release,
    trail.list_events,
    trail.list_audit,
    trail.list_rules,
)


def make_app(
    opened: AbstractAsyncContextManager[House],
    tokens: Tokens,
    issuer: str,
    *,
    clock: Callable[[], datetime],
    allow_bearer: bool,
) -> Litestar:
    """Return the application; it opens its house when it starts and closes it when it ends."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with opened as house:
            app.state.house = house
            yield

    async def checks() -> dict[str, bool]:
        return dict(await app.state.house.ready())

    async def uow() -> AsyncIterator[EdgeUnitOfWork]:
        async with app.state.house.open(None) as opened_uow:
            yield opened_uow
            await opened_uow.commit()

    config = edge_config(tokens, now=clock, allow_bearer=allow_bearer)
    config.route_handlers = [
        *ROUTES,
        *health_routes(checks),
        *identity_routes(tokens, issuer=issuer, now=clock),
        served_document,
    ]
    config.dependencies = {"uow": Provide(uow)}
    config.lifespan = [lifespan]
    config.openapi_config = document_config()
    app = assemble(config)
    return app
