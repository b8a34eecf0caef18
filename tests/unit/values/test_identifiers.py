"""Identifiers: the standards' own samples, and the rule that one right cannot be spelled in two ways."""

import string
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from stdnum.cn import uscc as gb32100

from domain.errors import InvalidIdentifier, InvalidValue
from domain.values.identifiers import (
    ID_PATTERN,
    NATIONAL,
    Division,
    city_of,
    division_within,
    holder_of_permit,
    new_id,
    parse_division,
    parse_permit_no,
    parse_registry_no,
    parse_uscc,
    province_of,
)
from domain.values.spelling import canonical_code, clean_text

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
HESTEEL = "91130200699229617X"
PERMIT = HESTEEL + "001P"


def check_character(body: str) -> str:
    """Compute the check character by the formula of GB 32100-2015, apart from the library."""
    return ALPHABET[(31 - sum(w * ALPHABET.index(c) for w, c in zip(WEIGHTS, body, strict=True)) % 31) % 31]


@st.composite
def usccs(draw: st.DrawFn, head: str = ALPHABET) -> str:
    """Draw a valid USCC; `head` limits its first two characters."""
    body = draw(st.text(head, min_size=2, max_size=2))
    body += str(draw(st.integers(110000, 829999)))
    body += draw(st.text(ALPHABET, min_size=9, max_size=9))
    return body + check_character(body)


@pytest.mark.parametrize("text", [HESTEEL, "91110000600037341L"])
def test_the_standards_samples_are_valid_usccs(text: str) -> None:
    assert parse_uscc(text) == text
    assert parse_uscc(text.lower()) == text


@given(usccs())
def test_every_uscc_with_its_check_character_is_accepted_also_with_letters_in_front(text: str) -> None:
    assert parse_uscc(text) == text


@given(usccs(head="0123456789"))
def test_we_agree_with_the_library_where_it_knows_the_form(text: str) -> None:
    assert gb32100.is_valid(parse_uscc(text))


