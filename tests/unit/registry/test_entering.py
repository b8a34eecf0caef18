"""The simulated registry enters a right when it is told to, like another it has; nothing else of it moves."""

from dataclasses import replace

import pytest

from domain.values.identifiers import RegistryNo
from domain.values.quantity import Quantity, Unit
from integrations.registry.changes import ChangeImpossible
from integrations.registry.demo_rights import SHAOXING_COD_RIGHT, demo_rights
from integrations.registry.ledger import Ledger
from tests.builders import NOW, TODAY

NEW = RegistryNo("PWQ-ZJ-NEW-1")


def test_an_entered_right_is_found_under_its_number_and_under_its_permit() -> None:
    ledger = Ledger(None, demo_rights(TODAY), lambda: NOW)
    [(like, _)] = ledger.rights("zhejiang", SHAOXING_COD_RIGHT)
    before = len(ledger.rights("zhejiang", permit_no=like.permit_no))

    entered = replace(like, registry_no=NEW, quantity=Quantity.parse("3", Unit.T_PER_YEAR))
    ledger.enter(entered)

    assert ledger.rights("zhejiang", NEW) == [(entered, Quantity.zero(Unit.T_PER_YEAR))]
    assert len(ledger.rights("zhejiang", permit_no=like.permit_no)) == before + 1


def test_a_number_that_is_taken_is_refused_and_its_right_stays() -> None:
    ledger = Ledger(None, demo_rights(TODAY), lambda: NOW)
    [(taken, frozen)] = ledger.rights("zhejiang", SHAOXING_COD_RIGHT)
    with pytest.raises(ChangeImpossible):
        ledger.enter(replace(taken, quantity=Quantity.parse("3", Unit.T_PER_YEAR)))
    assert ledger.rights("zhejiang", SHAOXING_COD_RIGHT) == [(taken, frozen)]
