"""Two worlds that differ only in the second bank's private business, and what the first bank hears in each.

What both banks may know is alike in both: the rights, who holds them, and how much of each is taken (the second bank's
pledge takes the same quantity at the same moment). All else of the second bank's differs: its loans, amounts, values,
policies, documents, searches, drafts, keys, and how much of all that there is; in one world it may well sit still.

So that nothing needs to be normalised but the id of a request, an id's random digits come from a stream that belongs to
whoever acts: the first bank's is the same in both worlds, the second bank's is not. The clock moves only when the first
bank asks.

Both banks have an endpoint for webhooks. The worker runs in each world after each script and tells the second bank's
endpoint first; what the first bank's is sent, signatures and all, is part of what that bank heard.
"""

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Final

import httpx
import pytest

from api.house import House
from api.jobs.webhooks import deliver_webhook
from domain.use_cases import keep_webhooks
from domain.values import identifiers, numbers
from integrations.database.engine import make_engine
from integrations.outbound.guarded import Guard
from integrations.webhooks.sender import HttpWebhookSender
from tests.builders import HOLDER, NOW, TODAY
from tests.database_session import Database
from tests.fakes.inside import Inside, Told
from tests.integration.business import Business, _house, a_loan_body, a_pledge_body, yuan
from tests.integration.inside_business import business_inside
from tests.integration.raw_doors import a_policy, an_adoption, an_appraisal

OFFICER, APPROVER, ENTERPRISE, AUTHORITY = (
    "bank-a.officer",
    "bank-a.approver",
    "enterprise.shaoxing",
    "authority.zhejiang",
)
OTHER_OFFICER, OTHER_APPROVER = "bank-b.officer", "bank-b.approver"
KEYS: Final = tuple(f"key-{number:013d}" for number in range(4))
"""Idempotency keys that both banks use."""

REQUEST_ID: Final = re.compile(rb"req_[0-9a-f]{32}")

ENDPOINT, OTHER_ENDPOINT = "http://127.0.0.1:9/a", "http://127.0.0.1:9/b"
NOTHING: Final = ("(nothing)", 0, (), b"")
PER_CONNECTION: Final = frozenset({"host", "connection"})

Heard = tuple[str, int, tuple[tuple[str, str], ...], bytes]


@dataclass
class Digits:
    """Where the random digits of ids come from: a stream that belongs to whoever acts."""

    stream: random.Random = field(default_factory=lambda: random.Random("stage"))

    def token_hex(self, count: int) -> str:
        """Return so many bytes in hexadecimal."""
        return self.stream.randbytes(count).hex()

    def token_bytes(self, count: int) -> bytes:
        """Return so many bytes, for an endpoint's keys."""
        return self.stream.randbytes(count)

    def choice(self, among: Sequence[str]) -> str:
        """Return one of some characters, for the numbers that people read."""
        return self.stream.choice(among)


DIGITS: Final = Digits()


