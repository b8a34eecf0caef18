"""One transaction under the caller's context: the first statement names the caller, row level security does the rest.

`set_config(..., true)` lasts for the transaction only, so a pooled connection never carries one caller into another. An
unset context sees nothing. The edge commits; leaving without a commit rolls back.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Self

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.ports.secret_box import SecretBox
from domain.values.actors import Actor, Role
from integrations.database.affiliations import DatabaseAffiliations
from integrations.database.alarms import DatabaseAlarms
from integrations.database.amendments import DatabaseAmendments
from integrations.database.audit_chain import DatabaseAuditChains
from integrations.database.authorizations import DatabaseAuthorizations
from integrations.database.bank_appraisals import DatabaseAdoptions, DatabaseBankAppraisals
from integrations.database.benchmark_prices import DatabaseBenchmarkPrices
from integrations.database.callbacks import DatabaseCallbacks
from integrations.database.certificates import DatabaseCertificates
from integrations.database.client_register import DatabaseClientRegister
from integrations.database.compensations import DatabaseCompensations
from integrations.database.connection import Connection, Prepared, transaction
from integrations.database.documents import DatabaseDocuments
from integrations.database.enforcements import DatabaseEnforcements
from integrations.database.estimates import DatabaseEstimates
from integrations.database.faults import passing_faults
from integrations.database.figures import DatabaseFigures
from integrations.database.holds import DatabaseHolds
from integrations.database.idempotency import IdempotencyKeys
from integrations.database.identity import DatabaseAssertions, DatabaseClients, DatabaseProofs, DatabaseTenants
from integrations.database.impairments import DatabaseImpairments
from integrations.database.loans import DatabaseLoans
from integrations.database.market import DatabaseMarketTrades
from integrations.database.market_imports import DatabaseMarketImports
from integrations.database.notices import DatabaseNotices
from integrations.database.pledge_imports import DatabasePledgeImports
from integrations.database.pledges import DatabasePledges
from integrations.database.reconciliations import DatabaseReconciliations
from integrations.database.registry_orders import DatabaseRegistryOrders
from integrations.database.registry_tasks import DatabaseRegistryTasks
from integrations.database.revaluations import DatabaseRevaluations
from integrations.database.rights import DatabaseRights
from integrations.database.searches import DatabaseSearches
from integrations.database.settlement_accounts import DatabaseSettlementAccounts
from integrations.database.signed_orders import DatabaseSignedOrders
from integrations.database.trail import DatabaseAudit, DatabaseJobs, DatabaseOutbox
from integrations.database.valuation_policies import DatabaseValuationPolicies
from integrations.database.valuations import DatabaseValuations
from integrations.database.verifications import DatabaseVerifications
from integrations.database.webhook_deliveries import DatabaseDeliveries
from integrations.database.webhooks import DatabaseWebhooks

CONTEXT = Prepared(
    text(
        "select set_config('greenlien.tenant', :tenant, true), set_config('greenlien.uscc', :uscc, true),"
        " set_config('greenlien.division', :division, true), set_config('greenlien.client', :client, true)"
    )
)

SECURITY = Prepared(text("select set_config('greenlien.role', 'platform_security', true)"))
"""Said only for the role that registers clients; all other requests are spared the round trip."""


class DatabaseUnitOfWork:
    """The repositories of one transaction on one connection."""

    def __init__(self, connection: Connection, actor: Actor | None, secrets: SecretBox | None = None) -> None:
        """Bind the repositories to a connection whose transaction has begun.

        `actor` is none for workers and the token endpoint; `secrets` is none where the house seals nothing.
        """
        self.connection = connection
        self.actor = actor
        self.tenants = DatabaseTenants(connection)
        self.clients = DatabaseClients(connection)
        self.assertions = DatabaseAssertions(connection)
        self.proofs = DatabaseProofs(connection)
        self.client_register = DatabaseClientRegister(connection)
        self.authorizations = DatabaseAuthorizations(connection)
        self.rights = DatabaseRights(connection)
        self.verifications = DatabaseVerifications(connection)
        self.holds = DatabaseHolds(connection)
        self.trades = DatabaseMarketTrades(connection, actor)
        self.affiliations = DatabaseAffiliations(connection, actor)
        self.market_imports = DatabaseMarketImports(connection)
        self.valuations = DatabaseValuations(connection)
        self.benchmark_prices = DatabaseBenchmarkPrices(connection)
        self.appraisals = DatabaseBankAppraisals(connection)
        self.adoptions = DatabaseAdoptions(connection)
        self.policies = DatabaseValuationPolicies(connection)
        self.loans = DatabaseLoans(connection)
        self.pledges = DatabasePledges(connection)
        self.settlement_accounts = DatabaseSettlementAccounts(connection)
        self.pledge_imports = DatabasePledgeImports(connection)
        self.amendments = DatabaseAmendments(connection)
        self.enforcements = DatabaseEnforcements(connection)
        self.compensations = DatabaseCompensations(connection)
        self.revaluations = DatabaseRevaluations(connection)
        self.impairments = DatabaseImpairments(connection)
        self.reconciliations = DatabaseReconciliations(connection)
        self.registry_orders = DatabaseRegistryOrders(connection)
        self.callbacks = DatabaseCallbacks(connection)
        self.registry_tasks = DatabaseRegistryTasks(connection)
        self.estimates = DatabaseEstimates(connection)
        self.alarms = DatabaseAlarms(connection)
        self.figures = DatabaseFigures(connection)
        self.notices = DatabaseNotices(connection, secrets)
        self.searches = DatabaseSearches(connection)
        self.documents = DatabaseDocuments(connection)
        self.certificates = DatabaseCertificates(connection)
        self.audit = DatabaseAudit(connection)
        self.audit_chains = DatabaseAuditChains(connection)
        self.signed_orders = DatabaseSignedOrders(connection)
        self.outbox = DatabaseOutbox(connection)
        self.webhooks = DatabaseWebhooks(connection)
        self.deliveries = DatabaseDeliveries(connection)
        self.jobs = DatabaseJobs(connection)
        self.idempotency = IdempotencyKeys(connection)

    def savepoint(self) -> AbstractAsyncContextManager[object]:
        """Open a savepoint."""
        return self.connection.savepoint()

    async def commit(self) -> None:
        """Make it so."""
        await self.connection.commit()

    async def name_caller(self) -> Self:
        """Name the caller to the database, for this transaction."""
        actor = self.actor
        if actor is not None:
            context = {
                "tenant": actor.tenant,
                "uscc": actor.uscc or "",
                "division": actor.division or "",
                "client": actor.client_id,
            }
            await self.connection.row(CONTEXT, context)
            if actor.role is Role.PLATFORM_SECURITY:
                await self.connection.row(SECURITY, {})
        return self


@asynccontextmanager
async def unit_of_work(
    engine: AsyncEngine, actor: Actor | None, *, secrets: SecretBox | None = None
) -> AsyncIterator[DatabaseUnitOfWork]:
    """Open a unit of work for an actor; it is rolled back unless committed.

    Raises Busy where the database could not serve it in time.
    """
    with passing_faults():
        async with transaction(engine) as connection:
            yield await DatabaseUnitOfWork(connection, actor, secrets).name_caller()
