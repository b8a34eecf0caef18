"""The loan prime rate: what was published, and which rate a contract that follows it has on a day.

The subtle thing is the reset: a contract does not follow each publication, but reads the newest one on its start and
then on each reset day of its own (the same day of the month, every so many months), and keeps it in between. After the
last publication that we know, the last one stands; before the first there is none.

Source: 中国人民银行公告〔2019〕15号 (published monthly on the 20th or the next working day); the figures name theirs in
the file.

>>> published_on(date(2024, 7, 22), "1Y")
Fraction(67, 2000)
"""

import tomllib
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Final

from domain.loans.loans import FixedRate, Loan
from domain.values.time import add_months

MONTHS_OF: Final = {"yearly": 12, "half_yearly": 6, "quarterly": 3, "monthly": 1}
"""How many months lie between two resets, by the contract's word; any other word means none."""

BASIS_POINTS: Final = 10_000


def published_on(day: date, tenor: str) -> Fraction | None:
    """Return the rate in force on a day as a fraction per year; none before the first publication."""
    found = [rate for on, rate in _published(tenor) if on <= day]
    return found[-1] if found else None


def rates_of(loan: Loan, until: date) -> tuple[tuple[date, Fraction | None], ...]:
    """Return from which day on the loan has which rate, oldest first, through a day; none where none is known."""
    rate = loan.rate
    if isinstance(rate, FixedRate):
        return ((loan.start, Fraction(rate.value)),)
    days = [loan.start]
    months = MONTHS_OF.get(rate.reset, 0)
    while months and (following := add_months(loan.start, months * len(days))) <= until:
        days.append(following)
    spread = Fraction(rate.spread_bp, BASIS_POINTS)
    read = [(day, published_on(day, rate.tenor)) for day in days]
    return tuple((day, None if prime is None else max(Fraction(0), prime + spread)) for day, prime in read)


@cache
def _published(tenor: str) -> tuple[tuple[date, Fraction], ...]:
    told = tomllib.loads(files("domain.loans").joinpath("prime_rates.toml").read_text(encoding="utf-8"))
    return tuple((row["on"], Fraction(Decimal(row[tenor])) / 100) for row in told["published"])
