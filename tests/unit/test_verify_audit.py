"""The verifier of the audit: whatever is done to an export, or to the house's past, a kept checkpoint shows it."""

import io
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from api import verify_audit
from api.__main__ import main
from api.verify_audit import Kept, Tampered, Verified, read_kept, verify
from integrations.identity.keys import generate_key
from tests.conftest import CAMPAIGN
from tests.fakes.audit_trail import (
    GENESIS,
    JWKS,
    KEY,
    Trail,
    a_checkpoint,
    an_entry,
    chained,
    hash_in,
    leaf_of,
    line_of,
    spelled,
)

ENTRIES = 200
PART = 5
TRAIL = Trail.of(ENTRIES)
ENOUGH_FOR_A_YEAR = 1_000_000
SECONDS_FOR_A_MILLION = 60.0

Rounds = Callable[[int, int], int]
Say = Callable[[str], None]


def kept(*checkpoints: str) -> Kept:
    return read_kept("\n".join(checkpoints).encode(), JWKS)


WHOLE = kept(TRAIL.checkpoint(ENTRIES))


def judged(export: bytes, by: Kept = WHOLE, **part: int) -> Verified:
    return verify(io.BytesIO(export), by, **part)


def refusal(export: bytes, by: Kept = WHOLE, **part: int) -> Tampered:
    with pytest.raises(Tampered) as found:
        judged(export, by, **part)
    return found.value


def flipped(export: bytes, byte: int, bit: int) -> bytes:
    return export[:byte] + bytes([export[byte] ^ 1 << bit]) + export[byte + 1 :]


def test_an_untouched_export_is_whole() -> None:
    assert judged(TRAIL.export()) == Verified("bank-a", 1, ENTRIES, 1, 0)


def test_entries_after_the_newest_checkpoint_are_counted_apart() -> None:
    early = kept(TRAIL.checkpoint(50, "09:00:00"), TRAIL.checkpoint(120))
    assert judged(TRAIL.export(), early) == Verified("bank-a", 1, ENTRIES, 2, 80)


def test_a_flipped_bit_anywhere_in_200_entries_is_found(say: Say) -> None:
    """The entries are exported five at a time, each part between two checkpoints: a flip costs what five lines cost.

    The opening and the closing line, which are alike in every part, are flipped in the first alone.
    """
    tried = 0
    for first in range(1, ENTRIES + 1, PART):
        last = first + PART - 1
        export = TRAIL.part(first, last).export()
        by = kept(TRAIL.checkpoint(first - 1, "09:00:00"), TRAIL.checkpoint(last))
        judged(export, by, first=first, last=last)
        lines = export.splitlines(keepends=True)
        of_entries = range(len(lines[0]), len(lines[0]) + len(b"".join(lines[1:-1])))
        for byte in range(len(export)) if first == 1 else of_entries:
            for bit in range(8) if CAMPAIGN else (byte % 8,):
                tried += 1
                try:
                    judged(flipped(export, byte, bit), by, first=first, last=last)
                except Tampered:
                    continue
                pytest.fail(f"part from {first}: bit {bit} of byte {byte}")
    if CAMPAIGN:
        say(f"audit: {tried:,} flipped bits, each found")


@pytest.mark.parametrize("cut", [1, 2, 10, 50, 99, 100])
def test_a_line_that_was_changed_is_named(cut: int) -> None:
    lines = TRAIL.framed()
    lines[cut] = lines[cut].replace(b'"number":', b'"nunber":')
    fault = refusal(b"".join(lines))
    assert fault.line == cut + 1
    assert fault.zh.startswith(f"第{cut + 1}行")
    assert fault.en.startswith(f"line {cut + 1}:")


@pytest.mark.parametrize("tail", range(1, 101))
def test_a_tail_of_any_length_is_missed(tail: int) -> None:
    lines = TRAIL.framed()
    assert "closing line" in refusal(b"".join(lines[: -1 - tail])).en
    assert "cut" in refusal(b"".join([*lines[: -1 - tail], lines[-1]])).en
    shorter = Trail(TRAIL.lines[:-tail])  # by the house itself, with its key
    assert "restored" in refusal(shorter.export()).en


@pytest.mark.parametrize("place", [1, 2, 100, ENTRIES - 1])
def test_two_entries_that_changed_places_are_found(place: int) -> None:
    lines = TRAIL.framed()
    lines[place], lines[place + 1] = lines[place + 1], lines[place]
    assert refusal(b"".join(lines)).line == place + 1


@pytest.mark.parametrize("place", [1, 2, 100, ENTRIES])
def test_an_entry_that_was_repeated_taken_out_or_put_in_is_found(place: int) -> None:
    lines = TRAIL.framed()
    foreign = line_of(leaf_of(an_entry(777), place, TRAIL.head(place - 1)))
    assert refusal(b"".join([*lines[:place], lines[place], *lines[place:]])).line == place + 2
    assert refusal(b"".join([*lines[:place], *lines[place + 1 :]])).line == place + 1
    assert refusal(b"".join([*lines[:place], foreign, *lines[place:]])).line == place + (1 if place == ENTRIES else 2)


