"""Signed orders, kept for ever with the key they were signed by, and the receipts that we gave for them.

The application inserts and reads, and so does nobody else: no role updates or deletes, and a trigger refuses it to the
owner, too, as it does for the audit trail. An order is written before it is carried out and its receipt afterwards, both
in one transaction; that is why they are two tables.

The protected header is in the signature, byte for byte; a copy beside it could only disagree.

Revision: signed_orders, after limits.
"""

from migrations.rows import protect, run

revision = "signed_orders"
down_revision = "limits"

TABLES = ("signed_orders", "order_receipts")
OWN = "tenant = current_tenant()"


def upgrade() -> None:
    """Create both."""
    run(
        """create table signed_orders (
               tenant text not null, order_id text not null, client_id text not null, method text not null,
               target text not null, path text not null, route text not null, body bytea not null, signature text not null,
               public_jwk jsonb not null, thumbprint text not null, signed_at timestamptz not null,
               received_at timestamptz not null, primary key (tenant, order_id))""",
        """create table order_receipts (
               tenant text not null, order_id text not null, status integer not null, answer_sha256 text not null, subject text,
               audit_entry text not null, issued_at timestamptz not null, jws text not null,
               primary key (tenant, order_id), foreign key (tenant, order_id) references signed_orders)""",
        "create index signed_orders_in_order on signed_orders (tenant, received_at, order_id)",
        "create index signed_orders_at_a_path on signed_orders (tenant, path)",
    )
    for table in TABLES:
        protect(table, OWN, app="select")
        run(
            f"grant insert on {table} to greenlien_app",
            f"""create trigger {table}_frozen before update or delete on {table}
                for each row execute function refuse_audit_change()""",
            f"""create trigger {table}_kept before truncate on {table}
                for each statement execute function refuse_audit_change()""",
            f"alter table {table} enable always trigger {table}_frozen",
            f"alter table {table} enable always trigger {table}_kept",
        )


def downgrade() -> None:
    """Drop both."""
    run("drop table order_receipts, signed_orders")
