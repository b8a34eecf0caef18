"""One unit of work: what a request or a job reads and writes together, committed at the edge and never by a use case.

Everything is read and written under the caller's context, so a row that is not the caller's is simply not there.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from domain.errors import DomainError
from domain.ports.alarms import Alarms
from domain.ports.amendments import Amendments
from domain.ports.audit_chain import AuditChains
from domain.ports.authorizations import Authorizations
from domain.ports.bank_appraisals import Adoptions, BankAppraisals, ValuationPolicies
from domain.ports.benchmark_prices import BenchmarkPrices
from domain.ports.certificates import Certificates
from domain.ports.compensations import Compensations
from domain.ports.documents import Documents
from domain.ports.enforcements import Enforcements
from domain.ports.estimates import Estimates
from domain.ports.figures import Figures
from domain.ports.holds import Holds
from domain.ports.identity import ClientRegister
from domain.ports.impairments import Impairments
from domain.ports.loans import Loans
from domain.ports.market import Affiliations, MarketTrades
from domain.ports.market_imports import MarketImports
from domain.ports.notices import Notices
from domain.ports.pledge_imports import PledgeImports
from domain.ports.pledges import Pledges
from domain.ports.reconciliations import Reconciliations
from domain.ports.registry_callbacks import Callbacks
from domain.ports.registry_orders import RegistryOrders
from domain.ports.registry_tasks import RegistryTasks
from domain.ports.revaluations import Revaluations
from domain.ports.rights import Rights
from domain.ports.searches import Searches
from domain.ports.settlement_accounts import SettlementAccounts
from domain.ports.signed_orders import SignedOrders
from domain.ports.tenants import Tenants
from domain.ports.trail import Audit, Jobs, Outbox
from domain.ports.valuations import Valuations
from domain.ports.verifications import Verifications
from domain.ports.webhooks import Deliveries, Webhooks


@dataclass(eq=False)
class Busy(DomainError):
    """Say that nothing was done because others were in the way, or nobody was there; the same may be sent again."""

    code = "busy"

    cause: str


class UnitOfWork(Protocol):
    """The repositories of one transaction."""

    @property
    def tenants(self) -> Tenants:
        """Return the tenants."""
        ...

    @property
    def client_register(self) -> ClientRegister:
        """Return the clients as their administrators see them."""
        ...

    @property
    def authorizations(self) -> Authorizations:
        """Return the authorizations."""
        ...

    @property
    def rights(self) -> Rights:
        """Return the rights."""
        ...

    @property
    def verifications(self) -> Verifications:
        """Return the verifications."""
        ...

    @property
    def holds(self) -> Holds:
        """Return the holds."""
        ...

    @property
    def trades(self) -> MarketTrades:
        """Return the trades."""
        ...

    @property
    def affiliations(self) -> Affiliations:
        """Return the affiliations."""
        ...

    @property
    def market_imports(self) -> MarketImports:
        """Return the imports."""
        ...

    @property
    def valuations(self) -> Valuations:
        """Return the valuations."""
        ...

    @property
    def benchmark_prices(self) -> BenchmarkPrices:
        """Return the benchmark prices."""
        ...

    @property
    def appraisals(self) -> BankAppraisals:
        """Return the banks' own appraisals."""
        ...

    @property
    def adoptions(self) -> Adoptions:
        """Return the banks' explicit adoptions."""
        ...

    @property
    def policies(self) -> ValuationPolicies:
        """Return the banks' policies of valuation."""
        ...

    @property
    def loans(self) -> Loans:
        """Return the loans."""
        ...

    @property
    def pledges(self) -> Pledges:
        """Return the pledges."""
        ...

    @property
    def settlement_accounts(self) -> SettlementAccounts:
        """Return the exchanges' settlement accounts."""
        ...

    @property
    def pledge_imports(self) -> PledgeImports:
        """Return the batches of existing pledges that banks bring in."""
        ...

    @property
    def amendments(self) -> Amendments:
        """Return the amendments of pledges."""
        ...

    @property
    def compensations(self) -> Compensations:
        """Return the money that came in for pledged rights."""
        ...

    @property
    def revaluations(self) -> Revaluations:
        """Return the revaluations."""
        ...

    @property
    def enforcements(self) -> Enforcements:
        """Return the enforcements of pledges."""
        ...

    @property
    def impairments(self) -> Impairments:
        """Return the impairments."""
        ...

    @property
    def reconciliations(self) -> Reconciliations:
        """Return the reconciliations."""
        ...

    @property
    def registry_orders(self) -> RegistryOrders:
        """Return the registry orders."""
        ...

    @property
    def callbacks(self) -> Callbacks:
        """Return the registries' callbacks."""
        ...

    @property
    def registry_tasks(self) -> RegistryTasks:
        """Return the clerks' tasks."""
        ...

    @property
    def estimates(self) -> Estimates:
        """Return what is known of the registries' pace."""
        ...

    @property
    def alarms(self) -> Alarms:
        """Return the alarms."""
        ...

    @property
    def figures(self) -> Figures:
        """Return the figures of operation."""
        ...

    @property
    def notices(self) -> Notices:
        """Return the entries of the notice registry."""
        ...

    @property
    def searches(self) -> Searches:
        """Return the searches."""
        ...

    @property
    def documents(self) -> Documents:
        """Return the documents of pledges."""
        ...

    @property
    def certificates(self) -> Certificates:
        """Return the certificates."""
        ...

    @property
    def audit(self) -> Audit:
        """Return the audit."""
        ...

    @property
    def audit_chains(self) -> AuditChains:
        """Return the audit's chains and checkpoints."""
        ...

    @property
    def signed_orders(self) -> SignedOrders:
        """Return the signed orders."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Return the outbox."""
        ...

    @property
    def webhooks(self) -> Webhooks:
        """Return the webhooks."""
        ...

    @property
    def deliveries(self) -> Deliveries:
        """Return the deliveries to webhooks."""
        ...

    @property
    def jobs(self) -> Jobs:
        """Return the jobs."""
        ...

    def savepoint(self) -> AbstractAsyncContextManager[object]:
        """Open a savepoint: an exception that leaves it undoes what was done in it, and nothing before."""
        ...
