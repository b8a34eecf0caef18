"""Authentication: a header becomes a caller, and a verified token is remembered only while it is good."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from litestar.types import HTTPScope

from api import authentication as module
from api.authentication import Authentication
from api.refusals import ProofRequired, Unauthenticated
from domain.ports.tokens import AccessClaims, TokenRefused
from domain.values.actors import Actor, Role

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
ACTOR = Actor(client_id="bank-a.officer", tenant="bank-a", role=Role.BANK_OFFICER, uscc=None, division=None)


class CountingTokens:
    """Accepts what starts with `good`, for a minute, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def verify_access_token(self, token: str, now: datetime) -> AccessClaims:
        self.asked += 1
        if not token.startswith("good"):
            raise TokenRefused("bad")
        return AccessClaims(
            actor=ACTOR,
            scopes=frozenset({"pledge:read"}),
            token_id="x" * 16,
            expires_at=NOW + timedelta(minutes=1),
        )


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def scope(headers: Iterable[tuple[bytes, bytes]]) -> HTTPScope:
    return cast("HTTPScope", {"headers": list(headers)})


def bearer(token: str) -> HTTPScope:
    return scope([(b"host", b"x"), (b"authorization", f"Bearer {token}".encode())])


def authentication(tokens: CountingTokens, clock: Clock, *, allow_bearer: bool = True) -> Authentication:
    return Authentication(cast("Any", tokens), now=clock, allow_bearer=allow_bearer)


def test_a_good_token_says_who_calls() -> None:
    caller = authentication(CountingTokens(), Clock()).caller_of(bearer("good"))

    assert (caller.client_id, caller.tenant, caller.role, caller.uscc, caller.division) == (
        "bank-a.officer",
        "bank-a",
        Role.BANK_OFFICER,
        None,
        None,
    )
    assert caller.scopes == {"pledge:read"}


def test_a_token_is_verified_once_until_it_expires() -> None:
    tokens, clock = CountingTokens(), Clock()
    door = authentication(tokens, clock)

    for seconds in (0, 1, 59):
        clock.now = NOW + timedelta(seconds=seconds)
        door.caller_of(bearer("good"))
    assert tokens.asked == 1

    clock.now = NOW + timedelta(seconds=60)
    door.caller_of(bearer("good"))
    assert tokens.asked == 2


def test_a_bad_token_is_never_remembered() -> None:
    tokens = CountingTokens()
    door = authentication(tokens, Clock())

    for _ in range(2):
        with pytest.raises(Unauthenticated):
            door.caller_of(bearer("bad"))

    assert tokens.asked == 2


def test_what_is_remembered_stays_bounded_and_the_oldest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED_MAX", 3)
    tokens = CountingTokens()
    door = authentication(tokens, Clock())
    for number in range(5):
        door.caller_of(bearer(f"good{number}"))
    asked = tokens.asked

    door.caller_of(bearer("good4"))
    assert tokens.asked == asked
    door.caller_of(bearer("good0"))
    assert tokens.asked == asked + 1
    assert len(door._remembered) == 3


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"")],
        [(b"authorization", b"good")],
        [(b"authorization", b"Basic good")],
        [(b"authorization", b"DPoP good")],
        [(b"authorization", b"Badger good")],
        [(b"authorization", b"Bearer")],
        [(b"authorization", b"Bearer bad")],
        [(b"authorization", b"Bearer \xff\xfe")],
        [(b"authorization", b"Bearer " + b"good" * 3000)],
        [(b"authorization", b"Bearer good"), (b"authorization", b"Bearer good")],
    ],
)
def test_any_other_header_is_no_authentication(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(Unauthenticated):
        authentication(CountingTokens(), Clock()).caller_of(scope(headers))


@pytest.mark.parametrize("scheme", [b"bearer", b"Bearer", b"BEARER"])
def test_the_scheme_is_written_in_any_case(scheme: bytes) -> None:
    caller = authentication(CountingTokens(), Clock()).caller_of(scope([(b"authorization", scheme + b" good")]))

    assert caller.actor == ACTOR


def test_where_proof_is_required_no_bearer_token_is_good_enough() -> None:
    tokens = CountingTokens()

    with pytest.raises(ProofRequired):
        authentication(tokens, Clock(), allow_bearer=False).caller_of(bearer("good"))
    assert tokens.asked == 0
