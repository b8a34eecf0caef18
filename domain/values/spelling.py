"""Spelling: the one place that decides how a code may be written.

The subtle thing is that nothing is repaired but ASCII lower case. Folding full-width digits or Cyrillic letters into
their ASCII look-alikes would let the same permit be pledged twice under two texts, one folded here and one kept by a
counterpart; so whatever is not in the accepted alphabet is refused, and the refusal names the character.

Source: contract section 3; HJ 608-2017 and GB 32100-2015 (digits and capital letters only).

>>> canonical_code("zj-2022/0001")
'ZJ-2022/0001'
>>> canonical_code(chr(0xFF19) + "1")
Traceback (most recent call last):
    ...
domain.errors.InvalidIdentifier: invalid_identifier: ...U+FF19 FULLWIDTH DIGIT NINE...
"""

import re
import unicodedata
from typing import Final

from domain.errors import InvalidIdentifier, InvalidValue

CODE_LENGTH_MAX: Final = 64
_CODE: Final = re.compile(r"[0-9A-Z]+(?:[-._/][0-9A-Z]+)*", re.ASCII)
_FOREIGN: Final = re.compile(r"[^0-9A-Za-z._/-]", re.ASCII)
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def canonical_code(text: str) -> str:
    """Return `text` in the one spelling under which we keep a code: ASCII capitals and digits.

    Between two letters or digits one of `- . _ /` may stand; a code neither begins nor ends with one, nor doubles it.

    Raises:
        InvalidIdentifier: empty, longer than 64, any other character (it is named), or stray punctuation.
    """
    if not text or len(text) > CODE_LENGTH_MAX:
        raise InvalidIdentifier(
            what="code",
            value=text,
            reason_zh=f"编号不能为空，且不超过{CODE_LENGTH_MAX}个字符。",
            reason_en=f"a code has 1 to {CODE_LENGTH_MAX} characters",
        )
    foreign = _FOREIGN.search(text)
    if foreign is not None:
        name = describe_character(foreign.group())
        raise InvalidIdentifier(
            what="code",
            value=ascii(text),
            reason_zh=(
                f"编号第{foreign.start() + 1}个字符不被接受（{name}）；"
                "只接受半角数字、英文字母和 - . _ /，不得含空格或全角字符。"
            ),
            reason_en=f"character {foreign.start() + 1} is not accepted ({name}); only ASCII 0-9 A-Z - . _ / are",
        )
    code = text.upper()
    if _CODE.fullmatch(code) is None:
        raise InvalidIdentifier(
            what="code",
            value=text,
            reason_zh="编号须以数字或字母开头和结尾，且符号 - . _ / 不得连续出现。",
            reason_en="a code begins and ends with a letter or digit, and never doubles - . _ /",
        )
    return code


def clean_text(text: str, max_length: int) -> str:
    """Return a name or note in Unicode NFC, which may be Chinese, and nothing invisible in it.

    Raises:
        InvalidValue: empty, longer than `max_length` characters, a space at either end, or a control, zero-width or
            bidirectional character (it is named).
    """
    composed = unicodedata.normalize("NFC", text) if len(text) <= max_length else text
    if not 1 <= len(composed) <= max_length:
        raise _refused_text(text, f"文本不能为空，且不超过{max_length}个字符。", f"1 to {max_length} characters")
    invisible = next((character for character in text if unicodedata.category(character) in _INVISIBLE), None)
    if invisible is not None:
        name = describe_character(invisible)
        raise _refused_text(
            ascii(text), f"文本中含有不可见字符或控制字符（{name}）。", f"an invisible or control character: {name}"
        )
    if text != text.strip():
        raise _refused_text(text, "文本首尾不得有空格。", "no space at the beginning or the end")
    return composed


def describe_character(character: str) -> str:
    """Return a character's code point and Unicode name, which stay readable where the character itself is not."""
    return f"U+{ord(character):04X} {unicodedata.name(character, 'unnamed')}"


def _refused_text(value: str, reason_zh: str, reason_en: str) -> InvalidValue:
    return InvalidValue(what="text", value=value, reason_zh=reason_zh, reason_en=reason_en)
