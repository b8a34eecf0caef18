"""Identifiers: enterprises, permits, divisions and registry numbers, each parsed into its one spelling.

The subtle thing is what the last letter of a permit number is: an identification code, not a check character, so any
capital is accepted there. The check character of the holder's USCC inside the number is what protects it, except for
holders without a USCC (`H9...`), whose first 18 characters have no check at all.

Source: GB 32100-2015 (USCC); HJ 608-2017 annex A (permit number); GB/T 2260 (divisions).

>>> parse_permit_no("91130200699229617x001p")
'91130200699229617X001P'
>>> holder_of_permit(parse_permit_no("91130200699229617X001P"))
'91130200699229617X'
"""

import re
import secrets
from typing import Final, NewType

from stdnum.cn import uscc as gb32100

from domain.errors import InvalidIdentifier
from domain.values.spelling import canonical_code

Uscc = NewType("Uscc", str)
PermitNo = NewType("PermitNo", str)
Division = NewType("Division", str)
RegistryNo = NewType("RegistryNo", str)

ID_PATTERN: Final = re.compile(r"^[a-z]+_[0-9a-f]{32}\Z", re.ASCII)
NATIONAL: Final = Division("000000")

_USCC_LENGTH: Final = 18
_USCC: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}(?!00)[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}", re.ASCII)
_PERMIT_NO: Final = re.compile(r"[0-9A-Z]{18}(?!000)[0-9]{3}[A-Z]", re.ASCII)
_HOLDER_WITHOUT_USCC: Final = re.compile(r"H9[0-9]{6}[0-9A-Z]{10}", re.ASCII)
_DIVISION: Final = re.compile(r"000000|[1-8][0-9]{5}", re.ASCII)
_ID_PREFIX: Final = re.compile(r"[a-z]+", re.ASCII)


def parse_uscc(text: str) -> Uscc:
    """Return a unified social credit code, check character verified.

    The first two characters may be letters (registering authority and kind of body), which python-stdnum alone refuses.

    Raises:
        InvalidIdentifier: a foreign character, not the shape of a USCC, or a wrong check character.
    """
    code = canonical_code(text)
    if _USCC.fullmatch(code) is None:
        raise InvalidIdentifier(
            what="USCC",
            value=text,
            reason_zh="统一社会信用代码应为18位：第3至8位为行政区划数字，其余为数字或大写字母（不含 I、O、S、V、Z）。",
            reason_en="a USCC has 18 characters: a division in places 3 to 8, else digits or letters but I O S V Z",
        )
    if gb32100.calc_check_digit(code) != code[-1]:
        raise InvalidIdentifier(
            what="USCC",
            value=text,
            reason_zh="统一社会信用代码的校验码不符，请核对是否录入有误。",
            reason_en="the check character does not match (GB 32100-2015)",
        )
    return Uscc(code)


def parse_permit_no(text: str) -> PermitNo:
    """Return a permit number: the holder's 18 characters, a sequence from 001, one capital letter.

    Raises:
        InvalidIdentifier: a foreign character, not the shape of a permit number, or the holder's USCC is wrong.
    """
    code = canonical_code(text)
    if _PERMIT_NO.fullmatch(code) is None:
        raise InvalidIdentifier(
            what="permit number",
            value=text,
            reason_zh="排污许可证编号应为22位：持证单位18位代码、001起的3位顺序号和1位大写字母。",
            reason_en="a permit number has 22 characters: 18 of the holder, a sequence from 001, one letter",
        )
    if _HOLDER_WITHOUT_USCC.fullmatch(code[:_USCC_LENGTH]) is None:
        parse_uscc(code[:_USCC_LENGTH])
    return PermitNo(code)


def holder_of_permit(permit_no: PermitNo) -> Uscc | None:
    """Return the holder's USCC; none where the number belongs to a holder without one (`H9...`)."""
    holder = permit_no[:_USCC_LENGTH]
    return None if _HOLDER_WITHOUT_USCC.fullmatch(holder) else Uscc(holder)


def parse_registry_no(text: str) -> RegistryNo:
    """Return a registry's own number in our one spelling; raises InvalidIdentifier."""
    return RegistryNo(canonical_code(text))


def parse_division(text: str) -> Division:
    """Return a division code of six digits, `000000` for the whole country; raises InvalidIdentifier.

    Only the shape is checked: codes are abolished and created every year, and old rights keep their old code.
    """
    code = canonical_code(text)
    if _DIVISION.fullmatch(code) is None:
        raise InvalidIdentifier(
            what="division",
            value=text,
            reason_zh="行政区划代码应为6位数字（GB/T 2260），例如浙江省 330000。",
            reason_en="a division has six digits (GB/T 2260), such as 330000",
        )
    return Division(code)


def province_of(division: Division) -> Division:
    """Return the province of a division; the country's is itself."""
    return Division(division[:2] + "0000")


def city_of(division: Division) -> Division:
    """Return the prefecture of a division; a province's or the country's is itself."""
    return Division(division[:4] + "00")


def division_within(division: Division, outer: Division) -> bool:
    """Tell whether a division lies in another, or is the same one."""
    return outer in {NATIONAL, province_of(division), city_of(division), division}


def new_id(prefix: str) -> str:
    """Return a fresh opaque id: the prefix and 128 random bits, with neither counter nor time of creation inside."""
    if _ID_PREFIX.fullmatch(prefix) is None:
        message = f"an id's prefix is lower-case letters, not {prefix!r}"
        raise ValueError(message)
    return f"{prefix}_{secrets.token_hex(16)}"