@dataclass
class World:
    """One of the two, with what the second bank calls its own in it."""

    name: str
    business: Business
    inside: Inside
    clock: list[datetime]
    rights: list[str] = field(default_factory=list)
    own: dict[str, list[str]] = field(default_factory=lambda: {"loan": [], "pledge": []})
    foreign: dict[str, list[str]] = field(default_factory=lambda: {"loan": [], "pledge": []})
    worker: House = field(init=False)
    webhooks: dict[str, str] = field(default_factory=dict)
    sent: list[Heard] = field(default_factory=list)
    told_own: int = 0
    told_others: list[bytes] = field(default_factory=list)

    def ask(self, client: str, method: str, path: str, body: object = None, key: str | None = None) -> Told:
        """Send a request as somebody; the key is drawn from the stream where none is given."""
        headers = {"Authorization": self.business.authorization(client)}
        sent = b""
        if body is not None:
            headers |= {"Idempotency-Key": key or DIGITS.token_hex(16), "Content-Type": "application/json"}
            sent = json.dumps(body).encode()
        return self.inside.ask(method, path, headers, sent)

    def stage(self) -> None:
        """Bring about what is alike in both worlds; the second bank takes ten tonnes of each right."""
        DIGITS.stream = random.Random("stage")
        for bank in ("bank-a", "bank-b"):
            self.business.consent(ENTERPRISE, HOLDER, bank)
        for number in range(3):
            right = self._right(number)
            self.rights.append(right)
            self._taken_by_the_other(right, number)
        DIGITS.stream = random.Random("endpoints")
        for bank, client, url in (("a", OFFICER, ENDPOINT), ("b", OTHER_OFFICER, OTHER_ENDPOINT)):
            told = self.ask(client, "POST", "/v1/webhooks", {"url": url, "event_types": ["*"]})
            self.webhooks[bank] = json.loads(told.body)["id"]

    def receive(self, request: httpx.Request) -> httpx.Response:
        """Take what an endpoint is sent, and keep what the first bank's is."""
        if str(request.url) == ENDPOINT:
            headers = tuple(sorted(item for item in request.headers.items() if item[0] not in PER_CONNECTION))
            self.sent.append((f"webhook {request.method} {request.url}", 0, headers, request.content))
            self.told_own += 1
        else:
            self.told_others.append(request.content)
        return httpx.Response(200, stream=httpx.ByteStream(b""))

    def deliver(self) -> list[Heard]:
        """Let the worker tell both banks what happened, and return what the first bank's endpoint was sent."""
        for bank in "ba":
            webhook = self.webhooks[bank]
            self.inside.runner.run(deliver_webhook(self.worker, webhook, lambda: 0.5))
        heard, self.sent = self.sent, []
        return heard

    def _right(self, number: int) -> str:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("tests.integration.business.secrets", DIGITS)
            DIGITS.stream = random.Random(f"right {number}")
            return self.business.verified()

    def _taken_by_the_other(self, right: str, number: int) -> None:
        DIGITS.stream = random.Random(f"{self.name} takes {number}")
        chance = random.Random(f"{self.name} {number}")
        loan = a_loan_body(f"{chance.randrange(10_000, 40_000)}.00", purpose=f"{self.name}的用途")
        made = json.loads(self.ask(OTHER_OFFICER, "POST", "/v1/loans", loan).body)["id"]
        secured = {"amount": yuan(f"{chance.randrange(10_000, 40_000)}.00"), "kind": "ordinary"}
        body = a_pledge_body({right: "10"}, [made], pledgee="bank-b", secured=secured)
        pledge = json.loads(self.ask(ENTERPRISE, "POST", "/v1/pledges", body).body)["id"]
        self.business.act(ENTERPRISE, pledge, "submit")
        self.foreign["loan"].append(made)
        self.foreign["pledge"].append(pledge)

    def private(self, script: int, most: int = 6) -> None:
        """Let the second bank go about its private business, which is another in each world."""
        DIGITS.stream = random.Random(f"{self.name} private {script}")
        chance = random.Random(f"{self.name} {script}")
        for _ in range(chance.randrange(most)):
            told = self.ask(*chance.choice(PRIVATE)(self, chance), key=chance.choice((None, *KEYS)))
            assert told.status < 500, told.body
            answer = json.loads(told.body)
            if told.status == 201 and answer["id"].startswith("loan_"):
                self.foreign["loan"].append(answer["id"])

    def script(self, number: int, steps: int) -> list[Heard]:
        """Let the first bank ask at random, the same in both worlds, and return all that it heard."""
        chance, heard = random.Random(f"script {number}"), []
        DIGITS.stream = random.Random(f"first bank {number}")
        for _ in range(steps):
            self.clock[0] += timedelta(seconds=1)
            client = chance.choice((OFFICER, APPROVER))
            method, path, body = chance.choice(ASKED)(self, chance)
            told = self.ask(client, method, path, body, chance.choice((None, None, *KEYS)))
            heard.append(_heard(f"{client} {method} {path}", told, self.foreign))
            self._remember(told)
        return heard + self.deliver()

    def _remember(self, told: Told) -> None:
        if told.status != 201:
            return
        made = str(json.loads(told.body).get("id", ""))
        kind = made.partition("_")[0]
        if kind in self.own and made not in self.own[kind]:
            self.own[kind].append(made)


