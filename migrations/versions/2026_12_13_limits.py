"""Rate limits: buckets of tokens that every process draws from.

The table is unlogged: after a crash it is empty, which means that every bucket is full. A bucket that nobody has drawn
from for ten minutes is full as well, so forgetting it changes nothing; each thousandth taking forgets some.
"""

from migrations.rows import grant_execute, protect, run

revision = "limits"
down_revision = "webhooks"


def upgrade() -> None:
    """Make the table and the one function that touches it."""
    run(
        """
        create unlogged table rate_buckets (
            name text primary key,
            tokens double precision not null,
            granted integer not null,
            filled_at timestamptz not null
        )
        """,
        "create index rate_buckets_filled on rate_buckets (filled_at)",
        """
        create function take_tokens(bucket text, per_second double precision, burst double precision, asked integer)
        returns table (granted integer, remaining double precision)
        language plpgsql security definer set search_path = pg_catalog, public as $$
        #variable_conflict use_column
        declare
            at timestamptz := clock_timestamp();
        begin
            if random() < 0.001 then
                delete from rate_buckets where name in (
                    select b.name from rate_buckets b where b.filled_at < at - interval '10 minutes'
                    order by b.filled_at limit 1000 for update skip locked);
            end if;
            return query
                insert into rate_buckets as b (name, tokens, granted, filled_at)
                values (bucket, burst - least(asked, floor(burst)), least(asked, floor(burst))::integer, at)
                on conflict (name) do update set
                    tokens = least(burst, b.tokens + per_second * greatest(0, extract(epoch from at - b.filled_at)))
                        - least(asked, floor(least(burst,
                            b.tokens + per_second * greatest(0, extract(epoch from at - b.filled_at))))),
                    granted = least(asked, floor(least(burst,
                        b.tokens + per_second * greatest(0, extract(epoch from at - b.filled_at)))))::integer,
                    filled_at = greatest(b.filled_at, at)
                returning b.granted, b.tokens;
        end $$
        """,
    )
    protect("rate_buckets", "false", app="select")
    grant_execute("take_tokens(text, double precision, double precision, integer)")


def downgrade() -> None:
    """Forget both."""
    run(
        "drop function take_tokens(text, double precision, double precision, integer)",
        "drop table rate_buckets",
    )
