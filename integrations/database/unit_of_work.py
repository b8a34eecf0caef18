"""One transaction under the caller's context: the first statement names the caller, row level security does the rest.

`set_config(..., true)` lasts for the transaction only, so a pooled connection never carries one caller into another. An
unset context sees nothing. The edge commits; leaving without a commit rolls back.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Self

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.values.actors import Actor
from integrations.database.affiliations import DatabaseAffiliations
from integrations.database.amendments import DatabaseAmendments
from integrations.database.authorizations import DatabaseAuthorizations
from integrations.database.bank_appraisals import DatabaseAdoptions, DatabaseBankAppraisals
from integrations.database.benchmark_prices import DatabaseBenchmarkPrices
from integrations.database.certificates import DatabaseCertificates
from integrations.database.connection import Connection, Prepared, transaction
from integrations.database.documents import DatabaseDocuments
from integrations.database.enforcements import DatabaseEnforcements
from integrations.database.faults import passing_faults
from integrations.database.holds import DatabaseHolds
from integrations.database.idempotency import IdempotencyKeys
from integrations.database.identity import DatabaseAssertions, DatabaseClients, DatabaseTenants
from integrations.database.impairments import DatabaseImpairments
from integrations.database.loans import DatabaseLoans
from integrations.database.market import DatabaseMarketTrades
from integrations.database.market_imports import DatabaseMarketImports
from integrations.database.notices import DatabaseNotices
from integrations.database.pledges import DatabasePledges
from integrations.database.reconciliations import DatabaseReconciliations
from integrations.database.registry_orders import DatabaseRegistryOrders
from integrations.database.registry_tasks import DatabaseRegistryTasks
from integrations.database.revaluations import DatabaseRevaluations
from integrations.database.rights import DatabaseRights
from integrations.database.searches import DatabaseSearches
from integrations.database.trail import DatabaseAudit, DatabaseJobs, DatabaseOutbox
from integrations.database.valuation_policies import DatabaseValuationPolicies
from integrations.database.valuations import DatabaseValuations
from integrations.database.verifications import DatabaseVerifications

CONTEXT = Prepared(
    text(
        "select set_config('greenlien.tenant', :tenant, true), set_config('greenlien.uscc', :uscc, true),"
        " set_config('greenlien.division', :division, true), set_config('greenlien.client', :client, true)"
    )
)


class DatabaseUnitOfWork:
    """The repositories of one transaction on one connection."""

    def __init__(self, connection: Connection, actor: Actor | None) -> None:
        """Bind the repositories to a connection whose transaction has begun.

        `actor` is none for workers and the token endpoint.
        """
        self.connection = connection
        self.actor = actor
        self.tenants = DatabaseTenants(connection)
        self.clients = DatabaseClients(connection)
        self.assertions = DatabaseAssertions(connection)
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
        self.amendments = DatabaseAmendments(connection)
        self.enforcements = DatabaseEnforcements(connection)
        self.revaluations = DatabaseRevaluations(connection)
        self.impairments = DatabaseImpairments(connection)
        self.reconciliations = DatabaseReconciliations(connection)
        self.registry_orders = DatabaseRegistryOrders(connection)
        self.registry_tasks = DatabaseRegistryTasks(connection)
        self.notices = DatabaseNotices(connection)
        self.searches = DatabaseSearches(connection)
        self.documents = DatabaseDocuments(connection)
        self.certificates = DatabaseCertificates(connection)
        self.audit = DatabaseAudit(connection)
        self.outbox = DatabaseOutbox(connection)
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
        return self


@asynccontextmanager
async def unit_of_work(engine: AsyncEngine, actor: Actor | None) -> AsyncIterator[DatabaseUnitOfWork]:
    """Open a unit of work for an actor; it is rolled back unless committed.

    Raises Busy where the database could not serve it in time.
    """
    with passing_faults():
        async with transaction(engine) as connection:
            yield await DatabaseUnitOfWork(connection, actor).name_caller()
