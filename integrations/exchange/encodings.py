"""Texts: bytes that may be UTF-8, GB18030 or UTF-16, with a mark or without, read line by line.

The subtle thing is one bad byte. GB18030 takes nearly any bytes, so a UTF-8 file that was damaged in one place decodes
as GB18030 without complaint, all of it wrongly. So the encoding is what most of the lines with anything beyond ASCII
are in, and a line that is not in it is told as such, alone. Lines are cut before they are decoded, which is safe,
because neither encoding uses a line feed, a comma or a quote as the second byte of anything.

Source: GB 18030-2022; RFC 3629; Unicode 16.0 chapter 23.8 (byte order mark).

>>> [line for _, line in lines_of("日期,成交价".encode("gb18030"))]
['日期,成交价']
"""

from collections.abc import Iterator
from typing import Final

from integrations.exchange.reading import FileRefused

LINE_BYTES_MAX: Final = 64 << 10
LINES_MAX: Final = 1_000_000
SAMPLE_LINES: Final = 2_000
UTF_8_MARK: Final = b"\xef\xbb\xbf"
UTF_16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")

_KNOWN: Final = {
    b"\x1f\x8b": ("gzip", "gzip"),
    b"PK\x03\x04": ("ZIP 或 XLSX", "ZIP or XLSX"),
    b"PK\x05\x06": ("ZIP", "ZIP"),
    b"\xd0\xcf\x11\xe0": ("旧版 Office（XLS、DOC）", "old Office (XLS, DOC)"),
    b"%PDF": ("PDF", "PDF"),
    b"BZh": ("bzip2", "bzip2"),
    b"\xfd7zXZ": ("xz", "xz"),
    b"(\xb5/\xfd": ("zstd", "zstd"),
    b"7z\xbc\xaf": ("7z", "7z"),
    b"Rar!": ("RAR", "RAR"),
}


def refuse_other_kinds(content: bytes) -> None:
    """Refuse what is plainly no text: compressed files are never unpacked, so that a small one cannot become large."""
    for mark, (zh, en) in _KNOWN.items():
        if content.startswith(mark):
            raise FileRefused(
                "not_a_text_file",
                f"文件是{zh}，不是文本文件；请解压或另存后再报送。",
                f"this is a {en} file, not a text",
            )


def lines_of(content: bytes) -> Iterator[tuple[int, str | None]]:
    """Yield each line with its number from 1, without its end; none for one that is too long or cannot be decoded.

    A NUL is no character of any text, and no database keeps it, so a line with one counts as undecodable.

    Raises:
        FileRefused: the file is of another kind, claims to be UTF-16 and is not, or has too many lines.
    """
    content, encoding = _bare(content)
    for number, line in enumerate(_cut(content), start=1):
        if number > LINES_MAX:
            raise FileRefused("too_many_lines", f"文件超过{LINES_MAX}行。", f"more than {LINES_MAX} lines")
        yield number, _decoded(line, encoding)


def text_of(content: bytes, bytes_max: int) -> str:
    """Return a small text as a whole; what cannot be decoded, or is a NUL, becomes the replacement character.

    Raises:
        FileRefused: it is of another kind, or larger than a text of this kind ever is.
    """
    if len(content) > bytes_max:
        raise FileRefused("text_too_long", f"文本超过{bytes_max}字节。", f"the text has more than {bytes_max} bytes")
    content, encoding = _bare(content)
    return content.decode(encoding, "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")


def encoding_of(content: bytes) -> str:
    """Return the encoding that most of the first lines beyond ASCII are in, UTF-8 where there is none."""
    in_utf_8 = beyond_ascii = 0
    for line in _cut(content):
        if line.isascii():
            continue
        beyond_ascii += 1
        in_utf_8 += _decodes(line, "utf-8")
        if beyond_ascii == SAMPLE_LINES:
            break
    return "utf-8" if 2 * in_utf_8 >= beyond_ascii else "gb18030"


def _bare(content: bytes) -> tuple[bytes, str]:
    """Return a text without its mark, and its encoding."""
    refuse_other_kinds(content)
    if content.startswith(UTF_16_MARKS):
        content = _from_utf_16(content)
    content = content.removeprefix(UTF_8_MARK)
    return content, encoding_of(content)


def _cut(content: bytes) -> Iterator[bytes]:
    """Yield the lines, whichever of the three customs ends them; a last line end begins no further line."""
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")
    start, size = 0, len(content)
    while start < size:
        end = content.find(b"\n", start)
        end = size if end < 0 else end
        yield content[start:end].removesuffix(b"\r")
        start = end + 1


def _decoded(line: bytes, encoding: str) -> str | None:
    if len(line) > LINE_BYTES_MAX or b"\x00" in line:
        return None
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _from_utf_16(content: bytes) -> bytes:
    try:
        return content.decode("utf-16").encode("utf-8")
    except UnicodeError:
        raise FileRefused(
            "encoding_unknown", "文件以 UTF-16 标记开头，但内容不是 UTF-16。", "the file is marked as UTF-16 and is not"
        ) from None
