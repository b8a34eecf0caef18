"""Numbers that are printed, cited and typed again: the kind, the year, and twelve random letters and figures.

The subtle thing is that such a number counts nothing. A running number would tell every holder of two certificates how
many were issued in between; sixty random bits tell nothing and cannot be guessed, and the letters are those that nobody
misreads (no I, L, O, U).

Source: contract section 1 (no counter); Crockford's base 32.

>>> is_number("GLC", new_number("GLC", date(2026, 11, 21)))
True
"""

import re
import secrets
from datetime import date
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS: Final = 3
GROUP_LENGTH: Final = 4


def new_number(prefix: str, on: date) -> str:
    """Return a fresh number of a kind; the caller's table makes sure that no two are the same."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join((f"{prefix}{on.year:04}", *groups))


def is_number(prefix: str, text: str) -> bool:
    """Tell whether a text may be a number of a kind."""
    group = f"[{ALPHABET}]{{{GROUP_LENGTH}}}"
    return re.fullmatch(rf"{prefix}[0-9]{{4}}(?:-{group}){{{GROUPS}}}", text, re.ASCII) is not None