@pytest.mark.parametrize("place", [1, 2, 100, ENTRIES])
def test_a_chain_that_the_house_wrote_anew_after_an_edit_is_a_fork(place: int) -> None:
    told = [an_entry(number) for number in range(1, ENTRIES + 1)]
    told[place - 1] = {**told[place - 1], "tenant": "bank-b"}
    fault = refusal(Trail(list(chained(told))).export())
    assert fault.line == ENTRIES + 1
    assert "fork" in fault.en
    assert "分叉" in fault.zh


def test_the_fork_is_named_at_the_first_checkpoint_after_the_edit() -> None:
    told = [an_entry(number) for number in range(1, ENTRIES + 1)]
    told[74] = an_entry(9)
    by = kept(*(TRAIL.checkpoint(each, f"10:00:{each // 10:02d}") for each in range(10, ENTRIES + 1, 10)))
    assert refusal(Trail(list(chained(told))).export(), by).line == 81


def test_yesterday_restored_and_gone_on_from_is_found_when_it_has_grown_past_the_checkpoint() -> None:
    yesterday = [an_entry(number) for number in range(1, 151)]
    since = [an_entry(number) for number in range(5000, 5100)]
    assert "fork" in refusal(Trail(list(chained([*yesterday, *since]))).export()).en


def test_checkpoints_alone_show_that_the_past_was_restored() -> None:
    with pytest.raises(Tampered, match="restored"):
        kept(TRAIL.checkpoint(180, "09:00:00"), TRAIL.checkpoint(150, "11:00:00"))


def test_two_checkpoints_that_disagree_show_a_fork_without_any_export() -> None:
    with pytest.raises(Tampered, match="fork"):
        kept(TRAIL.checkpoint(180), a_checkpoint(180, "cd" * 32))


def test_a_checkpoint_by_another_key_or_of_another_chain_is_no_checkpoint() -> None:
    with pytest.raises(Tampered, match="not signed"):
        kept(a_checkpoint(ENTRIES, TRAIL.head(ENTRIES), generate_key()))
    with pytest.raises(Tampered, match="different chains"):
        kept(TRAIL.checkpoint(ENTRIES), a_checkpoint(5, "cd" * 32, chain="bank-b"))
    assert refusal(TRAIL.export(), kept(a_checkpoint(ENTRIES, TRAIL.head(ENTRIES), chain="bank-b"))).line == 1


def test_a_flipped_bit_in_a_kept_checkpoint_is_found() -> None:
    jws = TRAIL.checkpoint(ENTRIES).encode()
    flips = [(byte, byte % 7) for byte in range(len(jws))]
    flips += [(len(jws) - 1, bit) for bit in range(7)]  # of the last letter some bits say nothing, and must not vary
    for byte, bit in flips:
        with pytest.raises((Tampered, ValueError)):
            read_kept(flipped(jws, byte, bit), JWKS)


def test_without_a_checkpoint_nothing_is_proved() -> None:
    assert "nothing is proved" in refusal(TRAIL.export(), kept()).en


def test_a_part_must_be_the_part_that_was_asked_for() -> None:
    part = TRAIL.part(51, 100).export()
    by = kept(TRAIL.checkpoint(50, "09:00:00"), TRAIL.checkpoint(ENTRIES))
    assert judged(part, by, first=51, last=100) == Verified("bank-a", 51, 100, 1, 50)
    assert refusal(part, by).line == 1
    assert "entry 101" in refusal(part, by, first=51, last=101).en
    assert "restored" in refusal(part, by, first=51).en
    rewritten = Trail(list(chained([an_entry(number) for number in range(51, 101)], 51, "cd" * 32)), 51)
    assert refusal(rewritten.export(), by, first=51, last=100).line == 2


def test_what_follows_the_closing_line_is_refused() -> None:
    assert refusal(TRAIL.export() + b"\n").line == ENTRIES + 3


@pytest.mark.parametrize(
    "entry",
    [
        b'{"a":1,"a":2}',
        b'{ "a":1}',
        b'{"b":1,"a":2}',
        b'{"a":"\\u0041"}',
        b"{]",
        b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
    ids=["a name twice", "a space", "out of order", "another spelling", "no JSON", "too deep"],
)
def test_an_entry_that_could_be_read_in_two_ways_is_refused_even_where_its_hash_is_right(entry: bytes) -> None:
    leaf = leaf_of("@", 1, GENESIS).replace(b'"@"', entry)
    trail = Trail([line_of(leaf)])
    assert refusal(trail.export(), kept(trail.checkpoint(1))).line == 2


SMALL = Trail.of(12)
BY_SMALL = kept(SMALL.checkpoint(12))
SMALL_EXPORT = SMALL.export()


@given(st.data())
def test_no_edit_of_an_export_passes(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SMALL_EXPORT)))
    end = data.draw(st.integers(start, min(len(SMALL_EXPORT), start + 600)))
    put_in = data.draw(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from(SMALL.framed()),
            st.text(alphabet='{}":,0123456789abcdef\n', max_size=40).map(str.encode),
            st.integers(0, len(SMALL_EXPORT) - 1).map(lambda at: SMALL_EXPORT[at : at + 300]),
        )
    )
    edited = SMALL_EXPORT[:start] + put_in + SMALL_EXPORT[end:]
    assume(edited != SMALL_EXPORT)
    refusal(edited, BY_SMALL)


