"""Rule packs on disk: one TOML file a jurisdiction, read once at the start.

The subtle thing is that a pack is refused as a whole, with the file and the rule named: a pack that is half read would
let a wider jurisdiction's rule through in the place of the one that failed. Fractions are read as Decimal, never float.

Source: house decision 6; the packs name their documents rule by rule.

>>> [pack.division for pack in read_packs()]
['130000', '420000', '000000', '640000', '140000', '330000']
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Final

from domain.errors import InvalidValue
from domain.jurisdictions.rules import Rule, Standing, checked, refused
from domain.values.identifiers import Division, division_within, parse_division

_PACK_FIELDS: Final = frozenset({"division", "name_zh", "name_en", "checked_on"})
_RULE_FIELDS: Final = frozenset(
    {
        "name",
        "division",
        "value",
        "unit",
        "document",
        "number",
        "article",
        "valid_from",
        "valid_to",
        "standing",
        "note",
    }
)
_RULE_FIELDS_REQUIRED: Final = frozenset({"name", "unit", "document", "standing"})


class PackMalformed(ValueError):
    """Say which file, and which rule in it, cannot be read; this is our mistake, not a caller's."""

    def __init__(self, file: str, rule: str, reason: str) -> None:
        """Name the file and the rule (`-` for the head of the file)."""
        super().__init__(f"{file}: rule {rule}: {reason}")
        self.file = file
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Pack:
    """One jurisdiction's rules; `checked_on` is the day on which its sources were last looked at."""

    division: Division
    name_zh: str
    name_en: str
    checked_on: date
    rules: tuple[Rule, ...]


def read_packs() -> tuple[Pack, ...]:
    """Return the packs that come with the package, ordered by file name; raises PackMalformed."""
    folder = files("domain.jurisdictions").joinpath("packs")
    texts = {entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".toml")}
    return tuple(parse_pack(file, texts[file]) for file in sorted(texts))


def parse_pack(file: str, text: str) -> Pack:
    """Return the pack that `text` writes; `file` is its name, for the message.

    Raises:
        PackMalformed: not TOML, a field too many or missing, or a rule that is not well made.
    """
    try:
        tables = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise PackMalformed(file, "-", str(error)) from error
    head, rules = tables.get("pack"), tables.get("rules")
    if set(tables) != {"pack", "rules"} or not isinstance(head, dict) or not isinstance(rules, list):
        raise PackMalformed(file, "-", "a pack has one [pack] and its [[rules]], nothing else")
    if set(head) != _PACK_FIELDS or type(head["checked_on"]) is not date:
        raise PackMalformed(file, "-", f"[pack] has exactly {sorted(_PACK_FIELDS)}, checked_on being a date")
    try:
        division = parse_division(str(head["division"]))
    except InvalidValue as error:
        raise PackMalformed(file, "-", error.reason_en) from error
    return Pack(
        division=division,
        name_zh=str(head["name_zh"]),
        name_en=str(head["name_en"]),
        checked_on=head["checked_on"],
        rules=_rules(file, division, rules),
    )


def _rules(file: str, division: Division, tables: Sequence[object]) -> tuple[Rule, ...]:
    return tuple(_rule(file, f"#{position}", division, table) for position, table in enumerate(tables, start=1))


def _rule(file: str, position: str, pack_division: Division, table: object) -> Rule:
    if not isinstance(table, dict):
        raise PackMalformed(file, position, "not a table")
    name = str(table.get("name", position))
    strange = sorted(set(table) - _RULE_FIELDS)
    missing = sorted(_RULE_FIELDS_REQUIRED - set(table))
    if strange or missing:
        raise PackMalformed(file, name, f"unknown fields {strange}, missing fields {missing}")
    try:
        division = parse_division(str(table.get("division", pack_division)))
        rule = Rule(
            name=name,
            division=division,
            value=_frozen(table.get("value")),
            unit=_text(table, "unit"),
            document=_text(table, "document"),
            number=_text(table, "number"),
            article=_text(table, "article"),
            valid_from=_date(table, "valid_from"),
            valid_to=_date(table, "valid_to"),
            standing=Standing(_text(table, "standing")),
            note=_text(table, "note"),
        )
        checked(rule)
    except InvalidValue as error:
        raise PackMalformed(file, name, f"{error.reason_en}: {error.value}") from error
    except ValueError as error:
        raise PackMalformed(file, name, str(error)) from error
    if not division_within(division, pack_division):
        raise PackMalformed(file, name, f"division {division} is not within {pack_division}")
    return rule


def _text(table: Mapping[str, object], field: str) -> str:
    value = table.get(field, "")
    if not isinstance(value, str):
        raise refused(field, repr(value), f"字段 {field} 应为文本。", f"{field} is not a text")
    return value


def _date(table: Mapping[str, object], field: str) -> date | None:
    value = table.get(field)
    if value is None or type(value) is date:
        return value
    raise refused(field, repr(value), f"字段 {field} 应为日期。", f"{field} is not a date")


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
