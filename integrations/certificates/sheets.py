"""Sheets: a certificate as PDF, set by typst in Noto Sans SC, which is embedded.

The subtle thing is that no word of a statement ever becomes part of the program that sets it. The template reads one
JSON text; a holder who calls himself `#eval(...)` is printed under that name. The sheet is PDF/A-2u: whoever keeps it
for twenty years can still search its text. System fonts are not looked at and the time is the certificate's own, so
that the same certificate gives the same bytes on any machine.

Source: ISO 19005-2 (PDF/A-2, conformance level U); ISO/IEC 18004 (QR code).
"""

import io
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from integrations.certificates import words

TEMPLATE: Final = Path(__file__).with_name("certificate.typ")
STANDARD: Final = "a-2u"


class TypstSheets:
    """Sets certificates."""

    def sheet(self, statement: Mapping[str, object], digest: str, verify_url: str) -> bytes:
        """Return the certificate as PDF."""
        import pylopdf_fonts_zh_cn  # noqa: PLC0415 - only who sets a sheet is to wait for it
        import typst  # noqa: PLC0415 - as above

        told = words.told(statement, digest, verify_url)
        issued_at = datetime.fromisoformat(str(statement["issued_at"]))
        made: Any = typst.compile(
            TEMPLATE,
            font_paths=[pylopdf_fonts_zh_cn.sans_path().parent],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=[STANDARD],
            sys_inputs={"sheet": json.dumps(told, ensure_ascii=False), "code": _code(verify_url)},
            timestamp=int(issued_at.timestamp()),
        )
        return bytes(made)


def _code(address: str) -> str:
    """Return the address as a QR code, in SVG."""
    import segno  # noqa: PLC0415 - as above

    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(drawn, kind="svg", xmldecl=False, border=2)
    return drawn.getvalue().decode("utf-8")
