"""Rules: one statement of one jurisdiction, with its dates, its source and how well we know it.

The subtle thing is `standing`. A rule that is known to exist but whose content was not found is kept as a rule with
standing `unknown` and no value: it hides the wider jurisdiction's rule of the same name, so that a money result which
needs it is refused by name instead of being computed from somebody else's figure. Absence means something else: this
jurisdiction says nothing of its own, and the wider one's rule applies.

Source: house decision 6 (rules are data).

>>> five_years = Rule(
...     "permit.validity_years", Division("000000"), 5, "year", "排污许可管理条例", "国务院令第736号", "14",
...     date(2021, 3, 1), None, Standing.TEXT, "",
... )
>>> whole(checked(five_years)), five_years.in_force(date(2020, 1, 1))
(5, False)
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.errors import InvalidValue
from domain.values.identifiers import Division

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", re.ASCII)


class Standing(StrEnum):
    """How well a rule is known, from its own text down to nothing but that it exists.

    `digest` is a news report, bank product page or summary; `seed` is the national progress report of 2024; `memory`
    was written down without a document at hand and wants confirmation before anybody relies on it.
    """

    TEXT = "text"
    DIGEST = "digest"
    SEED = "seed"
    MEMORY = "memory"
    UNKNOWN = "unknown"


@dataclass(eq=False)
class InvalidRule(InvalidValue):
    """Refuse a rule that contradicts itself or its neighbours; `what` is the rule's name."""

    code = "invalid_rule"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one division, in force from `valid_from` through `valid_to`; none means no such day is recorded.

    `value` is a text, a whole number, a Decimal, a flag, a date or a tuple of texts, as `unit` says; never a float, and
    none when the standing is `unknown`. `number` is the document's official number, empty where it has none.
    """

    name: str
    division: Division
    value: object
    unit: str
    document: str
    number: str
    article: str
    valid_from: date | None
    valid_to: date | None
    standing: Standing
    note: str = ""

    def in_force(self, on: date) -> bool:
        """Tell whether the rule's dates include `on`, its first and last day included."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)

    @property
    def is_known(self) -> bool:
        """Tell whether the rule has content that may be relied on, of whatever standing."""
        return self.standing is not Standing.UNKNOWN and self.value is not None


def ratio(rule: Rule) -> Decimal:
    """Return the value of a rule in ratios, multiples or prices; raises TypeError when the rule is of another kind."""
    if isinstance(rule.value, Decimal):
        return rule.value
    raise _of_another_kind(rule, "a decimal")


def whole(rule: Rule) -> int:
    """Return the value of a rule that counts years, months or days; raises TypeError when it is of another kind."""
    if isinstance(rule.value, int) and not isinstance(rule.value, bool):
        return rule.value
    raise _of_another_kind(rule, "a whole number")


def flag(rule: Rule) -> bool:
    """Return the value of a rule that says yes or no; raises TypeError when the rule is of another kind."""
    if isinstance(rule.value, bool):
        return rule.value
    raise _of_another_kind(rule, "a flag")


def word(rule: Rule) -> str:
    """Return the value of a rule that is one word or text; raises TypeError when the rule is of another kind."""
    if isinstance(rule.value, str):
        return rule.value
    raise _of_another_kind(rule, "a text")


def words(rule: Rule) -> tuple[str, ...]:
    """Return the value of a rule that lists words, in its order; raises TypeError when it is of another kind."""
    if isinstance(rule.value, tuple):
        return rule.value
    raise _of_another_kind(rule, "a list of words")


def day(rule: Rule) -> date:
    """Return the value of a rule that names a day; raises TypeError when the rule is of another kind."""
    if isinstance(rule.value, date):
        return rule.value
    raise _of_another_kind(rule, "a date")


def checked(rule: Rule) -> Rule:
    """Return `rule` itself when it is well made.

    Raises:
        InvalidRule: its name, dates, source or unit is wrong, its value does not fit the unit, or it has a value
            although its standing is unknown, or none although it is known.
    """
    if _NAME.fullmatch(rule.name) is None:
        raise refused(rule.name, rule.name, "规则名称须为小写英文，以点分段。", "a name is lower-case words and dots")
    if rule.valid_from is not None and rule.valid_to is not None and rule.valid_to < rule.valid_from:
        dates = f"{rule.valid_from}..{rule.valid_to}"
        raise refused(rule.name, dates, "规则的失效日早于生效日。", "it ends before it begins")
    if not rule.document:
        raise refused(rule.name, "", "规则必须写明出处文件。", "a rule names its document")
    fits = FITS_UNIT.get(rule.unit)
    if fits is None:
        known = " ".join(FITS_UNIT)
        raise refused(
            rule.name, rule.unit, f"规则的计量方式无法识别，可用：{known}。", f"unknown unit; use one of {known}"
        )
    if (rule.standing is Standing.UNKNOWN) is not (rule.value is None):
        raise refused(
            rule.name,
            f"{rule.standing} {rule.value!r}",
            "内容未知的规则不得有值，已知的规则必须有值。",
            "a rule has a value exactly when its standing is not unknown",
        )
    if rule.value is not None and not fits(rule.value):
        value = repr(rule.value)
        raise refused(rule.name, value, f"规则的值与计量方式 {rule.unit} 不符。", f"it does not fit unit {rule.unit}")
    return rule


def refused(name: str, value: str, reason_zh: str, reason_en: str) -> InvalidRule:
    """Return the refusal of the rule called `name`."""
    return InvalidRule(what=f"rule {name}", value=value, reason_zh=reason_zh, reason_en=reason_en)


def _of_another_kind(rule: Rule, wanted: str) -> TypeError:
    message = f"rule {rule.name} of {rule.division} is {rule.value!r}, not {wanted}"
    return TypeError(message)


def _is_ratio(value: object) -> bool:
    return isinstance(value, Decimal) and value.is_finite() and 0 <= value <= 1


def _is_amount(value: object) -> bool:
    return isinstance(value, Decimal) and value.is_finite() and value >= 0


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _are_words(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and all(map(_is_text, value)) and len(set(value)) == len(value)


def _is_date(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


FITS_UNIT: Final[Mapping[str, Callable[[object], bool]]] = MappingProxyType(
    {
        "ratio": _is_ratio,
        "multiple": _is_amount,
        "CNY/t/a": _is_amount,
        "CNY/t": _is_amount,
        "CNY/tCO2e": _is_amount,
        "tCO2e": _is_amount,
        "year": _is_count,
        "month": _is_count,
        "day": _is_count,
        "working_day": _is_count,
        "count": _is_count,
        "flag": _is_flag,
        "word": _is_text,
        "text": _is_text,
        "words": _are_words,
        "date": _is_date,
    }
)
"""The units a rule may have, each with the check that a value fits it."""
