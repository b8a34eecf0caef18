"""Row level security in one place: how every table of ours is opened to the roles, and to nobody else.

Three roles meet here. The owner migrates and owns; the application (`greenlien_app`) owns nothing, bypasses nothing and
sees a row only when a policy says so; the worker (`greenlien_worker`) runs cross-tenant jobs and has policies of its own.
Security is forced, so that even the owner needs a policy. An unset or empty context sees nothing, because
`current_parties()` is then the empty array and `current_tenant()` is null.
"""

from alembic import op

PARTIES = "parties && current_parties()"
"""The ordinary policy: the row names the caller's tenant or USCC among its parties."""


def run(*statements: str) -> None:
    """Execute each statement as it stands."""
    for statement in statements:
        op.execute(statement)


def protect(table: str, visible: str, *, app: str = "select, insert, update", writable: str | None = None) -> None:
    """Force row level security on `table`: the application sees `visible` rows and may write `writable` ones."""
    run(
        f"alter table {table} enable row level security",
        f"alter table {table} force row level security",
        f"create policy {table}_owner on {table} to current_user using (true) with check (true)",
        f"create policy {table}_worker on {table} to greenlien_worker using (true) with check (true)",
        f"create policy {table}_app on {table} to greenlien_app using ({visible}) with check ({writable or visible})",
        f"grant {app} on {table} to greenlien_app",
        f"grant {app} on {table} to greenlien_worker",
    )


def grant_execute(*functions: str) -> None:
    """Take a function away from everybody and give it to the application and the worker."""
    for function in functions:
        run(
            f"revoke all on function {function} from public",
            f"grant execute on function {function} to greenlien_app, greenlien_worker",
        )
