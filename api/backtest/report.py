"""The report as data: report.json, the same bytes for the same file and method.

Shares are told in percent with four decimals, as texts, so that no reader's float changes them; what could not be told
is null. Times and memory are not in it, because they differ from run to run.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from api.backtest.attacks import ATTACKS
from api.backtest.points import MEASURES, NoValue, Point
from api.backtest.reading import Reading, Series
from api.backtest.scores import REALISED, Coverage, Error, Move, attack_moves, coverages, errors, grouped
from domain.values.decimals import round_half_even, wire

MADE_BY: Final = "greenlien backtest"
PLACES: Final = 4
PER_CENT: Final = 100
REFUSED_TOLD_MAX: Final = 500

DEFINITIONS: Final[Mapping[str, str]] = {
    "business_day": "Monday to Friday; holidays are not left out",
    "valuation_days": "from the date of an instrument's 20th trading day every 5th business day to its last deal",
    "past_data_only": "a valuation is handed the rows dated on or before its day and nothing else",
    "error": "unit value / realised price - 1; median and 90th percentile of its size; bias: its median with the sign",
    "quantile": "linear between neighbours at place share x (n - 1), counted from 0",
    "next_trade": "the first trading day strictly after the day; several rows of a day at their volume-weighted price",
    "next_20_days_vwap": "volume-weighted price of the 20 business days after the day, where anything was dealt",
    "last_price": "the price of the last row",
    "mean_30_days": "plain mean of the prices of the 30 calendar days that end with the day, else the last price",
    "vwap_90_days": "volume-weighted price of the 90 calendar days that end with the day, else the last price",
    "exit": "the first trading day on or after the day + h business days, at most 90 calendar days after that",
    "miss": "exit price < lending unit value x (1 - haircut at h)",
    "coverage": "share of exits that are no miss; points without an exit are counted in no_exit_rate instead",
    "average_haircut": "over all points, with or without an exit",
    "kupiec": "likelihood ratio of the proportion of misses against 1 %, chi-squared with one degree of freedom; "
    "points of one instrument lie at least h business days apart; rejected where p < 0.05, on the side that is named",
    "move": "size of value after the attack / value before it - 1, both on the same day",
    "wash_trade": "3 x the last genuine price; in A, B and C as large as the newest day's genuine volume, so half of "
    "what the day then shows; the ordinary volume is the lower median of the newest 20 trading days",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that a report tells: what was read, by which method it was valued, and what came of it."""

    file_name: str
    reading: Reading
    method: Mapping[str, str]
    assessed: Sequence[Point | NoValue]

    @property
    def points(self) -> list[Point]:
        """The days with a value."""
        return [each for each in self.assessed if isinstance(each, Point)]

    @property
    def refused(self) -> list[NoValue]:
        """The days without."""
        return [each for each in self.assessed if isinstance(each, NoValue)]


def as_bytes(document: Mapping[str, Any]) -> bytes:
    """Return a document in the one spelling: keys as they were put in, two spaces, ASCII, one newline at the end."""
    return (json.dumps(document, indent=2, allow_nan=False) + "\n").encode("ascii")


