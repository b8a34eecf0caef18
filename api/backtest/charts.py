"""The report's charts as SVG, drawn in this process: no browser, no network, no fonts of our own.

Only figures that stand in the report or in the points are drawn. Letters stay text in a generic font, so that a
reader's own fonts show Chinese names.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import altair as alt
import vl_convert

from api.backtest.files import MARK
from api.backtest.method import HORIZONS
from api.backtest.points import Point
from api.backtest.reading import Series
from api.backtest.report_text import NAMES, REALISED_NAMES
from api.backtest.simple_values import YUAN

INSTRUMENTS_DRAWN_MAX: Final = 12
"""The instruments with most points are drawn; the report tells all of them."""

DOTS_MAX: Final = 400
WIDTH: Final = 560
HEIGHT: Final = 200
SMALL_HEIGHT: Final = 130
FLOOR_HORIZON: Final = 20
TARGET_PERCENT: Final = 99

COLOURS: Final[Mapping[str, str]] = {
    "greenlien": "#00695c",
    "greenlien, to a lender": "#4db6ac",
    "last price": "#c62828",
    "30-day mean": "#ef6c00",
    "90-day VWAP": "#5e35b1",
}
HORIZON_COLOURS: Final = ("#80cbc4", "#26a69a", "#00695c")

Row = dict[str, str | float]
Spec = dict[str, Any]
Layers = alt.LayerChart | alt.FacetChart


def drawn(document: Mapping[str, Any], points: Sequence[Point], series: Sequence[Series]) -> dict[str, bytes]:
    """Return the charts by file name; none where no day could be valued."""
    if not points:
        return {}
    charts = {
        "levels.svg": _levels(points, series),
        "errors.svg": _errors(document),
        "coverage.svg": _coverage(document),
        "haircuts.svg": _haircuts(document),
    }
    if document["attacks"]:
        charts["attacks.svg"] = _attacks(document)
    return {name: _svg(chart) for name, chart in charts.items()}


def _svg(chart: Any) -> bytes:  # noqa: ANN401 - altair's charts share no public type
    spec: Spec = chart.configure_view(stroke=None).to_dict()
    drawing: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    return f"{MARK}\n{drawing}\n".encode()


def _of(rows: Sequence[Row]) -> alt.Chart:
    return alt.Chart(alt.Data(values=list(rows)))  # type: ignore[no-untyped-call]  # altair leaves it untyped


def _levels(points: Sequence[Point], series: Sequence[Series]) -> alt.HConcatChart | alt.VConcatChart:
    told = {each.key: [point for point in points if point.key == each.key] for each in series}
    chosen = sorted(series, key=lambda each: (-len(told[each.key]), each.key))[:INSTRUMENTS_DRAWN_MAX]
    return alt.vconcat(
        *(_level(each, told[each.key]) for each in sorted(chosen, key=lambda each: each.key) if told[each.key])
    )


def _level(series: Series, points: Sequence[Point]) -> Layers:
    rows = series.rows[:: math.ceil(len(series.rows) / DOTS_MAX)]
    dots: list[Row] = [{"on": row.on.isoformat(), "yuan": row.price / YUAN} for row in rows]
    lines: list[Row] = []
    for point in points:
        lent = float(point.lending_unit_value) * (1 - float(point.haircuts[FLOOR_HORIZON]))
        for what, yuan in (("unit value", float(point.unit_value)), ("lent at most, 20 days", lent)):
            lines.append({"on": point.as_of.isoformat(), "yuan": yuan, "what": what})
    x = alt.X("on:T", title=None, axis=alt.Axis(format="%Y-%m", labelOverlap=True))
    y = alt.Y("yuan:Q", title="yuan")
    prices = _of(dots).mark_point(size=6, opacity=0.4, color="#9e9e9e").encode(x=x, y=y)
    colour = alt.Color("what:N", title=None, scale=alt.Scale(range=["#ef6c00", "#00695c"]))
    values = _of(lines).mark_line(strokeWidth=1.2).encode(x=x, y=y, color=colour)
    return alt.layer(prices, values).properties(width=WIDTH, height=SMALL_HEIGHT, title=series.key)


def _errors(document: Mapping[str, Any]) -> alt.VConcatChart:
    rows: list[Row] = [
        {"against": words, "value": NAMES[key], "part": part, "percent": float(each[field])}
        for name, words in REALISED_NAMES.items()
        for key, each in document["errors"][name]["pooled"].items()
        for part, field in (("median", "median_percent"), ("90th percentile", "p90_percent"))
    ]
    return alt.vconcat(
        *(
            _bars([row for row in rows if row["part"] == part], "against", part)
            for part in ("median", "90th percentile")
        )
    )


def _bars(rows: Sequence[Row], across: str, title: str, scale: Literal["linear", "symlog"] = "linear") -> alt.Chart:
    named = [name for name in NAMES.values() if any(row["value"] == name for row in rows)]
    chart: alt.Chart = (
        _of(rows)
        .mark_bar()
        .encode(
            x=alt.X(f"{across}:N", title=None, axis=alt.Axis(labelAngle=0, labelLimit=WIDTH), sort=None),
            xOffset=alt.XOffset("value:N", sort=named),
            y=alt.Y("percent:Q", title="%", scale=alt.Scale(type=scale)),
            color=alt.Color(
                "value:N", title=None, scale=alt.Scale(domain=named, range=[COLOURS[name] for name in named])
            ),
        )
        .properties(width=WIDTH, height=HEIGHT, title=title)
    )
    return chart


def _by_group(document: Mapping[str, Any], field: str) -> list[Row]:
    told = document["coverage"]
    groups = [
        ("all", told["pooled"]),
        *((f"level {level}", each) for level, each in told["by_confidence_level"].items()),
        *sorted(told["by_instrument"].items(), key=lambda each: -each[1][str(HORIZONS[0])]["points"])[
            :INSTRUMENTS_DRAWN_MAX
        ],
    ]
    return [
        {"group": name, "days": f"{horizon} days", "percent": float(each[str(horizon)][field])}
        for name, each in groups
        for horizon in HORIZONS
        if each[str(horizon)][field] is not None
    ]


def _horizon_colour() -> alt.Color:
    names = [f"{horizon} days" for horizon in HORIZONS]
    return alt.Color("days:N", title=None, scale=alt.Scale(domain=names, range=list(HORIZON_COLOURS)))


def _coverage(document: Mapping[str, Any]) -> Layers:
    rows = _by_group(document, "coverage_percent")
    marks = (
        _of(rows)
        .mark_point(filled=True, size=70, opacity=0.9)
        .encode(
            x=alt.X("group:N", title=None, sort=None, axis=alt.Axis(labelAngle=-40)),
            y=alt.Y("percent:Q", title="% of exits covered", scale=alt.Scale(zero=False)),
            color=_horizon_colour(),
        )
    )
    target = _of([{"percent": TARGET_PERCENT}]).mark_rule(strokeDash=[4, 4]).encode(y="percent:Q")
    return alt.layer(marks, target).properties(width=WIDTH, height=HEIGHT, title="Coverage; the target is 99 %")


def _haircuts(document: Mapping[str, Any]) -> alt.Chart:
    chart: alt.Chart = (
        _of(_by_group(document, "average_haircut_percent"))
        .mark_bar()
        .encode(
            x=alt.X("group:N", title=None, sort=None, axis=alt.Axis(labelAngle=-40)),
            xOffset=alt.XOffset("days:N", sort=None),
            y=alt.Y("percent:Q", title="%"),
            color=_horizon_colour(),
        )
        .properties(width=WIDTH, height=HEIGHT, title="Average haircut")
    )
    return chart


def _attacks(document: Mapping[str, Any]) -> alt.VConcatChart:
    parts = (("median", "median_percent"), ("95th percentile", "p95_percent"))
    return alt.vconcat(
        *(
            _bars(
                [
                    {"attack": letter, "value": NAMES[key], "percent": float(move[field])}
                    for letter, each in document["attacks"].items()
                    for key, move in each["moves"].items()
                ],
                "attack",
                f"Move of the value, {title}; the axis is stretched near zero",
                "symlog",
            )
            for title, field in parts
        )
    )
