"""Progress on standard error: at a terminal one line that changes, elsewhere one line an instrument when it is done."""

from collections.abc import Sequence
from typing import Final, TextIO

from api.backtest.points import valuation_days
from api.backtest.reading import Series

WIDTH: Final = 78


class Progress:
    """Tells how far a run has come; call it with a series, how many of its days are done, and how many there are."""

    def __init__(self, series: Sequence[Series], stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._whole = sum(len(valuation_days(each.rows)) for each in series)
        self._done: dict[str, int] = {}

    def __call__(self, series: Series, done: int, whole: int) -> None:
        """Tell that so many days of a series are done."""
        name = f"{series.market}/{series.instrument}"
        self._done[name] = done
        if self._live:
            self._say(f"\r{f'{sum(self._done.values())} of {self._whole} days, {name}'[:WIDTH]:<{WIDTH}}")
        if done == whole:
            self._say(f"{chr(13) if self._live else ''}{name}: {whole} days valued".ljust(WIDTH).rstrip() + "\n")

    def _say(self, words: str) -> None:
        self._stream.write(words)
        self._stream.flush()
