"""Pollutants and instruments: every one has its names and units, and no code that nobody verified."""

import re

import pytest

from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.quantity import Unit

VERIFIED_CODES = {
    Pollutant.SO2: "a21026",
    Pollutant.NOX: "a21002",
    Pollutant.COD: "w01018",
    Pollutant.NH3N: "w21003",
    Pollutant.TP: "w21011",
    Pollutant.TN: "w21001",
    Pollutant.HG: "w20111",
    Pollutant.CD: "w20115",
    Pollutant.AS: "w20119",
    Pollutant.PB: "w20120",
}
METALS = (Pollutant.PB, Pollutant.HG, Pollutant.CD, Pollutant.CR, Pollutant.AS)


@pytest.mark.parametrize("pollutant", Pollutant)
def test_a_pollutant_has_a_verified_code_or_none(pollutant: Pollutant) -> None:
    assert pollutant.code == VERIFIED_CODES.get(pollutant)


def test_no_two_pollutants_share_a_name_or_a_code() -> None:
    codes = [pollutant.code for pollutant in Pollutant if pollutant.code is not None]

    assert len(set(codes)) == len(codes)
    assert len({pollutant.name_zh for pollutant in Pollutant}) == len(Pollutant)
    assert len({pollutant.name_en for pollutant in Pollutant}) == len(Pollutant)
    assert all(re.fullmatch(r"[aw][0-9]{5}", code) for code in codes)


@pytest.mark.parametrize("pollutant", METALS)
def test_heavy_metals_are_stated_in_kilograms(pollutant: Pollutant) -> None:
    assert pollutant.natural_units[0] is Unit.KG_PER_YEAR


def test_only_carbon_is_stated_in_carbon_tonnes() -> None:
    assert [p for p in Pollutant if Unit.TCO2E in p.natural_units] == [Pollutant.CO2E]


def test_the_wire_names_are_those_of_the_contract() -> None:
    contract = "SO2 NOX COD NH3N TP TN VOC PM SOOT DUST PB HG CD CR AS WASTEWATER CO2E"

    assert " ".join(Pollutant) == contract
    assert [i.value for i in Instrument] == ["discharge_right", "carbon_allowance", "carbon_credit"]


def test_carbon_instruments_are_carbon_and_discharge_rights_are_not() -> None:
    assert [i.is_carbon for i in Instrument] == [False, True, True]
    assert all(i.name_zh for i in Instrument)
