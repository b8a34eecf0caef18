r"""Notice texts: a page or a plain text made into lines, cells of tables apart by tabs; nothing of a page is executed.

The subtle thing is time. A page is cut at its `<` signs once, from left to right, because parsers and patterns that
look for the end of a broken tag again and again can be kept busy for hours by a small file.

>>> lines_in("<table><tr><td>污染物</td><td>氨氮</td></tr></table><script>x</script><p>起始价4000元</p>")
['污染物\t氨氮', '起始价4000元']
>>> lines_in("数量：4吨\n\n期限：5年")
['数量:4吨', '期限:5年']
"""

import html
import re
from collections.abc import Iterator
from typing import Final

from integrations.exchange.numerals import fold

_PAGE: Final = re.compile(r"<(?:!doctype|html|body|table|div|p|span|br)\b", re.IGNORECASE)
_TAG: Final = re.compile(r"/?([a-z][a-z0-9]{0,15})", re.IGNORECASE)
_CELLS: Final = frozenset({"td", "th"})
_ENDS_A_LINE: Final = frozenset({"tr", "p", "div", "br", "li", "table", "h1", "h2", "h3", "h4", "h5", "h6", "title"})
_UNREAD: Final = frozenset({"script", "style"})
_SUBSCRIPTS: Final = {"₂": "2", "₃": "3", "ₓ": "x"}
_SUBSCRIPT: Final = re.compile(r"(?<=[A-Za-z])[₂₃ₓ]")
_SPACES: Final = re.compile(r"[ \u3000\xa0]+")


def lines_in(text: str) -> list[str]:
    """Return the lines that say something, folded to half width, without spaces, their cells apart by tabs."""
    plain = "".join(_pieces(text)) if _PAGE.search(text) else text
    plain = _SUBSCRIPT.sub(lambda found: _SUBSCRIPTS[found.group()], plain)
    lines = (_SPACES.sub("", fold(line)).strip("\t") for line in re.split(r"[\n\r]", plain))
    return [line for line in lines if line]


def _pieces(page: str) -> Iterator[str]:
    first, *rest = page.split("<")
    yield html.unescape(first)
    unread: str | None = None
    for piece in rest:
        tag, _, after = piece.partition(">")
        found = _TAG.match(tag)
        name = "" if found is None else found[1].lower()
        if unread is not None:
            if name == unread and tag.startswith("/"):
                unread = None
            continue
        if name in _UNREAD and not tag.startswith("/"):
            unread = name
            continue
        if name in _CELLS:
            yield "" if tag.startswith("/") else "\t"
        elif name in _ENDS_A_LINE:
            yield "\n"
        yield html.unescape(" ".join(after.split("\n")) if name in _CELLS else after)
