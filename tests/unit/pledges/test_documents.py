"""Documents: the type that the first bytes prove, and nothing that a sender says."""

import io
import zipfile

import pytest

from domain.pledges.documents import UNKNOWN_TYPE, DocumentKind, demanded_code, media_type_of


def _zip_of(name: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, "<ofd/>")
    return made.getvalue()


PROVEN = {
    "application/pdf": b"%PDF-1.7\n%\x80",
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00",
    "image/jpeg": b"\xff\xd8\xff\xe0",
    "image/tiff": b"II*\x00\x08",
    "application/ofd": _zip_of("OFD.xml"),
}
UNPROVEN = (
    b"",
    b"<html><script>alert(1)</script>",
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    b" %PDF-1.7",
    b"MZ\x90\x00",
    b"#!/bin/sh",
    b"%!PS-Adobe-3.0",
    b"GIF89a",
    _zip_of("word/document.xml"),
    b"OFD.xml",
)


@pytest.mark.parametrize("media_type", PROVEN)
def test_a_type_is_what_the_first_bytes_prove(media_type: str) -> None:
    assert media_type_of(PROVEN[media_type]) == media_type


@pytest.mark.parametrize("head", UNPROVEN)
def test_whatever_is_not_proven_is_only_bytes(head: bytes) -> None:
    assert media_type_of(head) == UNKNOWN_TYPE


def test_every_kind_has_a_condition_of_its_own() -> None:
    assert len({demanded_code(kind) for kind in DocumentKind}) == len(DocumentKind)
