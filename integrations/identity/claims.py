"""Claims, read by hand: a short text is a short text, a moment is a whole number of seconds, and nothing is guessed.

The window is that of FAPI 2.0: clocks differ, so ten seconds ahead are accepted; a proof older than a minute is not.

Source: FAPI 2.0 Security Profile section 5.3.2.1 (clock).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from domain.ports.tokens import TokenRefused

TEXT_LENGTH_MAX: Final = 256
AHEAD_SECONDS_MAX: Final = 10
AGE_SECONDS_MAX: Final = 60
PROOF_ID_LENGTH_MIN: Final = 16


def text_claim(claims: Mapping[str, Any], name: str, *, length_max: int = TEXT_LENGTH_MAX, length_min: int = 1) -> str:
    """Return a claim that is a text of printable ASCII within these lengths; raises TokenRefused otherwise."""
    value = claims.get(name)
    if not isinstance(value, str) or not length_min <= len(value) <= length_max or not value.isascii():
        raise TokenRefused(f"{name} is not a short text")
    if not value.isprintable():
        raise TokenRefused(f"{name} holds control characters")
    return value


def seconds_claim(claims: Mapping[str, Any], name: str) -> int:
    """Return a claim that is a moment in whole seconds since 1970; raises TokenRefused otherwise.

    >>> seconds_claim({"iat": 1700000000}, "iat")
    1700000000
    """
    value = claims.get(name)
    if type(value) is not int or not 0 <= value < 1 << 40:
        raise TokenRefused(f"{name} is not a whole number of seconds")
    return value


def recent(claims: Mapping[str, Any], now: datetime) -> datetime:
    """Return when a proof was made (`iat`): a minute ago at most, ten seconds ahead at most; raises TokenRefused."""
    made = seconds_claim(claims, "iat")
    require(now.timestamp() - AGE_SECONDS_MAX <= made <= now.timestamp() + AHEAD_SECONDS_MAX, "not of this minute")
    return datetime.fromtimestamp(made, UTC)


def require(holds: bool, reason: str) -> None:  # noqa: FBT001 - reads as a sentence at every call
    """Return where it holds; raises TokenRefused otherwise."""
    if not holds:
        raise TokenRefused(reason)
