"""Rate limits: shared by all processes, told in headers, apart for each client, and cheap."""

import asyncio
import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace

import psycopg
import pytest

from api.house import House
from api.rate_limits import Limits, RateLimits, limits_of
from domain.ports.rate_limits import Rate, Taken
from integrations.database.bootstrap import APP
from integrations.database.engine import make_engine
from integrations.database.rate_buckets import DatabaseBuckets
from tests.database_session import Database
from tests.fakes.inside import Inside, Told
from tests.integration.business import Business
from tests.integration.inside_business import business_inside

RATE = Rate(per_second=0.001, burst=7)
NOISY, QUIET = "bank-a.officer", "bank-b.officer"


@dataclass
class MemoryBuckets:
    """Buckets without a database: they never fill, and count how often they were asked."""

    held: dict[str, float] = field(default_factory=dict)
    asked: int = 0

    async def take(self, name: str, rate: Rate, asked: int) -> Taken:
        self.asked += 1
        held = self.held.get(name, float(rate.burst))
        granted = min(asked, int(held))
        self.held[name] = held - granted
        return Taken(granted, held - granted)


@pytest.fixture(scope="module")
def own(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Database]:
    with new_database() as lent:
        yield lent


@pytest.fixture(scope="module")
def opened(own: Database) -> Iterator[tuple[Business, Inside]]:
    with business_inside(own) as made:
        yield made


@asynccontextmanager
async def buckets(database: Database) -> AsyncIterator[DatabaseBuckets]:
    engine = make_engine(database.app_url, pool_size=4)
    try:
        yield DatabaseBuckets(engine)
    finally:
        await engine.dispose()


@contextmanager
def limited(inside: Inside, limits: Limits) -> Iterator[MemoryBuckets]:
    """Limit the product for a while, by buckets in memory."""
    app, made = inside.app, MemoryBuckets()
    house: House = app.state.house
    app.state.house = replace(house, rate_limits=RateLimits(limits, made))
    try:
        yield made
    finally:
        app.state.house = house


def ask(opened: tuple[Business, Inside], client: str, path: str, body: object = None) -> Told:
    business, inside = opened
    headers = {"Authorization": business.authorization(client), "Idempotency-Key": secrets.token_hex(16)}
    if body is None:
        return inside.ask("GET", path, headers)
    return inside.ask("POST", path, {**headers, "Content-Type": "application/json"}, json.dumps(body).encode())


def test_a_bucket_is_shared_by_everybody_who_draws_from_it_and_never_gives_more_than_it_holds(own: Database) -> None:
    async def draw() -> int:
        async with buckets(own) as first, buckets(own) as second:
            drawn = [each.take("shared", RATE, 2) for _ in range(10) for each in (first, second)]
            return sum(taken.granted for taken in await asyncio.gather(*drawn))

    assert asyncio.run(draw()) == RATE.burst


def test_a_bucket_fills_with_time_up_to_its_brim_and_no_further(own: Database) -> None:
    async def draw() -> list[int]:
        rate = Rate(per_second=1.0, burst=10)
        async with buckets(own) as drawn:
            granted = [(await drawn.take("slow", rate, 10)).granted, (await drawn.take("slow", rate, 1)).granted]
            for seconds in (3, 3600):
                with psycopg.connect(own.libpq("postgres"), autocommit=True) as connection:
                    connection.execute(
                        "update rate_buckets set filled_at = filled_at - make_interval(secs => %s) where name = 'slow'",
                        [seconds],
                    )
                granted.append((await drawn.take("slow", rate, 99)).granted)
            return granted

    assert asyncio.run(draw()) == [10, 0, 3, 10]


