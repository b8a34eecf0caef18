"""A certificate's life in the running product: sealed by the worker, printed, and verified by a third party."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.__main__ import main
from tests.journeys.company import Company, eventually
from tests.pdf_text import text_of

OFFICER = "bank-a.officer"


@pytest.fixture(scope="module")
def certificate(ensemble: Company) -> Mapping[str, Any]:
    """Return the certificate of a fresh pledge, as soon as the worker has sealed it."""
    pledge = ensemble.active_pledge(ensemble.fresh_right("3"))
    path = f"/v1/pledges/{pledge['id']}/certificate"
    answer: httpx.Response = eventually(
        lambda: ensemble.call(OFFICER, "GET", path), lambda told: bool(told.status_code == httpx.codes.OK)
    )
    told: Mapping[str, Any] = answer.json()
    return told


def test_the_worker_seals_and_a_third_party_verifies_at_the_printed_address_and_offline(
    ensemble: Company, plain: httpx.Client, certificate: Mapping[str, Any], tmp_path: Path
) -> None:
    sheet = ensemble.call(
        OFFICER, "GET", f"/v1/pledges/{certificate['pledge_id']}/certificate", headers={"Accept": "application/pdf"}
    )
    assert certificate["verify_url"] in text_of(sheet.content)

    shown = plain.get(certificate["verify_url"])
    assert (shown.status_code, shown.json()["digest"]) == (200, certificate["digest"])
    assert plain.get(certificate["verify_url"], headers={"Accept": "text/html"}).status_code == 200

    kept, keys = tmp_path / "certificate.json", tmp_path / "jwks.json"
    kept.write_text(json.dumps(shown.json()), encoding="utf-8")
    keys.write_text(plain.get("/.well-known/jwks.json").text, encoding="utf-8")
    assert main(["verify-certificate", str(kept), "--jwks", str(keys)]) == 0


def test_the_public_address_says_nothing_without_the_proof(plain: httpx.Client, certificate: Mapping[str, Any]) -> None:
    bare = certificate["verify_url"].partition("?")[0]

    assert plain.get(bare).status_code == plain.get(f"{bare}?d={'0' * 32}").status_code == 404
    assert plain.get(bare, headers={"Accept": "text/html"}).status_code == 404


def test_a_search_finds_the_pledge_and_is_read_again(ensemble: Company, certificate: Mapping[str, Any]) -> None:
    asked = {"by": "registry_no", "value": certificate["items"][0]["registry_no"]}
    told = ensemble.ok("authority.zhejiang", "POST", "/v1/searches", asked, 201)

    assert [each["kind"] for each in told["results"][0]["encumbrances"]] == ["pledge"]
    assert ensemble.ok("authority.zhejiang", "GET", f"/v1/searches/{told['id']}") == told