@given(st.permutations(range(14)), st.sets(st.integers(0, 13), max_size=3))
def test_no_other_order_or_choice_of_lines_passes(order: list[int], left_out: set[int]) -> None:
    lines = SMALL.framed()
    chosen = [lines[place] for place in order if place not in left_out]
    assume(chosen != lines)
    refusal(b"".join(chosen), BY_SMALL)


def _files(folder: Path, export: bytes, checkpoints: bytes) -> list[str]:
    (folder / "export.jsonl").write_bytes(export)
    (folder / "kept.json").write_bytes(checkpoints)
    (folder / "jwks.json").write_bytes(JWKS)
    return [str(folder / "export.jsonl"), str(folder / "kept.json"), "--jwks", str(folder / "jwks.json")]


def test_the_file_alone_verifies_in_an_interpreter_that_has_nothing_of_ours(tmp_path: Path) -> None:
    alone = tmp_path / "verify_audit.py"
    shutil.copy(verify_audit.__file__, alone)
    given_to = _files(tmp_path, TRAIL.export(), TRAIL.checkpoint(ENTRIES).encode())
    sound = subprocess.run(
        [sys.executable, "-I", str(alone), *given_to], capture_output=True, check=False, cwd=tmp_path
    )
    assert sound.returncode == 0, sound.stderr
    assert "entries 1 to 200 are whole" in sound.stdout.decode()
    (tmp_path / "export.jsonl").write_bytes(flipped(TRAIL.export(), 5000, 0))
    broken = subprocess.run(
        [sys.executable, "-I", str(alone), *given_to], capture_output=True, check=False, cwd=tmp_path
    )
    assert broken.returncode == 1
    zh, en = broken.stdout.decode().splitlines()
    assert zh.startswith("第")
    assert en.startswith("line ")


def test_the_command_reads_checkpoints_in_each_form_and_says_what_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jws = TRAIL.checkpoint(ENTRIES)
    answer = spelled({"items": [{"jws": jws, "sequence": ENTRIES}], "next_cursor": None})
    event = spelled({"type": "audit.checkpoint", "data": {"jws": jws}})
    for form in (answer, event, event + b"\n" + event, jws.encode(), spelled({"jws": jws})):
        assert main(["verify-audit", *_files(tmp_path, TRAIL.export(), form)]) == 0
    assert "完整无改动" in capsys.readouterr().out
    assert main(["verify-audit", *_files(tmp_path, TRAIL.export(), b"{")]) == 2
    assert main(["verify-audit", str(tmp_path / "none"), *_files(tmp_path, b"", b"")[1:]]) == 2


def test_a_million_entries_verify_within_a_minute(tmp_path: Path, rounds: Rounds, say: Say) -> None:
    """In `make test` a fortieth of them, in a fortieth of the time; ten million in the campaign."""
    count = rounds(ENOUGH_FOR_A_YEAR // 40, 10 * ENOUGH_FOR_A_YEAR)
    path, head = tmp_path / "export.jsonl", GENESIS
    opening, _ = Trail([]).framed()
    with path.open("wb") as file:
        file.write(opening.replace(b'"last":0', b'"last":%d' % count))
        for line in chained(an_entry(number) for number in range(1, count + 1)):
            file.write(line)
            head = hash_in(line)
        file.write(spelled({"checkpoint": a_checkpoint(count, head)}) + b"\n")
    by = read_kept(a_checkpoint(count, head).encode(), JWKS)

    began = time.process_time()
    with path.open("rb") as file:
        assert verify(file, by).last == count
    took = time.process_time() - began

    say(f"audit: {count:,} entries verified in {took:.2f} s of processor time, {took / count * 1e6:.1f} s a million")
    assert took < SECONDS_FOR_A_MILLION * count / ENOUGH_FOR_A_YEAR


def test_the_key_that_signed_is_found_among_others() -> None:
    keys = json.dumps({"keys": [generate_key().public_jwk, {"kty": "RSA", "kid": "x"}, KEY.public_jwk]}).encode()
    assert read_kept(TRAIL.checkpoint(ENTRIES).encode(), keys).heads == {ENTRIES: TRAIL.head(ENTRIES).encode()}
