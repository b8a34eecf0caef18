"""What can be valued at all."""

from datetime import date
from decimal import Decimal

import pytest

from domain.errors import InvalidDate, InvalidQuantity, InvalidUnit
from domain.market.trades import Basis
from domain.rights.rights import Tenure
from domain.values.quantity import Quantity, Unit
from tests.unit.valuation.subjects import a_subject, an_allowance


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_nothing_cannot_be_valued(amount: str) -> None:
    with pytest.raises(InvalidQuantity):
        a_subject(quantity=Quantity(Decimal(amount), Unit.T_PER_YEAR))


def test_a_discharge_right_of_fixed_tenure_needs_its_end() -> None:
    with pytest.raises(InvalidDate):
        a_subject(valid_to=None)

    assert a_subject(valid_to=None, tenure=Tenure.PERMANENT).valid_to is None
    assert an_allowance(valid_to=None).valid_to is None


def test_a_right_ends_after_it_begins() -> None:
    with pytest.raises(InvalidDate):
        a_subject(valid_from=date(2026, 1, 1), valid_to=date(2026, 1, 1))


def test_carbon_counts_in_tco2e_and_nothing_else_does() -> None:
    with pytest.raises(InvalidUnit):
        a_subject(quantity=Quantity(Decimal(1), Unit.TCO2E))
    with pytest.raises(InvalidUnit):
        an_allowance(quantity=Quantity(Decimal(1), Unit.T))


def test_only_a_discharge_right_of_fixed_tenure_melts() -> None:
    assert a_subject().melts
    assert not a_subject(tenure=Tenure.PERMANENT, valid_to=None).melts
    assert not an_allowance().melts


def test_each_kind_of_right_has_one_basis_of_evidence() -> None:
    assert a_subject().basis is Basis.PER_TONNE_YEAR
    assert a_subject(tenure=Tenure.PERMANENT, valid_to=None).basis is Basis.PER_TONNE_PERMANENT
    assert an_allowance().basis is Basis.PER_TONNE_CO2E
