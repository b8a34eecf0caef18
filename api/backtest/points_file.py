"""points.csv: one row a point, for whoever wants to judge the values by rules of his own."""

import csv
import io
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from api.backtest.method import HORIZONS
from api.backtest.points import Point
from domain.values.decimals import round_half_even, wire

PLACES: Final = 6
COLUMNS: Final = (
    "instrument",
    "as_of",
    "unit_value",
    "lending_unit_value",
    *(f"haircut_{horizon}" for horizon in HORIZONS),
    "confidence_level",
)


def points_csv(points: Sequence[Point]) -> bytes:
    """Return the file in order of instrument and day, in UTF-8, every figure with six decimals."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for point in sorted(points, key=lambda each: (each.key, each.as_of)):
        figures = (point.unit_value, point.lending_unit_value, *(point.haircuts[horizon] for horizon in HORIZONS))
        told = (wire(round_half_even(Fraction(figure), PLACES), PLACES) for figure in figures)
        writer.writerow((point.key, point.as_of.isoformat(), *told, point.confidence_level))
    return out.getvalue().encode()
