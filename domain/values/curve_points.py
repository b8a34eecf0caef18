"""Points on P-256, checked by plain arithmetic: whether two coordinates of a public key are on the curve at all.

The subtle thing is the spelling. A coordinate of 32 bytes takes 43 letters of base64url, whose last one has two bits to
spare; were they not zero, one key would have four spellings and as many thumbprints.

Source: FIPS 186-5, SP 800-186 section 3.2.1.3 (P-256: y^2 = x^3 - 3x + b); RFC 7518 section 6.2.1 (coordinates).

>>> on_p256("axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU")
True
>>> on_p256("axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "A" * 43)
False
"""

import base64
import binascii
from typing import Final

LENGTH: Final = 43
PRIME: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


def on_p256(x: str, y: str) -> bool:
    """Tell whether two coordinates, in the one canonical base64url, are a point on the curve."""
    across, up = _number(x), _number(y)
    if across is None or up is None:
        return False
    return (up * up - across * across * across + 3 * across - B) % PRIME == 0


def _number(coordinate: str) -> int | None:
    try:
        raw = base64.b64decode(coordinate.encode("ascii") + b"=", altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    if len(coordinate) != LENGTH or base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != coordinate:
        return None
    number = int.from_bytes(raw, "big")
    return number if number < PRIME else None
