"""The demonstration rights: enough of them, plainly invented, and correct in every code."""

from collections import Counter
from datetime import date

import pytest

from domain.ports.registry import RegistryStatus
from domain.rights.rights import Origin, Tenure
from domain.values.identifiers import holder_of_permit, parse_division, parse_permit_no, parse_uscc
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity, Unit
from domain.values.time import add_years
from integrations.registry.demo_rights import (
    ENTERPRISE_HUANGSHI_NAME,
    ENTERPRISE_HUANGSHI_USCC,
    ENTERPRISE_SHAOXING_NAME,
    ENTERPRISE_SHAOXING_USCC,
    HUANGSHI_COD_RIGHT,
    SHAOXING_COD_RIGHT,
    SHAOXING_COD_RIGHT_BOUGHT,
    demo_rights,
)

TODAY = date(2026, 11, 21)
RIGHTS = {right.registry_no: right for right in demo_rights(TODAY)}


def test_at_least_twenty_enterprises_hold_rights_in_six_provinces() -> None:
    assert len({right.holder_uscc for right in RIGHTS.values()}) >= 20
    assert {right.registry: right.division[:2] for right in RIGHTS.values()} == {
        "zhejiang": "33",
        "hubei": "42",
        "anhui": "34",
        "jiangxi": "36",
        "ningxia": "64",
        "hebei": "13",
    }


def test_every_code_is_correct_and_every_name_says_that_it_is_invented() -> None:
    for right in RIGHTS.values():
        assert parse_uscc(right.holder_uscc) == right.holder_uscc
        assert parse_permit_no(right.permit_no) == right.permit_no
        assert parse_division(right.division) == right.division
        assert right.holder_uscc[2:8] == right.division
        assert right.holder_uscc[8:11] == "DEM"
        assert any(word in right.holder_name for word in ("示例", "样例", "示范", "虚构"))
        assert right.quantity.is_positive
        assert right.origin in set(Origin)
        assert right.tenure in set(Tenure)


def test_numbers_name_one_right_each() -> None:
    assert len(RIGHTS) == len(demo_rights(TODAY))


def test_the_two_enterprises_with_clients_hold_five_years_of_cod_paid_for() -> None:
    for number, uscc, name, tonnes in (
        (SHAOXING_COD_RIGHT, ENTERPRISE_SHAOXING_USCC, ENTERPRISE_SHAOXING_NAME, "50"),
        (HUANGSHI_COD_RIGHT, ENTERPRISE_HUANGSHI_USCC, ENTERPRISE_HUANGSHI_NAME, "40"),
    ):
        right = RIGHTS[number]
        assert (right.holder_uscc, right.holder_name, right.permit_no) == (uscc, name, f"{uscc}001P")
        assert (right.pollutant, right.quantity) == (Pollutant.COD, Quantity.parse(tonnes, Unit.T_PER_YEAR))
        assert (right.valid_from, right.valid_to) == (TODAY, add_years(TODAY, 5))
        assert (right.acquisition_basis, right.status) == ("paid", RegistryStatus.EFFECTIVE)


def test_a_permit_has_several_pollutants_and_a_pollutant_with_two_tranches() -> None:
    permit = RIGHTS[SHAOXING_COD_RIGHT].permit_no
    pollutants = Counter(right.pollutant for right in RIGHTS.values() if right.permit_no == permit)

    assert len(pollutants) >= 2
    assert pollutants[Pollutant.COD] == 2
    assert RIGHTS[SHAOXING_COD_RIGHT_BOUGHT].permit_no == permit


def test_every_kind_of_trouble_is_there() -> None:
    seen = [right.on(TODAY) for right in RIGHTS.values()]

    assert {right.status for right in seen} >= {
        RegistryStatus.EXPIRED,
        RegistryStatus.SUSPENDED,
        RegistryStatus.PENDING_RECONFIRMATION,
        RegistryStatus.REDUCED,
        RegistryStatus.REVOKED,
    }
    assert any(right.acquisition_basis == "free" and _unpaid_on(right.fee_paid_through) for right in seen)
    assert any(right.tenure == "permanent" and right.valid_to is None for right in seen)
    assert any(right.instrument is Instrument.CARBON_ALLOWANCE and right.vintage == 2025 for right in seen)
    assert any(right.permit_no.startswith("H9") and holder_of_permit(right.permit_no) is None for right in seen)
    assert any(right.quantity.unit is Unit.KG_PER_YEAR for right in seen)


@pytest.mark.parametrize("today", [date(2028, 2, 29), date(2026, 12, 31), date(2031, 3, 1)])
def test_the_rights_hold_on_any_day_and_keep_their_numbers(today: date) -> None:
    rights = demo_rights(today)

    assert [right.registry_no for right in rights] == list(RIGHTS)
    assert sum(right.on(today).status is RegistryStatus.EXPIRED for right in rights) == 1


def _unpaid_on(fee_paid_through: date | None) -> bool:
    return fee_paid_through is not None and fee_paid_through < TODAY
