"""Pollutants: what a right lets its holder emit, with the names, codes and units a registry uses.

The subtle thing is the codes: only those that were seen in use are given. A pollutant without one has none here, rather
than one that somebody remembered, because a wrong code silently joins a right to another pollutant's readings.

Source: HJ 524 (air) and HJ 525 (water) codes as used in HJ 212-2017 messages, read in public source code, not in the
standards; five heavy metals and their unit: 全国排污权有偿使用和交易进展报告(2024).

>>> Pollutant.NH3N.name_zh, Pollutant.NH3N.code, Pollutant.HG.natural_units[0].value
('氨氮', 'w21003', 'kg/a')
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from domain.values.quantity import Unit


class Pollutant(StrEnum):
    """The pollutants of the contract, spelled as on the wire."""

    SO2 = "SO2"
    NOX = "NOX"
    COD = "COD"
    NH3N = "NH3N"
    TP = "TP"
    TN = "TN"
    VOC = "VOC"
    PM = "PM"
    SOOT = "SOOT"
    DUST = "DUST"
    PB = "PB"
    HG = "HG"
    CD = "CD"
    CR = "CR"
    AS = "AS"
    WASTEWATER = "WASTEWATER"
    CO2E = "CO2E"

    @property
    def name_zh(self) -> str:
        """Return the Chinese name."""
        return _FACTS[self].name_zh

    @property
    def name_en(self) -> str:
        """Return the English name."""
        return _FACTS[self].name_en

    @property
    def code(self) -> str | None:
        """Return the HJ 524 or HJ 525 code; none where no code was verified."""
        return _FACTS[self].code

    @property
    def natural_units(self) -> tuple[Unit, ...]:
        """Return the units in which registries state it, the usual one first."""
        return _FACTS[self].units


class _Facts(NamedTuple):
    name_zh: str
    name_en: str
    code: str | None
    units: tuple[Unit, ...]


_TONNES: Final = (Unit.T_PER_YEAR, Unit.KG_PER_YEAR, Unit.T, Unit.KG)
_KILOGRAMS: Final = (Unit.KG_PER_YEAR, Unit.T_PER_YEAR, Unit.KG, Unit.T)
_WATER: Final = (Unit.T_PER_DAY, Unit.T_PER_YEAR, Unit.M3_PER_DAY, Unit.M3_PER_YEAR)

_FACTS: Final[Mapping[Pollutant, _Facts]] = MappingProxyType(
    {
        Pollutant.SO2: _Facts("二氧化硫", "sulphur dioxide", "a21026", _TONNES),
        Pollutant.NOX: _Facts("氮氧化物", "nitrogen oxides", "a21002", _TONNES),
        Pollutant.COD: _Facts("化学需氧量", "chemical oxygen demand", "w01018", _TONNES),
        Pollutant.NH3N: _Facts("氨氮", "ammonia nitrogen", "w21003", _TONNES),
        Pollutant.TP: _Facts("总磷", "total phosphorus", "w21011", _TONNES),
        Pollutant.TN: _Facts("总氮", "total nitrogen", "w21001", _TONNES),
        Pollutant.VOC: _Facts("挥发性有机物", "volatile organic compounds", None, _TONNES),
        Pollutant.PM: _Facts("颗粒物", "particulate matter", None, _TONNES),
        Pollutant.SOOT: _Facts("烟尘", "soot", None, _TONNES),
        Pollutant.DUST: _Facts("工业粉尘", "industrial dust", None, _TONNES),
        Pollutant.PB: _Facts("铅", "lead", "w20120", _KILOGRAMS),
        Pollutant.HG: _Facts("汞", "mercury", "w20111", _KILOGRAMS),
        Pollutant.CD: _Facts("镉", "cadmium", "w20115", _KILOGRAMS),
        Pollutant.CR: _Facts("铬", "chromium", None, _KILOGRAMS),
        Pollutant.AS: _Facts("砷", "arsenic", "w20119", _KILOGRAMS),
        Pollutant.WASTEWATER: _Facts("废水", "waste water", None, _WATER),
        Pollutant.CO2E: _Facts("二氧化碳当量", "CO2 equivalent", None, (Unit.TCO2E,)),
    }
)
