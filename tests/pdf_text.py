"""The text of a PDF, read as any viewer reads it for a search: glyphs of the page, by the font's own ToUnicode table.

Only what typst writes is understood: objects in clear, FlateDecode streams, one composite font a run of text. It is a
reader of our own because a test must be able to fail where the text cannot be extracted, and a library that guesses
from the shapes of glyphs would hide that.

Source: PDF 32000-1 sections 9.7 (composite fonts) and 9.10.3 (ToUnicode).
"""

import re
import zlib
from collections.abc import Mapping

OBJECT = re.compile(rb"(\d+) 0 obj\s*(.*?)\s*endobj", re.DOTALL)
STREAM = re.compile(rb"/Length (\d+)\b.*?>>\s*stream\r?\n", re.DOTALL)


def text_of(pdf: bytes) -> str:
    """Return the text of all pages without any spaces, which typst sets between scripts as it likes."""
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    found = []
    for body in objects.values():
        page = re.search(rb"/Type/Page/.*?/Contents (\d+) 0 R", body, re.DOTALL)
        if page:
            resources = objects[_reference(rb"/Resources", body)]
            fonts = {name: _table(objects, int(font)) for name, font in re.findall(rb"/(f\d+) (\d+) 0 R", resources)}
            found.append(_shown(_stream(objects[int(page[1])]), fonts))
    return re.sub(r"\s", "", "".join(found))


def embedded_fonts(pdf: bytes) -> dict[str, int]:
    """Return the name and size of each font program that is embedded; a font that is only named is none."""
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    found = {}
    for body in objects.values():
        program = re.search(rb"/FontName/(?:[A-Z]{6}\+)?([^/ ]+).*?/FontFile[23]? (\d+) 0 R", body, re.DOTALL)
        if program:
            found[program[1].decode()] = len(_stream(objects[int(program[2])]))
    return found


def _table(objects: Mapping[int, bytes], font: int) -> dict[int, str]:
    """Return what each glyph of a font says."""
    table = _stream(objects[_reference(rb"/ToUnicode", objects[font])])
    said: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for glyph, text in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            said[int(glyph, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, text in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            for glyph in range(int(first, 16), int(last, 16) + 1):
                said[glyph] = chr(int(text, 16) + glyph - int(first, 16))
    return said


def _shown(content: bytes, fonts: Mapping[bytes, Mapping[int, str]]) -> str:
    """Return what a page's text operators show, in their order."""
    said: list[str] = []
    table: Mapping[int, str] = {}
    at, shows = 0, False
    token = re.compile(rb"\b(BT|ET)\b|/(f\d+) [\d.]+ Tf|(?<!<)<([0-9A-Fa-f\s]+)>|\(")
    while found := token.search(content, at):
        at, raw = found.end(), b""
        if found[1]:
            shows = found[1] == b"BT"
        elif found[2]:
            table = fonts[found[2]]
        elif found[3]:
            raw = bytes.fromhex(found[3].decode())
        else:
            raw, at = _literal(content, at)
        glyphs = (int.from_bytes(raw[place : place + 2], "big") for place in range(0, len(raw), 2))
        said += [table.get(glyph, "\N{REPLACEMENT CHARACTER}") for glyph in glyphs if shows]
    return "".join(said)


def _literal(content: bytes, at: int) -> tuple[bytes, int]:
    """Return a literal string whose bracket has been read, and the place behind it; brackets in pairs are its own."""
    names = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
    said, depth = b"", 1
    while True:
        found = re.compile(rb"\\([0-7]{1,3}|.)|.", re.DOTALL).match(content, at)
        assert found is not None, "a literal string has an end"
        at = found.end()
        depth += {b"(": 1, b")": -1}.get(found[0], 0)
        if depth == 0:
            return said, at
        code = found[1]
        said += found[0] if code is None else bytes([int(code, 8)]) if code.isdigit() else names.get(code, code)


def _reference(name: bytes, body: bytes) -> int:
    found = re.search(re.escape(name) + rb" (\d+) 0 R", body)
    assert found is not None, (name, body[:200])
    return int(found[1])


def _stream(body: bytes) -> bytes:
    """Return a stream by its stated length: its last bytes may look like the end of a line."""
    head = STREAM.search(body)
    assert head is not None, body[:200]
    content = body[head.end() : head.end() + int(head[1])]
    return zlib.decompress(content) if b"/FlateDecode" in body[: head.end()] else content
