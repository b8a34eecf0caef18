"""The report in words and tables: report.md, made from report.json's data and nothing else.

Whatever comes from the deals' file (names of markets and instruments, the file's own name) is told as plain text: no
character of it becomes markup.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from api.backtest.files import MARK

NAMES: Final[Mapping[str, str]] = {
    "greenlien": "greenlien",
    "greenlien_lending": "greenlien, to a lender",
    "last_price": "last price",
    "mean_30_days": "30-day mean",
    "vwap_90_days": "90-day VWAP",
}
REALISED_NAMES: Final[Mapping[str, str]] = {
    "next_trade": "the next trade",
    "next_20_days_vwap": "the next 20 business days' volume-weighted price",
}
CHARTS: Final[Mapping[str, str]] = {
    "levels.svg": "Prices, unit value and what is lent at 20 business days",
    "errors.svg": "Error against the next trade and the next 20 business days",
    "coverage.svg": "Coverage of the haircut",
    "haircuts.svg": "Average haircut",
    "attacks.svg": "How far each attack moves a value",
}
MARKUP: Final = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]()<>#+-.!|&~^$"})
SKIPPED_TOLD_MAX: Final = 20
POINTS_TO_COMPARE: Final = 50
NONE: Final = "–"

Table = Sequence[Sequence[str]]


def text(document: Mapping[str, Any], charts: Sequence[str]) -> str:
    """Return the report in Markdown, with the charts that there are."""
    parts = [
        MARK,
        "# Backtest of the valuation · 估值回测",
        *_input(document),
        *_section("Findings · 结论", "\n".join(f"- {_plain(line)}" for line in findings(document))),
        *_chart("levels.svg", charts),
        *_errors(document, charts),
        *_coverage(document, charts),
        *_attacks(document, charts),
        *_instruments(document),
        *_section(
            "Definitions · 定义", "\n".join(f"- **{_plain(k)}**: {v}" for k, v in document["definitions"].items())
        ),
        *_section("What this does not show · 局限", LIMITS),
    ]
    return "\n\n".join(parts) + "\n"


LIMITS: Final = (
    "A backtest tells what would have happened on these deals. Misses at 1 % are few, so the test on them has little "
    "power; markets are pooled as if they were independent. Every coverage is conditional on an exit: read it together "
    "with the share of points that had none. No haircut covers the end of a market's rules; that is what a right's "
    "validity is for."
)


def findings(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the report's main figures, a sentence each."""
    if not document["points"]:
        yield "No day could be valued: an instrument needs twenty trading days, and evidence."
        return
    for name, words in REALISED_NAMES.items():
        pooled = document["errors"][name]["pooled"]
        if pooled:
            ours = pooled["greenlien"]
            others = ", ".join(
                f"{NAMES[key]} {_short(each['median_percent'])} / {_short(each['p90_percent'])}"
                for key, each in pooled.items()
                if key != "greenlien"
            )
            yield (
                f"Error against {words}, median / 90th percentile in %: {_short(ours['median_percent'])} / "
                f"{_short(ours['p90_percent'])} at {ours['points']} points ({others})."
            )
    yield from map(_coverage_sentence, document["coverage"]["pooled"].items())
    yield _beside_the_mean(document)
    for letter, measure, words in ATTACK_FINDINGS:
        if letter in document["attacks"]:
            moves = document["attacks"][letter]["moves"]
            figures = (
                f"{NAMES[key]} {_short(moves[key]['median_percent'])} / {_short(moves[key]['p95_percent'])}"
                for key in (measure, "last_price", "mean_30_days", "vwap_90_days")
                if key in moves
            )
            yield f"{words}, median / 95th percentile of the move in %: {', '.join(figures)}."


ATTACK_FINDINGS: Final = (
    ("A", "greenlien", "A wash trade at three times the price on a genuine day"),
    ("B", "greenlien", "The same wash trade alone on its day"),
    ("E", "greenlien_lending", "Three wash trades of ordinary size on three days"),
)


def _beside_the_mean(document: Mapping[str, Any]) -> str:
    told = document["errors"]["next_trade"]
    worse = {
        name
        for group in ("by_instrument", "by_market")
        for name, each in told[group].items()
        if each
        and each["greenlien"]["points"] >= POINTS_TO_COMPARE
        and Decimal(each["greenlien"]["median_percent"]) > Decimal(each["mean_30_days"]["median_percent"])
    }
    listed = ", ".join(sorted(worse)) or "none"
    return f"Markets and instruments of {POINTS_TO_COMPARE} points or more where the 30-day mean erred less: {listed}."


def _coverage_sentence(told: tuple[str, Mapping[str, Any]]) -> str:
    horizon, each = told
    test = each["kupiec"]
    verdict = "rejected for too many misses" if test["rejected_for_too_many_misses"] else "not rejected for too many"
    if test["rejected"] and not test["rejected_for_too_many_misses"]:
        verdict = "fewer misses than expected: the haircut could be lower"
    return (
        f"At {horizon} business days {each['misses']} of {each['exits']} exits brought less than was lent against: "
        f"coverage {_short(each['coverage_percent'])} %, average haircut {_short(each['average_haircut_percent'])} %; "
        f"{_short(each['no_exit_rate_percent'])} % of points had no exit within 90 days. "
        f"Kupiec: {test['misses']} of {test['points']}, p = {test['p_value']}, {verdict}."
    )


