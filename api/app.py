"""The application: the edge, the routes, and the house that they share."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime

from litestar import Litestar
from litestar.di import Provide

from api.client_certificates import ClientCertificates
from api.edge import assemble, edge_config
from api.gate import HouseGate
from api.house import EdgeUnitOfWork, House
from api.openapi_document import document_config, served_document
from api.orders import OrderDesk
from api.routes import (
    amendments,
    audit_chain,
    bank_appraisals,
    callbacks,
    certificates,
    clients,
    compensations,
    documents,
    enforcements,
    exceptions,
    holds,
    imports,
    loans,
    market,
    metrics,
    orders,
    pledge_commands,
    pledge_imports,
    pledge_valuations,
    pledges,
    prices,
    reconciliation,
    registrations,
    registry_tasks,
    rights,
    searches,
    settlement_accounts,
    trades,
    trail,
    webhooks,
)
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
    holds.post_hold,
    holds.lift_hold,
    reconciliation.post_run,
    reconciliation.get_run,
    reconciliation.list_cases,
    reconciliation.acknowledge,
    reconciliation.resolve,
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
    settlement_accounts.post_account,
    settlement_accounts.list_accounts,
    loans.post_loan,
    loans.get_loan,
    loans.post_loan_event,
    pledge_imports.post_import,
    pledge_imports.approve_import,
    pledge_imports.reject_import,
    pledge_imports.get_import,
    pledge_imports.list_imports,
    pledges.post_pledge,
    pledges.get_pledge,
    pledges.list_pledges,
    pledges.get_history,
    pledges.get_coverage,
    pledge_valuations.list_pledge_valuations,
    pledge_commands.accept_own_share,
    pledge_commands.submit,
    pledge_commands.verify,
    pledge_commands.approve,
    pledge_commands.confirm,
    pledge_commands.agree,
    pledge_commands.correct,
    pledge_commands.reject,
    pledge_commands.withdraw,
    pledge_commands.order_release,
    pledge_commands.second_release,
    pledge_commands.cancel_release_order,
    amendments.post_amendment,
    amendments.list_amendments,
    amendments.get_amendment,
    amendments.consent,
    amendments.approve,
    amendments.accept,
    amendments.withdraw,
    amendments.reject,
    compensations.post_compensation,
    compensations.list_compensations,
    compensations.get_compensation,
    compensations.approve,
    compensations.reject,
    compensations.end_deposit,
    enforcements.post_enforcement,
    enforcements.list_enforcements,
    enforcements.get_enforcement,
    enforcements.approve,
    enforcements.meet,
    enforcements.stay,
    enforcements.lift,
    enforcements.end,
    enforcements.post_round,
    enforcements.post_result,
    enforcements.transfer,
    registrations.get_registration,
    registrations.post_registration,
    registrations.amend_registration,
    registrations.extend_registration,
    registrations.discharge_registration,
    registrations.object_to_registration,
    callbacks.post_callback,
    registry_tasks.list_tasks,
    registry_tasks.get_task,
    registry_tasks.post_answer,
    registry_tasks.post_confirmation,
    registry_tasks.post_return,
    exceptions.list_exceptions,
    exceptions.get_exception,
    exceptions.acknowledge,
    exceptions.annotate,
    exceptions.resolve,
    exceptions.confirm,
    metrics.get_metrics,
    searches.post_search,
    searches.get_search,
    documents.post_document,
    documents.list_documents,
    documents.get_document,
    documents.post_demands,
    documents.list_demands,
    certificates.get_certificate,
    certificates.list_certificates,
    certificates.verify_certificate,
    trail.list_events,
    trail.list_audit,
    audit_chain.post_checkpoint,
    audit_chain.list_checkpoints,
    audit_chain.export_audit,
    orders.list_orders,
    orders.get_order,
    orders.get_receipt,
    trail.list_rules,
    clients.post_client,
    clients.list_clients,
    clients.get_client,
    clients.approve_client,
    clients.reject_client,
    clients.post_suspension,
    clients.post_reinstatement,
    clients.post_key,
    clients.approve_key,
    clients.reject_key,
    clients.post_revocation,
    webhooks.post_webhook,
    webhooks.list_webhooks,
    webhooks.get_webhook,
    webhooks.patch_webhook,
    webhooks.delete_webhook,
    webhooks.rotate_secret,
    webhooks.list_deliveries,
    webhooks.replay_delivery,
)


def make_app(
    opened: AbstractAsyncContextManager[House],
    tokens: Tokens,
    issuer: str,
    *,
    clock: Callable[[], datetime],
    allow_bearer: bool,
    proxy_secret: bytes | None = None,
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

    certificates = ClientCertificates(proxy_secret)
    config = edge_config(
        tokens,
        issuer=issuer,
        now=clock,
        allow_bearer=allow_bearer,
        gate=HouseGate(lambda: app.state.house),
        certificates=certificates,
        limits=lambda: app.state.house.rate_limits,
        desk=OrderDesk(lambda: app.state.house, issuer=issuer, now=clock, required=not allow_bearer),
    )
    config.route_handlers = [
        *ROUTES,
        *health_routes(checks),
        *identity_routes(tokens, issuer=issuer, now=clock, proof_required=not allow_bearer, certificates=certificates),
        served_document,
    ]
    config.dependencies = {"uow": Provide(uow)}
    config.lifespan = [lifespan]
    config.openapi_config = document_config()
    app = assemble(config)
    return app