def _heard(what: str, told: Told, foreign: dict[str, list[str]]) -> Heard:
    """Return what was heard, without ids of requests (what is replayed names its first) and those that it named."""
    headers = tuple(sorted(header for header in told.headers if header[0] != "x-request-id"))
    for ids in foreign.values():
        for each in ids:
            what = what.replace(each, "(another's)")
    return what, told.status, headers, REQUEST_ID.sub(b"(request)", told.body)


def _any(world: World, chance: random.Random, kind: str) -> str:
    """Return one's own thing, another's, or nothing's, as chance has it."""
    among = [*world.own[kind][-5:], *world.foreign[kind][-1:], f"{kind}_{'0' * 32}"]
    return chance.choice(among) if len(among) > 2 else among[chance.randrange(len(among))]


Asking = Callable[[World, random.Random], tuple[str, str, object]]


def _page(path: str) -> Asking:
    def asked(world: World, chance: random.Random) -> tuple[str, str, object]:
        mark = "&" if "?" in path else "?"
        limit = chance.choice(("", f"{mark}limit={chance.randrange(1, 4)}", f"{mark}limit=200"))
        return "GET", path + limit, None

    return asked


def _of(kind: str, path: str, body: Callable[[], object] | None = None) -> Asking:
    def asked(world: World, chance: random.Random) -> tuple[str, str, object]:
        thing = chance.choice(world.rights) if kind == "right" else _any(world, chance, kind)
        return "GET" if body is None else "POST", path.format(thing), None if body is None else body()

    return asked


def _loan(_: World, chance: random.Random) -> tuple[str, str, object]:
    number = f"C-{chance.randrange(30)}"
    return "POST", "/v1/loans", a_loan_body(f"{chance.randrange(1, 90_000)}.00", contract_no=number)


def _draft(world: World, chance: random.Random) -> tuple[str, str, object]:
    loans = [_any(world, chance, "loan")] if chance.random() < 0.7 else []
    items = {chance.choice(world.rights): f"{chance.randrange(1, 60)}"}
    return "POST", "/v1/pledges", a_pledge_body(items, loans, pledgors=[HOLDER])


def _search(world: World, chance: random.Random) -> tuple[str, str, object]:
    by, value = chance.choice((("uscc", HOLDER), ("registry_no", "PWQ-ZJ-1"), ("registry_no", "PWQ-" + "0" * 16)))
    return "POST", "/v1/searches", {"by": by, "value": value}


def _event(world: World, chance: random.Random) -> tuple[str, str, object]:
    event = {"type": "disbursed", "principal": yuan(f"{chance.randrange(1, 900)}.00"), "on": TODAY.isoformat()}
    return "POST", f"/v1/loans/{_any(world, chance, 'loan')}/events", {**event, "reference": f"R{chance.randrange(9)}"}


ASKED: Final[tuple[Asking, ...]] = (
    _page("/v1/rights"),
    _page(f"/v1/rights?holder_uscc={HOLDER}"),
    _page("/v1/pledges"),
    _page("/v1/pledges?status=submitted"),
    _page("/v1/events"),
    _page("/v1/market/trades"),
    _page("/v1/policies/valuation"),
    _page("/v1/valuations/due"),
    _page("/v1/reconciliation/cases"),
    _page("/v1/market/prices"),
    *(
        _of("right", "/v1/rights/{}" + part)
        for part in ("", "/holds", "/appraisals", "/adopted-values", "/adopted-value")
    ),
    *(
        _of("pledge", "/v1/pledges/{}" + part)
        for part in ("", "/history", "/coverage", "/valuations", "/documents", "/amendments", "/enforcements")
    ),
    _of("loan", "/v1/loans/{}"),
    _of("pledge", "/v1/pledges/{}/submit", dict),
    _of("pledge", "/v1/pledges/{}/withdraw", dict),
    _of("pledge", "/v1/pledges/{}/documents", lambda: {"kind": "other", "title": "x", "sha256": "0" * 64}),
    _of("right", "/v1/rights/{}/appraisals", an_appraisal),
    _of("right", "/v1/rights/{}/adopted-values", an_adoption),
    lambda *_: ("POST", "/v1/policies/valuation", a_policy()),
    lambda world, chance: ("POST", "/v1/valuations", {"right_id": chance.choice(world.rights)}),
    _loan,
    _loan,
    _draft,
    _draft,
    _search,
    _event,
)
"""What the first bank asks."""


