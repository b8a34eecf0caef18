"""The rulebook: which rule holds for a division on a day.

The search goes from the narrow to the wide: county, city, province, country. The subtle thing is that an *unknown* rule
stops the search and an *expired* one does not: a province known to have a rule that nobody has read must not be judged
by the national default, while a rule that has run out simply no longer speaks. Of two rules of one division that are
both in force, the one that began later wins; a rule without a recorded beginning counts as the earliest.

Source: house decision 6; 国办 2025-05-14 意见 (paid use and trading are set up province by province).

>>> rulebook = load_rulebook()
>>> rulebook.require("permit.validity_years", Division("330106"), date(2026, 11, 21)).value
5
>>> rulebook.require("repurchase.price_formula", Division("330106"), date(2026, 11, 21))
Traceback (most recent call last):
    ...
domain.jurisdictions.rulebook.RuleUnknown: rule_unknown: ...repurchase.price_formula...
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from domain.errors import DomainError
from domain.jurisdictions.pack_files import PackMalformed, read_packs
from domain.jurisdictions.rules import (
    InvalidRule,
    Rule,
    Standing,
    checked,
    day,
    flag,
    ratio,
    refused,
    whole,
    word,
    words,
)
from domain.values.identifiers import NATIONAL, Division, city_of, province_of

__all__ = [
    "InvalidRule",
    "PackMalformed",
    "Rule",
    "RuleUnknown",
    "Rulebook",
    "Standing",
    "checked",
    "day",
    "flag",
    "load_rulebook",
    "ratio",
    "whole",
    "word",
    "words",
]

_EARLIEST: Final = date.min


@dataclass(eq=False)
class RuleUnknown(DomainError):
    """Refuse a result that needs a rule which is absent, expired, or known only to exist."""

    code = "rule_unknown"

    rule: str
    division: Division
    on: date


class Rulebook:
    """All rules of all jurisdictions; immutable, and `with_rules` gives another one.

    Raises:
        InvalidRule: two rules of one name, division and first day, or one name used with two units.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Index the rules by division and name, the latest beginning first."""
        self._rules = tuple(rules)
        self._by_place = _indexed(self._rules)
        _require_one_unit_a_name(self._rules)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return every rule, in or out of force, in the order given."""
        return self._rules

    @property
    def divisions(self) -> tuple[Division, ...]:
        """Return the divisions that have rules of their own, in order."""
        return tuple(sorted({rule.division for rule in self._rules}))

    def find(self, name: str, division: Division, on: date) -> Rule | None:
        """Return the rule that holds, possibly of standing `unknown`; none where no jurisdiction has one in force."""
        for place in _from_narrow_to_wide(division):
            for rule in self._by_place.get((place, name), ()):
                if rule.in_force(on):
                    return rule
        return None

    def require(self, name: str, division: Division, on: date) -> Rule:
        """Return the rule that holds, with its value.

        Raises:
            RuleUnknown: no rule is in force there on that day, or its content is not known.
        """
        rule = self.find(name, division, on)
        if rule is None or not rule.is_known:
            raise RuleUnknown(rule=name, division=division, on=on)
        return rule

    def in_force(self, division: Division, on: date) -> tuple[Rule, ...]:
        """Return the rules that hold for a division on a day, one a name, ordered by name; unknown ones included."""
        found = (self.find(name, division, on) for name in sorted({rule.name for rule in self._rules}))
        return tuple(rule for rule in found if rule is not None)

    def with_rules(self, rules: Iterable[Rule]) -> "Rulebook":
        """Return a rulebook that has these rules too, each checked; raises InvalidRule."""
        return Rulebook((*self._rules, *map(checked, rules)))


def load_rulebook() -> Rulebook:
    """Return the rulebook of the packs that come with the package; raises PackMalformed or InvalidRule."""
    return Rulebook(rule for pack in read_packs() for rule in pack.rules)


def _from_narrow_to_wide(division: Division) -> Iterator[Division]:
    yield from dict.fromkeys((division, city_of(division), province_of(division), NATIONAL))


def _indexed(rules: Iterable[Rule]) -> Mapping[tuple[Division, str], tuple[Rule, ...]]:
    index: dict[tuple[Division, str], list[Rule]] = {}
    for rule in rules:
        siblings = index.setdefault((rule.division, rule.name), [])
        if any(sibling.valid_from == rule.valid_from for sibling in siblings):
            raise refused(
                rule.name,
                f"{rule.division} {rule.valid_from}",
                "同一地区、同一生效日已有同名规则。",
                "the division has a rule of this name and first day already",
            )
        siblings.append(rule)
    return MappingProxyType(
        {
            place: tuple(sorted(siblings, key=lambda rule: rule.valid_from or _EARLIEST, reverse=True))
            for place, siblings in index.items()
        }
    )


def _require_one_unit_a_name(rules: Iterable[Rule]) -> None:
    units: dict[str, str] = {}
    for rule in rules:
        if units.setdefault(rule.name, rule.unit) != rule.unit:
            raise refused(
                rule.name,
                rule.unit,
                f"同名规则的计量方式不一致，应为 {units[rule.name]}。",
                f"other jurisdictions state this rule in {units[rule.name]}",
            )