def _input(document: Mapping[str, Any]) -> Iterator[str]:
    told = document["input"]
    method = ", ".join(f"{_plain(key)} {_plain(value)}" for key, value in document["method"].items())
    yield (
        f"File {_plain(told['file'])} (sha256 {told['sha256']}): {told['rows']} rows, {told['used']} used, "
        f"{told['skipped']} skipped. {document['points']} points; on {document['no_value']['count']} further days "
        f"there was no value. Method: {method}."
    )
    if told["notes"]:
        yield "\n".join(f"- {_plain(note)}" for note in told["notes"])
    if told["skipped"]:
        reasons = [("reason", "rows"), *((_plain(key), str(n)) for key, n in told["skipped_by_reason"].items())]
        yield from _section("Rows that were skipped · 未采用的行", _table(reasons))
        first = ", ".join(str(each["line"]) for each in told["skipped_first"][:SKIPPED_TOLD_MAX])
        yield f"The first of them: line {first}."


def _errors(document: Mapping[str, Any], charts: Sequence[str]) -> Iterator[str]:
    for name, words in REALISED_NAMES.items():
        told = document["errors"][name]
        if not told["pooled"]:
            continue
        columns = list(told["pooled"])
        rows = [["instrument", "points", *(f"{NAMES[key]}: median / p90 / bias" for key in columns)]]
        for instrument, each in _groups(document, told):
            if each:
                figures = (
                    " / ".join(_short(each[key][f"{part}_percent"]) for part in ("median", "p90", "bias"))
                    for key in columns
                )
                rows.append([instrument, str(each[columns[0]]["points"]), *figures])
        yield from _section(f"Error against {words}, % · 误差", _table(rows))
    yield from _chart("errors.svg", charts)


def _coverage(document: Mapping[str, Any], charts: Sequence[str]) -> Iterator[str]:
    told = document["coverage"]
    levels = ((f"level {level}", each) for level, each in told["by_confidence_level"].items())
    groups = [*levels, *_groups(document, told)]
    for horizon in told["pooled"]:
        rows = [
            ["", "points", "exits", "misses", "coverage %", "average haircut %", "no exit %", "Kupiec", "p", "verdict"]
        ]
        for name, by_horizon in groups:
            each = by_horizon[horizon]
            test = each["kupiec"]
            verdict = f"rejected: {test['side']}" if test["rejected"] else "not rejected"
            rows.append(
                [
                    name,
                    *(str(each[key]) for key in ("points", "exits", "misses")),
                    *(_short(each[f"{key}_percent"]) for key in ("coverage", "average_haircut", "no_exit_rate")),
                    f"{test['misses']} of {test['points']}",
                    test["p_value"],
                    verdict if test["points"] else NONE,
                ]
            )
        yield from _section(f"Haircut at {horizon} business days · 折扣率覆盖", _table(rows))
    yield from _chart("coverage.svg", charts)
    yield from _chart("haircuts.svg", charts)


def _groups(document: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield a table's rows: every instrument, every market that has several of them, and all together."""
    markets = [each["market"] for each in document["instruments"]]
    yield from ((_plain(name), each) for name, each in told["by_instrument"].items())
    yield from ((f"all of {_plain(name)}", each) for name, each in told["by_market"].items() if markets.count(name) > 1)
    yield "**all**", told["pooled"]


def _attacks(document: Mapping[str, Any], charts: Sequence[str]) -> Iterator[str]:
    if not document["attacks"]:
        return
    columns = list(NAMES)
    rows = [["attack", *(f"{NAMES[key]}: median / p95 / largest" for key in columns)]]
    for letter, attack in document["attacks"].items():
        figures = (
            " / ".join(_short(attack["moves"][key][f"{part}_percent"]) for part in ("median", "p95", "largest"))
            if key in attack["moves"]
            else NONE
            for key in columns
        )
        rows.append([f"{letter}: {attack['attack']}", *figures])
    yield from _section("Attacks at three times the price, move in % · 操纵测试", _table(rows))
    yield from _chart("attacks.svg", charts)


def _instruments(document: Mapping[str, Any]) -> Iterator[str]:
    keys = ("market", "rows", "trading_days", "first", "last", "points")
    rows = [["instrument", *(key.replace("_", " ") for key in keys)]]
    rows += [[_plain(each["name"]), *(_plain(str(each[key])) for key in keys)] for each in document["instruments"]]
    yield from _section("Instruments · 品种", _table(rows))


def _section(title: str, body: str) -> Iterator[str]:
    yield f"## {title}"
    yield body


def _chart(name: str, charts: Sequence[str]) -> Iterator[str]:
    if name in charts:
        yield f"![{CHARTS[name]}]({name})"


def _table(rows: Table) -> str:
    head, *rest = ("| " + " | ".join(row) + " |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *rest])


def _plain(words: str) -> str:
    return words.translate(MARKUP)


def _short(percent: str | None) -> str:
    """Return a figure of the report with two decimals, half to even; it has four."""
    return NONE if percent is None else f"{round(Decimal(percent), 2) + 0:f}"