def _as_other(
    asking: Asking, client: str = OTHER_OFFICER
) -> Callable[[World, random.Random], tuple[str, str, str, object]]:
    return lambda world, chance: (client, *asking(world, chance))


def _other_draft(world: World, chance: random.Random) -> tuple[str, str, object]:
    right = chance.choice(world.rights)
    return "POST", "/v1/pledges", a_pledge_body({right: f"{chance.randrange(1, 9)}"}, pledgee="bank-b")


def _other_event(world: World, chance: random.Random) -> tuple[str, str, object]:
    event = {"type": "disbursed", "principal": yuan(f"{chance.randrange(1, 900)}.00"), "on": TODAY.isoformat()}
    loan = chance.choice(world.foreign["loan"])
    return "POST", f"/v1/loans/{loan}/events", {**event, "reference": f"R{chance.randrange(9)}"}


def _other_document(world: World, chance: random.Random) -> tuple[str, str, object]:
    pledge = chance.choice(world.foreign["pledge"])
    document = {"kind": "other", "title": f"秘密{chance.randrange(99)}", "sha256": f"{chance.randrange(16**64):064x}"}
    return "POST", f"/v1/pledges/{pledge}/documents", document


PRIVATE: Final = tuple(
    map(
        _as_other,
        (
            _loan,
            _loan,
            _other_draft,
            _other_event,
            _other_document,
            _search,
            _of("right", "/v1/rights/{}/appraisals", an_appraisal),
            _of("right", "/v1/rights/{}/adopted-values", an_adoption),
            lambda *_: ("POST", "/v1/policies/valuation", a_policy()),
            lambda world, chance: ("POST", "/v1/valuations", {"right_id": chance.choice(world.rights)}),
            _page("/v1/events"),
        ),
    )
)
"""What the second bank does that is nobody else's business: none of it takes anything of a right."""


@contextmanager
def two_worlds(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[tuple[World, World]]:
    """Open both worlds, alike but for the second bank's own."""
    with pytest.MonkeyPatch.context() as patched, new_database() as one, new_database() as two:
        patched.setattr(identifiers, "secrets", DIGITS)
        patched.setattr(numbers, "secrets", DIGITS)
        patched.setattr(keep_webhooks, "secrets", DIGITS)
        patched.setattr("tests.integration.business.secrets", DIGITS)
        clocks = [[NOW], [NOW]]
        DIGITS.stream = random.Random("opening")
        with business_inside(one, lambda: clocks[0][0]) as (first, inside):
            DIGITS.stream = random.Random("opening")
            with business_inside(two, lambda: clocks[1][0]) as (second, other_inside):
                worlds = (
                    World("one", first, inside, clocks[0]),
                    World("two", second, other_inside, clocks[1]),
                )
                with working(worlds[0], one), working(worlds[1], two):
                    for world in worlds:
                        world.stage()
                    yield worlds


@contextmanager
def working(world: World, database: Database) -> Iterator[None]:
    """Give a world its worker, which sends to endpoints that keep what they are sent."""
    run = world.inside.runner.run
    engine = make_engine(database.worker_url, pool_size=2)
    client = httpx.AsyncClient(transport=httpx.MockTransport(world.receive), trust_env=False)
    house = _house(engine, world.business.registry, world.business.clock)
    world.worker = replace(house, webhooks=HttpWebhookSender(Guard(loopback=True), client))
    try:
        yield
    finally:
        run(client.aclose())
        run(engine.dispose())


def differences(worlds: tuple[World, World], scripts: range, steps: int) -> Iterator[str]:
    """Play scripts in both worlds, each after other private business, and yield whatever the first bank hears apart."""
    for number in scripts:
        heard = []
        for world in worlds:
            world.private(number)
            heard.append(world.script(number, steps))
        for one, two in zip_longest(*heard, fillvalue=NOTHING):
            if one != two:
                yield f"script {number}:\n  {_told(one)}\n  {_told(two)}"


def _told(heard: Heard) -> str:
    what, status, headers, body = heard
    return f"{what} {status} {dict(headers)} {body[:600].decode(errors='replace')}"
