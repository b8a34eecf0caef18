"""Freezes told one by one: what stands of each under the registry's own reference, whoever ordered it.

A bank that brings its old pledges along has references that never were orders of ours, so an order's query cannot
answer for them. The subtle thing is the place: it counts freezes that still stand, by the time at which each was
entered, so that a release in front moves the later ones up.

Source: the registry's manual, in `wire`; 民法典 art. 414 (rank by the time of registration).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.errors import DomainError
from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import RegistryFreeze
from domain.values.identifiers import RegistryNo, Uscc, parse_registry_no, parse_uscc
from domain.values.quantity import Quantity
from integrations.outbound.strict_json import Fields, Unreadable
from integrations.registry.effects import SIGNS, Effect
from integrations.registry.vocabulary import UNITS
from integrations.registry.wire import read_time, write_time

REFERENCE_LENGTH_MAX: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingFreeze:
    """A freeze in the simulator's books, less what was released of it, with its place on the right."""

    registry_no: str
    registry_ref: str
    holder_uscc: str
    beneficiary: str
    quantity: Quantity
    registered_at: datetime
    rank: int


def standing_freeze(
    effects: Sequence[Effect], registry: str, registry_no: RegistryNo, registry_ref: str
) -> StandingFreeze | None:
    """Return what stands of a freeze; none where it never was, or nothing of it is left."""
    here = [each for each in effects if (each.registry, each.registry_no) == (registry, registry_no)]
    left = {each.registry_ref: each.quantity for each in here if each.kind == OrderKind.FREEZE}
    for each in here:
        if SIGNS[OrderKind(each.kind)] < 0 and each.freeze_ref in left:
            left[each.freeze_ref] = left[each.freeze_ref] - each.quantity
    standing = [each for each in here if each.registry_ref in left and left[each.registry_ref].is_positive]
    found = next((each for each in standing if each.registry_ref == registry_ref), None)
    if found is None:
        return None
    amended = [each for each in here if each.freeze_ref == registry_ref and each.kind == OrderKind.AMEND]
    return StandingFreeze(
        registry_no=found.registry_no,
        registry_ref=found.registry_ref,
        holder_uscc=amended[-1].new_holder or found.holder_uscc if amended else found.holder_uscc,
        beneficiary=amended[-1].new_beneficiary or found.beneficiary if amended else found.beneficiary,
        quantity=left[registry_ref],
        registered_at=found.executed_at,
        rank=1 + sum(each.executed_at < found.executed_at for each in standing),
    )


def write_freeze(freeze: StandingFreeze) -> Mapping[str, object]:
    """Return the body of the answer."""
    return {
        "qzbh": freeze.registry_no,
        "pzh": freeze.registry_ref,
        "cyrdm": freeze.holder_uscc,
        "zqrdm": freeze.beneficiary,
        "zlsl": freeze.quantity.wire(),
        "jldw": UNITS.theirs(freeze.quantity.unit),
        "zxsj": write_time(freeze.registered_at),
        "sxh": freeze.rank,
    }


def read_freeze(body: Fields, registry_no: RegistryNo, registry_ref: str, evidence_sha256: str) -> RegistryFreeze:
    """Read the answer; raises Unreadable, also for one about another right or freeze."""
    if (body.text("qzbh"), body.text("pzh", REFERENCE_LENGTH_MAX)) != (registry_no, registry_ref):
        message = "an answer about another freeze"
        raise Unreadable(message)
    try:
        number = parse_registry_no(body.text("qzbh"))
        holder, beneficiary = parse_uscc(body.text("cyrdm")), parse_uscc(body.text("zqrdm"))
        quantity = Quantity.parse(body.text("zlsl"), UNITS.ours(body.text("jldw")))
    except DomainError as error:
        raise Unreadable(str(error)) from error
    rank = body.optional_integer("sxh")
    if rank is None or rank < 1 or not quantity.is_positive:
        message = "a freeze that stands has a quantity and a place"
        raise Unreadable(message)
    return RegistryFreeze(
        registry_no=number,
        registry_ref=registry_ref,
        holder_uscc=Uscc(holder),
        beneficiary=Uscc(beneficiary),
        quantity=quantity,
        registered_at=read_time(body.text("zxsj")),
        rank=rank,
        evidence_sha256=evidence_sha256,
    )