def test_the_application_may_take_and_can_neither_see_nor_fill_a_bucket(own: Database) -> None:
    with psycopg.connect(own.libpq(APP), autocommit=True) as connection:
        connection.execute("select * from take_tokens('mine', 1, 5, 5)")
        assert connection.execute("select count(*) from rate_buckets").fetchone() == (0,)
        for statement in ("delete from rate_buckets", "update rate_buckets set tokens = 5"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_client_that_asks_too_often_is_told_when_to_come_back_and_others_are_not_moved(
    opened: tuple[Business, Inside],
) -> None:
    with limited(opened[1], Limits(requests=RATE)):
        answers = [ask(opened, NOISY, "/v1/pledges") for _ in range(9)]
        other = ask(opened, QUIET, "/v1/pledges")

    assert [each.status for each in answers] == [200] * 7 + [429] * 2
    refused = answers[-1]
    assert json.loads(refused.body)["code"] == "too_many_requests"
    assert refused.header("content-type") == "application/problem+json"
    assert int(refused.header("retry-after")) > 0
    assert [each.header("ratelimit").split(";")[1] for each in answers[:7]] == [
        f"r={left}" for left in range(6, -1, -1)
    ]
    assert answers[0].header("ratelimit-policy") == '"requests";q=7;w=7000'
    assert (other.status, other.header("ratelimit").split(";")[1]) == (200, "r=6")


def test_who_has_no_token_uses_up_nobody_s(opened: tuple[Business, Inside]) -> None:
    with limited(opened[1], Limits(requests=RATE)) as made:
        for _ in range(20):
            assert opened[1].ask("GET", "/v1/pledges", {"Authorization": "Bearer x"}).status == 401
        assert made.held == {}


def test_most_requests_ask_no_bucket_because_a_process_borrows_a_few_tokens(opened: tuple[Business, Inside]) -> None:
    with limited(opened[1], Limits(requests=Rate(0.001, 100))) as made:
        for _ in range(50):
            assert ask(opened, NOISY, "/v1/pledges").status == 200
        assert made.asked == 10


def test_a_refusal_is_remembered_without_asking_again(opened: tuple[Business, Inside]) -> None:
    with limited(opened[1], Limits(requests=RATE)) as made:
        for _ in range(50):
            ask(opened, NOISY, "/v1/pledges")
        assert made.asked <= 3


def test_one_right_can_be_watched_only_so_often_and_others_beside_it(opened: tuple[Business, Inside]) -> None:
    first, second = opened[0].verified(), opened[0].verified()
    with limited(opened[1], Limits(checks=RATE)):
        statuses = [ask(opened, "enterprise.shaoxing", f"/v1/rights/{first}").status for _ in range(9)]
        beside = ask(opened, "enterprise.shaoxing", f"/v1/rights/{second}").status
        by_another = ask(opened, "authority.zhejiang", f"/v1/rights/{first}").status
        body = {"by": "registry_no", "value": "PWQ-ZJ-1"}
        searches = [ask(opened, NOISY, "/v1/searches", body).status for _ in range(9)]

    assert statuses == [200] * 7 + [429] * 2
    assert (beside, by_another) == (200, 200)
    assert searches[-2:] == [429, 429]
    assert 429 not in searches[:7]


def test_the_token_endpoint_counts_by_address_and_named_client(opened: tuple[Business, Inside]) -> None:
    def asked(client: str) -> int:
        claims = urlsafe_b64encode(json.dumps({"sub": client}).encode()).decode().rstrip("=")
        form = f"grant_type=client_credentials&client_assertion=a.{claims}.b&client_assertion_type=x"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return opened[1].ask("POST", "/oauth/token", headers, form.encode()).status

    with limited(opened[1], Limits(tokens=RATE)):
        assert [asked(NOISY) for _ in range(9)][-3:] == [400, 429, 429]
        assert asked(QUIET) == 400
        for form in (b"\xff", b"client_assertion=a.b", b"client_assertion=a.%00.c", b"client_id=%00", b"=" * 30_000):
            told = opened[1].ask("POST", "/oauth/token", {"Content-Type": "application/x-www-form-urlencoded"}, form)
            assert 400 <= told.status < 500


@pytest.mark.parametrize("told", ["requests", "requests=5", "requests=0/5", "tokens=1/0", "other=1/1", "requests=x/1"])
def test_a_setting_that_cannot_be_read_stops_the_process(told: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        limits_of(told)


def test_the_limits_cost_little(own: Database, say: Callable[[str], None]) -> None:
    async def measured() -> float:
        async with buckets(own) as drawn:
            limits = RateLimits(Limits(requests=Rate(1e6, 10**6)), drawn)
            scope: dict[str, dict[str, object]] = {"state": {}}
            await limits.admit_client(scope, "first")  # type: ignore[arg-type]  # all that the limits look at
            started = time.perf_counter()
            for _ in range(1000):
                await limits.admit_client(scope, "first")  # type: ignore[arg-type]  # as above
            return (time.perf_counter() - started) / 1000

    seconds = asyncio.run(measured())
    say(f"rate limits: {seconds * 1e6:.0f} µs a request")
    assert seconds < 0.005
