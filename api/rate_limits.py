"""Rate limits at the door: how often a client may ask, and what an answer says of it.

Three kinds of bucket. A client's requests; the token endpoint's, by the address and the client that the assertion names
(it is not verified yet: counting by the name alone would let a stranger use up somebody's tokens); and, narrower, what
one client asks about one right or one registry number, so that watching another's business by asking what is free of a
right all day does not go unnoticed. A process borrows a few tokens of the first kind at a time and spends them for at
most a second, so that most requests cost no statement; a client that was refused is refused by memory until a token
can be there again.

Source: draft-ietf-httpapi-ratelimit-headers-10 (`RateLimit`, `RateLimit-Policy`); RFC 6585 section 4 (429).

>>> limits_of("requests=50/100 tokens=5/10 checks=1/20").requests
Rate(per_second=50.0, burst=100)
>>> limits_of("off").tokens is None
True
"""

import hashlib
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from litestar.types import HTTPScope

from api.refusals import TooManyRequests
from domain.ports.rate_limits import Buckets, Rate, Taken

BORROWED: Final = 5
LOAN_SECONDS: Final = 1.0
REMEMBERED_MAX: Final = 4096
HEADERS: Final = "rate_limit_headers"
"""Under this name the request's state holds what the answer is to say."""
CHECKS: Final = frozenset({"/v1/searches", "/v1/rights/verifications"})
"""Commands that ask about a right which the body names."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The rates by kind; none where a kind is not limited."""

    requests: Rate | None = None
    tokens: Rate | None = None
    checks: Rate | None = None


def limits_of(told: str) -> Limits:
    """Read `kind=per_second/burst` with spaces between; `off` limits nothing. Raises ValueError for anything else."""
    if told.strip() == "off":
        return Limits()
    read: dict[str, Rate] = {}
    for each in told.split():
        kind, _, rate = each.partition("=")
        per_second, _, burst = rate.partition("/")
        if kind not in Limits.__slots__ or float(per_second) <= 0 or int(burst) < 1:
            raise ValueError(each)
        read[kind] = Rate(float(per_second), int(burst))
    return Limits(**read)


@dataclass(slots=True)
class _Loan:
    """Tokens in hand until a moment; none in hand is a refusal until then."""

    tokens: int
    left: float
    until: float


class RateLimits:
    """The limits of one process, on buckets that all processes share."""

    __slots__ = ("_buckets", "_limits", "_loans", "_ticks")

    def __init__(self, limits: Limits, buckets: Buckets, ticks: Callable[[], float] = time.monotonic) -> None:
        """Take the rates, the buckets and a clock."""
        self._limits = limits
        self._buckets = buckets
        self._ticks = ticks
        self._loans: dict[str, _Loan] = {}

    async def admit_client(self, scope: HTTPScope, client_id: str) -> None:
        """Count a request of a client's; raises TooManyRequests."""
        rate = self._limits.requests
        if rate is not None:
            left = await self._spend(f"requests:{client_id}", rate, BORROWED)
            scope["state"][HEADERS] = _headers(rate, left)

    async def admit_check(self, scope: HTTPScope, client_id: str, payload: object) -> None:
        """Count what a client asks about one right; raises TooManyRequests. Other requests pass."""
        rate = self._limits.checks
        if rate is None:
            return
        right = scope["path_params"].get("right_id") if scope["method"] == "GET" else None
        if scope["path_template"] in CHECKS and scope["method"] == "POST":
            right = json.dumps(payload, sort_keys=True, default=str)
        if right is not None:
            await self._spend(f"checks:{client_id}:{_short(str(right))}", rate, 1)

    async def admit_token_request(self, scope: HTTPScope, form: bytes) -> None:
        """Count a request at the token endpoint; raises TooManyRequests."""
        rate = self._limits.tokens
        if rate is not None:
            address = (scope["client"] or ("", 0))[0]
            await self._spend(f"tokens:{address}:{_short(_claimed(form))}", rate, 1)

    async def _spend(self, name: str, rate: Rate, borrowed: int) -> float:
        """Spend one token and return how many are left in sight."""
        now = self._ticks()
        loan = self._loans.get(name)
        if loan is None or now >= loan.until:
            taken: Taken = await self._buckets.take(name, rate, borrowed)
            loan = self._keep(name, rate, taken, now)
        if loan.tokens == 0:
            raise TooManyRequests(max(1, round(loan.until - now)))
        loan.tokens -= 1
        if loan.tokens == 0:
            del self._loans[name]
        return loan.left + loan.tokens

    def _keep(self, name: str, rate: Rate, taken: Taken, now: float) -> _Loan:
        wait = LOAN_SECONDS if taken.granted else (1 - taken.left) / rate.per_second
        loan = _Loan(taken.granted, taken.left, now + wait)
        self._loans.pop(name, None)
        while len(self._loans) >= REMEMBERED_MAX:
            del self._loans[next(iter(self._loans))]
        self._loans[name] = loan
        return loan


def _headers(rate: Rate, left: float) -> tuple[tuple[bytes, bytes], ...]:
    until_full = -int(-(rate.burst - left) // rate.per_second)
    return (
        (b"ratelimit-policy", f'"requests";q={rate.burst};w={rate.window_seconds}'.encode()),
        (b"ratelimit", f'"requests";r={int(left)};t={until_full}'.encode()),
    )


def _short(text: str) -> str:
    """Return a name of fixed length for what a client sent."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _claimed(form: bytes) -> str:
    """Return the client that a token request says it is, unverified; whatever cannot be read is nobody."""
    try:
        fields = parse_qs(form.decode("ascii"), max_num_fields=16)
        if "client_id" in fields:
            return fields["client_id"][0]
        payload = fields["client_assertion"][0].split(".")[1]
        claims: Any = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["sub"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