@given(usccs(), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_of_a_uscc_is_always_found(text: str, place: int, wrong: str) -> None:
    assume(text[place] != wrong)

    with pytest.raises(InvalidIdentifier):
        parse_uscc(text[:place] + wrong + text[place + 1 :])


@given(usccs(), st.integers(0, 16))
def test_two_swapped_neighbours_of_a_uscc_are_always_found(text: str, place: int) -> None:
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    assume(swapped != text)

    with pytest.raises(InvalidIdentifier):
        parse_uscc(swapped)


@pytest.mark.parametrize(
    "text",
    [
        "",
        HESTEEL[:-1],
        HESTEEL + "0",
        "0" * 18,  # its checksum holds, but there is no such division
        HESTEEL.replace("9", "S", 1),
        "9 1130200699229617X",
        "911302-00699229617X",
        HESTEEL + " ",
        "91130200699229617Х",  # Cyrillic Ha
    ],
)
def test_what_is_not_a_uscc_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        parse_uscc(text)


def test_the_standards_sample_is_a_valid_permit_number_of_its_holder() -> None:
    assert parse_permit_no(PERMIT) == PERMIT
    assert holder_of_permit(parse_permit_no(PERMIT.lower())) == HESTEEL


@given(usccs(), st.integers(1, 999), st.sampled_from(string.ascii_uppercase))
def test_a_permit_number_is_a_uscc_a_sequence_and_any_letter(uscc: str, sequence: int, letter: str) -> None:
    permit = parse_permit_no(f"{uscc}{sequence:03}{letter}")

    assert permit == f"{uscc}{sequence:03}{letter}"
    assert holder_of_permit(permit) == (None if uscc.startswith("H9") else uscc)


def test_a_holder_without_a_uscc_has_a_permit_but_no_uscc() -> None:
    permit = parse_permit_no("h9330106000000123a001p")

    assert permit == "H9330106000000123A001P"
    assert holder_of_permit(permit) is None


@pytest.mark.parametrize(
    "text",
    [
        HESTEEL,
        HESTEEL + "000P",
        HESTEEL + "001",
        HESTEEL + "0011",
        HESTEEL + "01P",
        HESTEEL[:-1] + "Y001P",  # wrong check character
        "H9330106000000123A000P",
        "H9ABCDEF000000123A001P",
        "A9330106000000123A001P",
        PERMIT + "\n",
        PERMIT + "\x00",
        " " + PERMIT,
    ],
)
def test_what_is_not_a_permit_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        parse_permit_no(text)


LOOK_ALIKES = {
    "full-width digit": PERMIT.replace("9", "９", 1),
    "full-width letter": PERMIT.replace("X", "Ｘ"),
    "Cyrillic Ha": PERMIT.replace("X", "Х"),
    "Greek Chi": PERMIT.replace("X", "Χ"),
    "Cyrillic Er": PERMIT.replace("P", "Р"),
    "Greek Rho": PERMIT.replace("P", "Ρ"),
    "Arabic-Indic digit": PERMIT.replace("1", "١", 1),
    "mathematical digit": PERMIT.replace("1", "𝟏", 1),
    "Roman numeral ten": PERMIT.replace("X", "Ⅹ"),
    "zero width joiner": PERMIT[:4] + "\u200d" + PERMIT[4:],
    "zero width space": PERMIT[:4] + "\u200b" + PERMIT[4:],
    "byte order mark": "\ufeff" + PERMIT,
    "soft hyphen": PERMIT[:4] + "\u00ad" + PERMIT[4:],
    "no-break space": PERMIT[:4] + "\u00a0" + PERMIT[4:],
    "ideographic space": PERMIT + "\u3000",
    "space": PERMIT[:18] + " " + PERMIT[18:],
    "tab": PERMIT + "\t",
    "trailing newline": PERMIT + "\n",
    "carriage return": PERMIT + "\r",
    "NUL": PERMIT + "\x00",
    "right-to-left override": "\u202e" + PERMIT,
    "combining mark": PERMIT[:5] + "\u0301" + PERMIT[5:],
    "variation selector": PERMIT + "\ufe0f",
    "lone surrogate": PERMIT + "\ud800",
    "hyphen": PERMIT[:18] + "-" + PERMIT[18:],
    "non-breaking hyphen": PERMIT[:18] + "\u2011" + PERMIT[18:],
}


@pytest.mark.parametrize("text", LOOK_ALIKES.values(), ids=LOOK_ALIKES.keys())
def test_a_permit_that_reads_alike_is_refused_and_never_becomes_a_second_right(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        parse_permit_no(text)


def test_a_refusal_names_the_character_and_its_place() -> None:
    with pytest.raises(InvalidIdentifier) as refusal:
        canonical_code("ZJ\u200d01")

    assert "U+200D ZERO WIDTH JOINER" in refusal.value.reason_en
    assert "第3个字符" in refusal.value.reason_zh
    assert refusal.value.value.isascii()


CODE_CHARACTERS = string.digits + string.ascii_letters + "-._/"


@given(st.text(CODE_CHARACTERS, min_size=1, max_size=64) | st.text(max_size=20))
@example("ı")  # upper() would make it I
@example("ß")  # upper() would make it SS
@example("K")  # the kelvin sign
@example("ﬁ")  # a ligature
def test_an_accepted_code_is_its_own_spelling_and_its_only_one(text: str) -> None:
    try:
        code = canonical_code(text)
    except InvalidIdentifier:
        return

    assert canonical_code(code) == code
    assert canonical_code(code.lower()) == code
    assert code == "".join(chr(ord(c) - 32) if "a" <= c <= "z" else c for c in text)
    assert unicodedata.normalize("NFKC", code) == code
    assert len(code) == len(text)


@given(st.characters(exclude_characters=CODE_CHARACTERS))
def test_every_character_outside_the_alphabet_is_refused_wherever_it_stands(character: str) -> None:
    for text in (f"{character}ZJ01", f"ZJ{character}01", f"ZJ01{character}"):
        with pytest.raises(InvalidIdentifier):
            canonical_code(text)


@pytest.mark.parametrize("text", ["-A", "A-", "A--1", "A-.1", ".", "../A", "A/../B", "A//B", "_", "A" * 65, ""])
def test_stray_or_doubled_punctuation_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        parse_registry_no(text)


def test_a_registry_number_may_have_single_punctuation() -> None:
    assert parse_registry_no("zj-2022/0001.a_b") == "ZJ-2022/0001.A_B"


@pytest.mark.parametrize("text", ["", "33", "330000 ", "3300000", "33000A", "930000", "０30000", "012345", "330000\n"])
def test_what_is_not_a_division_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        parse_division(text)


def test_a_county_lies_in_its_city_in_its_province_in_the_country() -> None:
    xihu = parse_division("330106")

    assert (city_of(xihu), province_of(xihu)) == ("330100", "330000")
    assert [division_within(xihu, Division(outer)) for outer in ("330106", "330100", "330000", NATIONAL)] == [True] * 4
    assert not division_within(xihu, Division("330105"))
    assert not division_within(xihu, Division("330200"))
    assert not division_within(xihu, Division("420000"))
    assert not division_within(Division("330000"), xihu)
    assert (city_of(NATIONAL), province_of(NATIONAL)) == (NATIONAL, NATIONAL)


def test_an_id_is_prefixed_random_and_of_one_shape() -> None:
    ids = {new_id("right") for _ in range(1000)}

    assert len(ids) == 1000
    assert all(ID_PATTERN.fullmatch(one) and one.startswith("right_") for one in ids)
    assert ID_PATTERN.fullmatch(new_id("right") + "\n") is None


@pytest.mark.parametrize("prefix", ["", "Right", "right_", "1", "rïght"])
def test_an_ids_prefix_is_lower_case_letters(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        new_id(prefix)


@pytest.mark.parametrize("text", ["河钢股份有限公司唐山分公司", "Hébei", "杭州（集团）有限公司", "𠮷田", "A B"])
def test_a_name_may_be_written_in_any_script(text: str) -> None:
    assert clean_text(text, 40) == text


def test_a_name_is_composed() -> None:
    assert clean_text("He\u0301bei", 6) == "Hébei"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 41,
        " x",
        "x ",
        "\u3000x",
        "x\u00a0",
        "a\x00b",
        "a\nb",
        "a\u200bb",
        "a\u202eb",
        "a\u2028b",
        "a\ud800",
        "\ufeffa",
    ],
)
def test_a_name_has_nothing_invisible_and_no_space_at_its_ends(text: str) -> None:
    with pytest.raises(InvalidValue):
        clean_text(text, 40)


@given(st.text(max_size=50))
def test_a_clean_name_stays_clean(text: str) -> None:
    try:
        cleaned = clean_text(text, 40)
    except InvalidValue:
        return

    assert clean_text(cleaned, 40) == cleaned
