"""The page that a QR code opens: what the certificate says, as the house signed it, for a person without a client.

Every word of the certificate is escaped, and the page carries no script; its one style sheet is allowed by its digest.
The frame is Chinese first, because whoever scans a certificate is most often an officer at a counter.

Source: OWASP cheat sheets (cross-site scripting prevention, content security policy).
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Any, Final

STYLE: Final = (
    "body{font-family:sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;line-height:1.6}"
    "th{text-align:left;font-weight:normal;color:#555;padding-right:1rem;vertical-align:top;white-space:nowrap}"
    "td{overflow-wrap:anywhere}code{font-size:.8rem;overflow-wrap:anywhere}h1{color:#14532d}"
)
_STYLE_DIGEST: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
PAGE_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {"Content-Security-Policy": (f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; frame-ancestors 'none'")}
)

KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "registration": "登记证明 · Certificate of registration",
        "amendment": "变更证明 · Certificate of amendment",
        "release": "解除证明 · Certificate of release",
    }
)
STANDING: Final = (
    "此页显示证明签发时的内容，不反映此后的变更、解除或查封；当前状况请另行查询。"
    " This is what was certified at that moment; it says nothing of what has happened since."
)

Rows = Sequence[tuple[str, object]]


def verification_page(statement: Mapping[str, Any], digest: str, jws: str) -> str:
    """Return the page of a certificate that was found."""
    secured = statement["secured"]
    rows: list[tuple[str, object]] = [
        ("编号 Number", statement["number"]),
        ("签发 Issued", statement["issued_at"]),
        ("质押 Pledge", statement["pledge_id"]),
        ("权利人 Pledgee", _party(statement["pledgee"])),
        *(("担保人 Pledgor", _party(party)) for party in statement["pledgors"]),
        ("担保债权 Secured", f"{secured['amount']['amount']} CNY ({secured['kind']})"),
        *(("担保财产 Item", _item(item)) for item in statement["items"]),
        *(("登记 Registration", _registration(entry)) for entry in statement["registrations"]),
        *(
            ("顺位 Rank", f"{rank['registry_no']}: {rank['rank']}")
            for rank in statement["ranks"]
            if rank["rank"] is not None
        ),
    ]
    proof = f"<details><summary>JWS</summary><code>{escape(jws)}</code></details>"
    body = f"{_table(rows)}<p>SHA-256<br><code>{escape(digest)}</code></p>{proof}<p>{escape(STANDING)}</p>"
    return _page("核验通过 · Verified", KINDS.get(str(statement["kind"]), str(statement["kind"])), body)


def unknown_page() -> str:
    """Return the one page for everything that is not found."""
    words = "没有这样的证明，或校验码不符。 No such certificate, or its proof does not match."
    return _page("未通过核验 · Not verified", "", f"<p>{escape(words)}</p>")


def _page(title: str, subtitle: str, body: str) -> str:
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return (
        f'<!doctype html><html lang="zh-CN"><head>{head}</head><body><h1>{escape(title)}</h1>'
        f"<p>{escape(subtitle)}</p>{body}</body></html>"
    )


def _table(rows: Rows) -> str:
    lines = (f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in rows)
    return f"<table>{''.join(lines)}</table>"


def _party(party: Mapping[str, Any]) -> str:
    return f"{party['name'] or '—'} ({party['uscc']})"


def _item(item: Mapping[str, Any]) -> str:
    quantity = item["quantity"]
    return f"{item['registry']} {item['registry_no']}: {item['pollutant']} {quantity['amount']} {quantity['unit']}"


def _registration(entry: Mapping[str, Any]) -> str:
    told = (entry["register"], entry["status"], entry["reference"], entry["registered_at"])
    return " · ".join(str(each) for each in told if each is not None)
