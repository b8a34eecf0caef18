"""What is being valued: a quantity of one right, with the dates between which it stands.

The subtle thing is the end. A fixed right without an end date cannot be valued, because its price is per year; whatever
names an end is worth nothing from that day on, even if it does not melt on the way there.

Source: contract section 4 (`subject`).
"""

from dataclasses import dataclass
from datetime import date

from domain.errors import InvalidDate, InvalidQuantity, InvalidUnit
from domain.market.trades import Basis
from domain.rights.rights import Tenure
from domain.values.identifiers import Division
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity, UnitKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A quantity of one right; `valid_to` is the day on which it is worth nothing any more, none for a right for good.

    Raises:
        InvalidQuantity: the quantity is not above zero.
        InvalidUnit: tCO2e for a discharge right, or another unit for an allowance or credit.
        InvalidDate: a fixed discharge right has no end, or the end does not come after the beginning.
    """

    instrument: Instrument
    pollutant: Pollutant
    division: Division
    quantity: Quantity
    valid_from: date
    valid_to: date | None
    tenure: Tenure
    vintage: int | None

    def __post_init__(self) -> None:
        """Refuse what no price could be applied to."""
        if not self.quantity.is_positive:
            raise InvalidQuantity(
                what="quantity",
                value=self.quantity.wire(),
                reason_zh="估值数量须大于零。",
                reason_en="the quantity to value must be above zero",
            )
        if (self.quantity.unit.kind is UnitKind.CO2_EQUIVALENT) != self.instrument.is_carbon:
            raise InvalidUnit(
                what="unit",
                value=self.quantity.unit,
                reason_zh=f"该计量单位不适用于{self.instrument.name_zh}。",
                reason_en=f"the unit does not fit a {self.instrument}",
            )
        if self.valid_to is None and self.melts:
            raise InvalidDate(
                what="valid_to",
                value="",
                reason_zh="有期限的排污权须载明截止日期。",
                reason_en="a discharge right of fixed tenure needs its end",
            )
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise InvalidDate(
                what="valid_to",
                value=self.valid_to.isoformat(),
                reason_zh="截止日期须晚于起始日期。",
                reason_en="the end must come after the beginning",
            )

    @property
    def melts(self) -> bool:
        """Tell whether every day that passes takes its share of the value: discharge rights of fixed tenure only."""
        return not self.instrument.is_carbon and self.tenure is Tenure.FIXED

    @property
    def basis(self) -> Basis:
        """Return the only basis on which evidence can price it."""
        if self.instrument.is_carbon:
            return Basis.PER_TONNE_CO2E
        return Basis.PER_TONNE_YEAR if self.melts else Basis.PER_TONNE_PERMANENT
