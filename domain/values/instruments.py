"""Instruments: the three kinds of emission right that can secure a loan.

The subtle thing is time: a discharge right is a yearly entitlement and melts as its years pass, while an allowance or a
credit is a stock of tonnes that is surrendered once and does not melt.

Source: contract section 3 (`instrument`); 碳排放权交易管理暂行条例 arts. 6 and 14 (allowances; credits for clearing).

>>> Instrument("carbon_credit").name_zh
'核证自愿减排量'
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Instrument(StrEnum):
    """What kind of right it is."""

    DISCHARGE_RIGHT = "discharge_right"
    CARBON_ALLOWANCE = "carbon_allowance"
    CARBON_CREDIT = "carbon_credit"

    @property
    def name_zh(self) -> str:
        """Return the Chinese name."""
        return _NAMES_ZH[self]

    @property
    def is_carbon(self) -> bool:
        """Tell whether it counts in tonnes of CO2 equivalent, which are surrendered once."""
        return self is not Instrument.DISCHARGE_RIGHT


_NAMES_ZH: Final[Mapping[Instrument, str]] = MappingProxyType(
    {
        Instrument.DISCHARGE_RIGHT: "排污权",
        Instrument.CARBON_ALLOWANCE: "碳排放配额",
        Instrument.CARBON_CREDIT: "核证自愿减排量",
    }
)
