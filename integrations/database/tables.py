"""The tables as SQLAlchemy Core sees them, for statements.

`migrations/` is what makes them, and a test compares the two.
"""

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Integer, LargeBinary, MetaData, Numeric, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

METADATA = MetaData()

INSTANT = DateTime(timezone=True)
TEXTS = ARRAY(Text)
QUANTITY = Numeric(24, 6)
MONEY = Numeric(20, 2)
RATIO = Numeric(9, 6)
WHOLE = Numeric(40, 0)
"""Millionths of a yuan, billionths of a tonne: whole, and larger than a bigint."""


def _text(*names: str) -> list[Column[str]]:
    return [Column(name, Text) for name in names]


TENANTS = Table(
    "tenants",
    METADATA,
    Column("id", Text, primary_key=True),
    *_text("kind", "name", "uscc", "division"),
    Column("created_at", INSTANT),
)
RIGHTS = Table(
    "rights",
    METADATA,
    Column("id", Text, primary_key=True),
    *_text("registry", "registry_no", "permit_no", "holder_uscc", "holder_name", "instrument", "pollutant"),
    Column("vintage", Integer),
    *_text("unit", "origin", "acquisition_basis"),
    Column("acquisition_amount", MONEY),
    Column("acquired_on", Date),
    Column("fee_paid_through", Date),
    *_text("tenure"),
    Column("valid_from", Date),
    Column("valid_to", Date),
    *_text("predecessor_id", "successor_id", "division", "status"),
    Column("registry_version", BigInteger),
    Column("as_of", INSTANT),
    *_text("evidence_sha256"),
    Column("verified_at", INSTANT),
    Column("version", BigInteger),
)
BALANCES = Table(
    "right_balances",
    METADATA,
    Column("right_id", Text, primary_key=True),
    Column("quantity", QUANTITY),
    Column("taken", QUANTITY),
    Column("overtaken", QUANTITY),
)
RIGHT_VIEWERS = Table(
    "right_viewers", METADATA, Column("right_id", Text, primary_key=True), Column("tenant", Text, primary_key=True)
)
AUTHORIZATIONS = Table(
    "authorizations",
    METADATA,
    Column("id", Text, primary_key=True),
    *_text("enterprise_uscc", "grantee"),
    Column("scope", TEXTS),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("document", JSONB),
    *_text("created_by"),
    Column("created_at", INSTANT),
    Column("revoked_at", INSTANT),
)
VERIFICATIONS = Table(
    "verifications",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("parties", TEXTS),
    *_text("client_id", "registry", "registry_no", "permit_no", "holder_uscc", "pollutant", "status"),
    Column("refusal", JSONB),
    Column("right_ids", TEXTS),
    Column("created_at", INSTANT),
    Column("finished_at", INSTANT),
)
HOLDS = Table(
    "holds",
    METADATA,
    Column("id", Text, primary_key=True),
    *_text("right_id", "kind"),
    Column("blocks", TEXTS),
    Column("quantity", QUANTITY),
    *_text("state"),
    Column("since", INSTANT),
    Column("until", INSTANT),
    *_text("reason", "reference"),
    Column("parties", TEXTS),
    Column("document", JSONB(none_as_null=True)),
)
HOLD_SUMMARIES = Table(
    "hold_summaries",
    MetaData(),
    *_text("right_id", "kind"),
    Column("blocks", TEXTS),
    Column("quantity", QUANTITY),
    Column("parties", TEXTS),
)
"""A view: what everybody who sees a right may know of every live hold on it."""
REGISTRY_ORDERS = Table(
    "registry_orders",
    METADATA,
    Column("id", Text, primary_key=True),
    *_text("kind", "pledge_id", "right_id", "hold_id"),
    Column("round", Integer),
    Column("quantity", QUANTITY),
    Column("expected_version", BigInteger),
    *_text("state"),
    Column("attempts", Integer),
    *_text("registry_ref", "freeze_ref"),
    Column("executed_at", INSTANT),
    *_text("reason", "message", "evidence_sha256"),
    Column("created_at", INSTANT),
    Column("updated_at", INSTANT),
    Column("parties", TEXTS),
    *_text("amendment_id", "enforcement_id", "buyer_uscc", "buyer_permit_no"),
    *_text("beneficiary", "new_beneficiary", "holder", "new_holder"),
)
TRADES = Table(
    "trades",
    METADATA,
    Column("id", Text, primary_key=True),
    *_text("sent_by"),
    Column("shared", Boolean),
    *_text("source", "trade_no", "revises"),
    Column("traded_on", Date),
    Column("known_at", INSTANT),
    *_text("venue", "division", "instrument", "pollutant"),
    Column("vintage", Integer),
    *_text("kind"),
    Column("quantity", QUANTITY),
    *_text("unit"),
    Column("price_amount", QUANTITY),
    *_text("price_unit", "price_period", "price_tax"),
    Column("term_years", RATIO),
    Column("amount", MONEY),
    Column("row", JSONB),
    *_text("content_sha256", "status", "code", "detail_zh", "detail_en"),
    Column("received_at", INSTANT),
    Column("accepted_from", INSTANT),
    Column("accepted_until", INSTANT),
    *_text("superseded_by"),
    Column("superseded_at", INSTANT),
    *_text("former_code", "exclusion", "duplicate_of", "basis"),
    Column("unit_price", WHOLE),
    Column("volume", WHOLE),
    *_text("seller_group", "buyer_group"),
)
TRADE_PARTIES = Table(
    "trade_parties", METADATA, Column("trade_id", Text, primary_key=True), *_text("sent_by", "seller", "buyer")
)
HOLDER_GROUPS = Table(
    "holder_groups",
    METADATA,
    Column("sent_by", Text, primary_key=True),
    Column("uscc", Text, primary_key=True),
    *_text("group_id"),
)
AFFILIATIONS = Table(
    "affiliations",
    METADATA,
    Column("id", Text, primary_key=True),
    *_text("tenant"),
    Column("shared", Boolean),
    *_text("party_a", "party_b"),
    Column("since", Date),
    Column("until", Date),
    *_text("ground"),
    Column("document", JSONB(none_as_null=True)),
    *_text("reported_by"),
    Column("created_at", INSTANT),
    *_text("replaced_by"),
)
MARKET_IMPORTS = Table(
    "market_imports",
    METADATA,
    Column("id", Text, primary_key=True),
    *_text("sent_by", "client_id", "role", "source", "feed", "format", "licence"),
    Column("defaults", JSONB),
    *_text("file_name", "file_sha256"),
    Column("size_bytes", BigInteger),
    *_text("status"),
    Column("rows_done", BigInteger),
    *(Column(name, JSONB) for name in ("totals", "remarks", "notices")),
    Column("failure", JSONB(none_as_null=True)),
    *(Column(name, INSTANT) for name in ("created_at", "updated_at", "finished_at")),
)
MARKET_IMPORT_PARTS = Table(
    "market_import_parts",
    METADATA,
    Column("import_id", Text, primary_key=True),
    Column("place", Integer, primary_key=True),
    *_text("sent_by"),
    Column("content", LargeBinary),
)
MARKET_IMPORT_REFUSALS = Table(
    "market_import_refusals",
    METADATA,
    Column("id", Text, primary_key=True),
    *_text("import_id", "sent_by"),
    Column("row_number", BigInteger),
    *_text("stage", "code", "detail_zh", "detail_en", "raw"),
)
VALUATIONS = Table(
    "valuations",
    METADATA,
    Column("id", Text, primary_key=True),
    *_text("tenant"),
    Column("parties", TEXTS),
    *_text("right_id"),
    Column("as_of", Date),
    Column("body", JSONB),
    Column("evidence", JSONB),
    *_text("digest"),
    Column("created_at", INSTANT),
    Column("inputs", JSONB),
    Column("exclusions", JSONB),
)
LOANS = Table(
    "loans",
    METADATA,
    Column("id", Text, primary_key=True),
    *_text("tenant"),
    Column("parties", TEXTS),
    *_text("borrower_uscc", "contract_no", "kind"),
    Column("principal", MONEY),
    *_text("rate_kind"),
    Column("rate_value", RATIO),
    *_text("rate_tenor"),
    Column("rate_spread_bp", Integer),
    *_text("rate_reset"),
    Column("overdue_surcharge", RATIO),
    Column("start_on", Date),
    Column("end_on", Date),
    Column("repayment", JSONB),
    *_text("purpose"),
    Column("version", BigInteger),
    Column("created_at", INSTANT),
)
LOAN_EVENTS = Table(
    "loan_events",
    METADATA,
    Column("id", Text, primary_key=True),
    *_text("loan_id"),
    Column("parties", TEXTS),
    Column("sequence", Integer),
    *_text("type"),
    *(Column(name, MONEY) for name in ("principal", "interest", "penalty", "fee")),
    Column("happened_on", Date),
    *_text("reference", "recorded_by"),
    Column("recorded_at", INSTANT),
    Column("payee", JSONB(none_as_null=True)),
)
PLEDGES = Table(
    "pledges",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("parties", TEXTS),
    *_text("status", "workflow", "applicant", "created_by"),
    Column("pledgors", TEXTS),
    *_text("pledgee", "pledgee_uscc", "authority", "security_type"),
    Column("secured", JSONB),
    Column("other_security", JSONB),
    Column("approved_amount", MONEY),
    Column("approved_rate", RATIO),
    *_text("reason"),
    Column("order_round", Integer),
    *_text("release_reason", "release_ordered_by"),
    Column("release_ordered_at", INSTANT),
    *_text("release_approved_by"),
    Column("confirmed_by", TEXTS),
    Column("determined_on", Date),
    *_text("determination"),
    Column("coverage_terms", JSONB(none_as_null=True)),
    Column("syndicate", JSONB(none_as_null=True)),
    Column("progressed_at", INSTANT),
    Column("created_at", INSTANT),
    Column("updated_at", INSTANT),
    Column("version", BigInteger),
)
PLEDGE_ITEMS = Table(
    "pledge_items",
    METADATA,
    Column("pledge_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    *_text("right_id"),
    Column("parties", TEXTS),
    Column("quantity", QUANTITY),
    *_text("unit", "hold_id"),
    Column("expected_version", BigInteger),
    *_text("valuation_id"),
    *(Column(name, MONEY) for name in ("market_value", "collateral_value", "adopted_value")),
    Column("loan_to_value_cap", RATIO),
)
PLEDGE_LOANS = Table(
    "pledge_loans",
    METADATA,
    Column("pledge_id", Text, primary_key=True),
    Column("loan_id", Text, primary_key=True),
    Column("parties", TEXTS),
    Column("approved", MONEY),
)
REGISTRATIONS = Table(
    "registrations",
    METADATA,
    Column("pledge_id", Text, primary_key=True),
    Column("register", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("parties", TEXTS),
    *_text("status", "reference"),
    Column("registered_at", INSTANT),
    Column("rank", Integer),
)
AUDIT = Table(
    "audit_entries",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("at", INSTANT),
    *_text("actor", "tenant", "action", "subject"),
    Column("details", JSONB),
    Column("parties", TEXTS),
)
EVENTS = Table(
    "events",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("position", BigInteger),
    *_text("type", "subject"),
    Column("at", INSTANT),
    Column("business_date", Date),
    Column("data", JSONB),
    Column("parties", TEXTS),
)
IDEMPOTENCY_KEYS = Table(
    "idempotency_keys",
    METADATA,
    *(Column(name, Text, primary_key=True) for name in ("client_id", "route", "key")),
    *_text("body_sha256", "subject"),
    Column("status", Integer),
    Column("headers", JSONB),
    Column("body", LargeBinary),
    Column("created_at", INSTANT),
)