def document(outcome: Outcome) -> dict[str, Any]:
    """Return the report as plain data."""
    points, refused = outcome.points, outcome.refused
    by_market = grouped(points, lambda point: point.market)
    by_instrument = grouped(points, lambda point: point.key)
    by_level = {
        str(level): told for level, told in sorted(grouped(points, lambda point: point.confidence_level).items())
    }
    return {
        "made_by": MADE_BY,
        "format": 1,
        "method": dict(outcome.method),
        "definitions": dict(DEFINITIONS),
        "input": _input(outcome),
        "instruments": [_instrument(series, by_instrument.get(series.key, [])) for series in outcome.reading.series],
        "points": len(points),
        "no_value": {
            "count": len(refused),
            "by_reason": dict(sorted(Counter(each.reason for each in refused).items())),
            "first": [
                {"instrument": each.key, "as_of": each.as_of.isoformat(), "reason": each.reason}
                for each in refused[:REFUSED_TOLD_MAX]
            ],
        },
        "errors": {
            name: {
                "pooled": _errors(errors(points, realised)),
                "by_market": {key: _errors(errors(told, realised)) for key, told in by_market.items()},
                "by_instrument": {key: _errors(errors(told, realised)) for key, told in by_instrument.items()},
            }
            for name, realised in REALISED.items()
        },
        "coverage": {
            "pooled": _coverages(coverages(points)),
            "by_market": {key: _coverages(coverages(told)) for key, told in by_market.items()},
            "by_instrument": {key: _coverages(coverages(told)) for key, told in by_instrument.items()},
            "by_confidence_level": {key: _coverages(coverages(told)) for key, told in by_level.items()},
        },
        "attacks": _attacks(points),
    }


def percent(share: Fraction | None) -> str | None:
    """Return a share in percent with four decimals, half to even; none stays none.

    >>> percent(Fraction(1, 3))
    '33.3333'
    """
    if share is None:
        return None
    return fixed(share * PER_CENT)


def fixed(value: Fraction | float) -> str:
    """Return a number with four decimals, half to even."""
    return wire(round_half_even(Fraction(value), PLACES), PLACES)


def _input(outcome: Outcome) -> dict[str, Any]:
    reading = outcome.reading
    return {
        "file": outcome.file_name,
        "sha256": reading.sha256,
        "encoding": reading.encoding,
        "rows": reading.rows,
        "used": reading.used,
        "skipped": reading.rows - reading.used,
        "skipped_by_reason": reading.skipped_by_reason,
        "skipped_first": [{"line": each.line, "reason": each.reason} for each in reading.skipped],
        "notes": list(reading.notes),
    }


def _instrument(series: Series, points: Sequence[Point]) -> dict[str, Any]:
    return {
        "name": series.key,
        "market": series.market,
        "instrument": series.instrument,
        "rows": len(series.rows),
        "trading_days": len({row.on for row in series.rows}),
        "first": series.rows[0].on.isoformat(),
        "last": series.rows[-1].on.isoformat(),
        "points": len(points),
    }


def _errors(told: Mapping[str, Error]) -> dict[str, Any]:
    return {
        name: {
            "points": error.points,
            "median_percent": percent(error.median),
            "p90_percent": percent(error.p90),
            "bias_percent": percent(error.bias),
        }
        for name, error in told.items()
    }


def _coverages(told: Mapping[int, Coverage]) -> dict[str, Any]:
    return {str(horizon): _coverage(each) for horizon, each in told.items()}


def _coverage(each: Coverage) -> dict[str, Any]:
    test = each.kupiec
    return {
        "points": each.points,
        "exits": each.exits,
        "misses": each.misses,
        "coverage_percent": percent(each.coverage),
        "average_haircut_percent": percent(each.average_haircut),
        "no_exit_rate_percent": percent(each.no_exit_rate),
        "kupiec": {
            "points": test.points,
            "misses": test.misses,
            "expected_misses": fixed(test.expected_misses),
            "likelihood_ratio": fixed(test.likelihood_ratio),
            "p_value": fixed(test.p_value),
            "side": test.side,
            "rejected": test.rejected,
            "rejected_for_too_many_misses": test.rejected_for_too_many_misses,
        },
    }


def _attacks(points: Sequence[Point]) -> dict[str, Any]:
    moves = attack_moves(points)
    return {
        letter: {
            "attack": attack.words,
            "moves": {measure: _move(moves[letter][measure]) for measure in MEASURES if measure in moves[letter]},
        }
        for letter, attack in ATTACKS.items()
        if letter in moves
    }


def _move(move: Move) -> dict[str, Any]:
    return {
        "points": move.points,
        "median_percent": percent(move.median),
        "p95_percent": percent(move.p95),
        "largest_percent": percent(move.largest),
    }
