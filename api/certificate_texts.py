"""The words of the refusals of searches, documents and certificates; `api/problem_texts.py` says how they are read."""

from types import MappingProxyType
from typing import Final

from api.door_texts import CONFLICT, UNPROCESSABLE, ProblemText, Texts
from domain.pledges.documents import DigestMismatch, EmptyDocument
from domain.ports.certificates import SealBroken
from domain.rights.searches import SearchNotAuthorised

CERTIFICATES: Final[Texts] = MappingProxyType(
    {
        SearchNotAuthorised: ProblemText(
            CONFLICT,
            "须经企业授权",
            "Authorization required",
            "查询 {value} 须有持有人在有效期内的授权,或为其质权人。",
            "Searching for {value} needs its holder's valid consent, or a pledge on it.",
        ),
        DigestMismatch: ProblemText(
            UNPROCESSABLE,
            "文件摘要不符",
            "Digest mismatch",
            "文件的 SHA-256 为 {actual},与所填的 {stated} 不同。",
            "The file's SHA-256 is {actual}, not {stated}.",
            ("actual",),
        ),
        EmptyDocument: ProblemText(
            UNPROCESSABLE, "文件为空", "Empty document", "文件 {name} 没有内容。", "The file {name} is empty."
        ),
        SealBroken: ProblemText(
            UNPROCESSABLE,
            "签名不符",
            "Seal broken",
            "该证明未经本系统签发或已被改动。",
            "This is no certificate of ours.",
        ),
    }
)
