"""One reading of one file: what every reader shares, whatever its file looks like.

A reader is a generator of rows that writes what it has to say of the file into `Findings`. It stops a file that it
cannot go on with by raising `FileRefused`, which never leaves this folder: the reading ends, what was read stands, and
the report says why. The sums are made here, over the rows as they are handed out, so that they always add up.

Source: contract section 4 (imports); OWASP ASVS 5.0 chapter 1.5 (parsers), limits of our own.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Final

from domain.market.imports import FileReport, Remark, RowRead, RowRefused
from domain.values.decimals import PLACES_MAX, round_half_even
from integrations.exchange.numerals import MONEY_PLACES

ROWS_MAX: Final = 200_000
COLUMNS_MAX: Final = 200
CELL_CHARACTERS_MAX: Final = 4_000
REMARKS_MAX: Final = 50

YUAN: Final = "CNY"
"""The name under which a file's own total of amounts is compared; quantities go by their unit, `quantity` without."""

TOO_MANY_ROWS: Final = Remark(
    "too_many_rows", f"文件超过{ROWS_MAX}行，请分批报送。", f"more than {ROWS_MAX} rows; send the file in pieces"
)
NOTHING_FOUND: Final = Remark("no_rows", "文件中没有可读取的成交行。", "there is no row of a deal in the file")


class FileRefused(Exception):
    """Say that the rest of a file cannot be read, and why."""

    def __init__(self, code: str, detail_zh: str, detail_en: str) -> None:
        """Name the reason."""
        super().__init__(code)
        self.why = Remark(code, detail_zh, detail_en)


@dataclass(slots=True)
class Findings:
    """What a reader finds out about its file besides the rows; `since_1904` is a workbook's own calendar."""

    remarks: dict[Remark, None] = field(default_factory=dict)
    stated: dict[str, Decimal] = field(default_factory=dict)
    notices: list[Mapping[str, object]] = field(default_factory=list)
    licence_notice: bool = False
    since_1904: bool = False

    def remark(self, code: str, detail_zh: str, detail_en: str) -> None:
        """Note something once; a file that gives cause for hundreds of remarks is told the first ones."""
        if len(self.remarks) < REMARKS_MAX:
            self.remarks.setdefault(Remark(code, detail_zh, detail_en))


Rows = Iterator[RowRead | RowRefused]
Reader = Callable[[Findings], Rows]


class Reading:
    """A reading, which is its rows and then its report."""

    def __init__(self, reader: Reader) -> None:
        """Begin; nothing is read before the first row is asked for."""
        self._reader = reader
        self._findings = Findings()
        self._read = self._refused = 0
        self._quantities: defaultdict[str, Fraction] = defaultdict(Fraction)
        self._amount = Fraction(0)
        self._failure: Remark | None = None

    def rows(self) -> Rows:
        """Yield the rows, at most `ROWS_MAX`, and end early where the rest cannot be read."""
        try:
            for row in self._reader(self._findings):
                if self._read + self._refused == ROWS_MAX:
                    self._failure = TOO_MANY_ROWS
                    return
                self._count(row)
                yield row
        except FileRefused as refusal:
            self._failure = refusal.why
            return
        self._compare()
        if not self._read + self._refused and not self._findings.notices:
            self._failure = NOTHING_FOUND

    def report(self) -> FileReport:
        """Return what is to be said so far."""
        return FileReport(
            rows_read=self._read + self._refused,
            rows_refused=self._refused,
            quantities=self._summed(),
            amount=round_half_even(self._amount, MONEY_PLACES),
            stated=dict(self._findings.stated),
            remarks=tuple(self._findings.remarks),
            notices=tuple(self._findings.notices),
            licence_notice=self._findings.licence_notice,
            failure=self._failure,
        )

    def _count(self, row: RowRead | RowRefused) -> None:
        if isinstance(row, RowRefused):
            self._refused += 1
            return
        self._read += 1
        quantity, amount = row.row.get("quantity"), row.row.get("amount")
        if isinstance(quantity, dict):
            self._quantities[quantity["unit"]] += Fraction(quantity["amount"])
        if isinstance(amount, dict):
            self._amount += Fraction(amount["amount"])

    def _summed(self) -> dict[str, Decimal]:
        return {unit: round_half_even(total, PLACES_MAX) for unit, total in self._quantities.items()}

    def _compare(self) -> None:
        """Compare the totals that the file prints with ours; a difference is often a row that was refused."""
        summed = {**self._summed(), YUAN: round_half_even(self._amount, MONEY_PLACES)}
        if len(self._quantities) == 1:
            summed["quantity"] = next(iter(self._summed().values()))
        for name, stated in self._findings.stated.items():
            ours = summed.get(name)
            if ours is not None and ours != stated:
                self._findings.remark(
                    "stated_total_differs",
                    f"文件所列合计（{name}）为{stated:f}，已读各行之和为{ours:f}。",
                    f"the file states a total ({name}) of {stated:f}, and the rows read add up to {ours:f}",
                )
