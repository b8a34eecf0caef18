"""Certificates: issued with the pledge, sealed once, verified by anybody who was given one, and by nobody else."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from api.__main__ import main
from api.jobs.certificates import seal
from domain.pledges.certificates import CertificateKind
from domain.use_cases import issue_certificate as issuing
from domain.values.actors import WORKER
from domain.values.canonical_json import canonical_json
from integrations.database.bootstrap import APP
from integrations.database.bootstrap import WORKER as WORKER_ROLE
from integrations.database.postmaster import SUPERUSER
from tests.builders import NOW
from tests.database_session import Database
from tests.fakes.edge_app import ISSUER
from tests.integration.business import Business, open_for_business
from tests.integration.certificate_scene import a_pledged_right, ask, sealed
from tests.pdf_text import embedded_fonts, text_of

OFFICER, APPROVER, HOLDER, AUTHORITY = "bank-a.officer", "bank-a.approver", "enterprise.shaoxing", "authority.zhejiang"
STRANGERS = ("bank-b.officer", "enterprise.huangshi")
PDF, HTML = {"Accept": "application/pdf"}, {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
NOT_SIGNED = {"jws", "digest", "verify_url", "sheet_sha256"}

Told = dict[str, Any]


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        yield opened


@pytest.fixture(scope="module")
def pledge(business: Business) -> str:
    """Return an active pledge whose certificate is sealed."""
    _, made = a_pledged_right(business)
    sealed(business)
    return made


@pytest.fixture(scope="module")
def certificate(business: Business, pledge: str) -> Told:
    """Return the pledge's certificate as the bank reads it."""
    told: Told = business.get(OFFICER, path_of(pledge))
    return told


@pytest.fixture(scope="module")
def jwks(business: Business, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the published keys, as somebody kept them."""
    kept = tmp_path_factory.mktemp("kept") / "jwks.json"
    kept.write_text(ask(business, None, "GET", "/.well-known/jwks.json").text, encoding="utf-8")
    return kept


def path_of(pledge: str) -> str:
    return f"/v1/pledges/{pledge}/certificate"


def public_path(certificate: Told) -> str:
    """Return the public address of a certificate, without the origin, which is not the test server's."""
    return str(certificate["verify_url"]).removeprefix(ISSUER)


def statement_of(certificate: Told) -> Told:
    return {name: value for name, value in certificate.items() if name not in NOT_SIGNED}


def released(business: Business, pledge: str) -> None:
    """Release a pledge, as both persons of the bank and the registry do."""
    business.act(OFFICER, pledge, "release", {"reason": "waived"}, 202)
    business.act(APPROVER, pledge, "release/approve", expected=202)
    business.work()
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "released"


def test_an_active_pledge_has_a_certificate_of_what_was_registered(
    business: Business, pledge: str, certificate: Told
) -> None:
    shown = business.get(OFFICER, f"/v1/pledges/{pledge}")

    assert (certificate["kind"], certificate["pledge_id"]) == ("registration", pledge)
    assert (certificate["pledgee"]["name"], certificate["pledgors"][0]["uscc"]) == ("甲银行", shown["pledgors"][0])
    assert certificate["items"][0]["quantity"] == shown["items"][0]["quantity"]
    assert certificate["registrations"][0]["reference"] == shown["registrations"][0]["reference"]
    assert certificate["secured"] == shown["secured"]
    assert [rank["rank"] for rank in certificate["ranks"]] == [1]


def test_every_party_reads_the_same_certificate(business: Business, pledge: str, certificate: Told) -> None:
    assert all(business.get(client, path_of(pledge)) == certificate for client in (HOLDER, AUTHORITY, APPROVER))


def test_there_is_none_before_the_pledge_is_active_nor_before_it_is_sealed(business: Business) -> None:
    draft = business.draft({business.verified(): "1"})
    _, waiting = a_pledged_right(business)

    for unissued in (draft, waiting):
        assert business.get(OFFICER, path_of(unissued), 404)["code"] == "not_found"
        assert business.get(OFFICER, path_of(unissued) + "s")["items"] == []
    assert len(sealed(business)) == 1
    assert business.get(OFFICER, path_of(waiting))["kind"] == "registration"


def test_the_sheet_says_the_same_in_chinese_with_its_font_embedded(
    business: Business, pledge: str, certificate: Told
) -> None:
    answer = ask(business, OFFICER, "GET", path_of(pledge), headers=PDF)
    text = text_of(answer.content)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert f'filename="{certificate["number"]}.pdf"' in answer.headers["content-disposition"]
    assert hashlib.sha256(answer.content).hexdigest() == certificate["sheet_sha256"]
    for said in ("排污权抵质押登记证明", "绍兴示例印染有限公司", certificate["number"], certificate["digest"]):
        assert said in text
    assert embedded_fonts(answer.content)


def test_another_library_verifies_the_signature_with_the_published_keys(
    business: Business, certificate: Told, jwks: Path
) -> None:
    keys = KeySet.import_key_set(json.loads(jwks.read_text(encoding="utf-8")))

    read = jws.deserialize_compact(certificate["jws"], keys, algorithms=["ES256"])

    assert read.payload == canonical_json(statement_of(certificate))
    assert hashlib.sha256(read.payload).hexdigest() == certificate["digest"]


def test_a_third_party_verifies_it_offline_whichever_answer_it_kept(
    business: Business, certificate: Told, jwks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = ask(business, None, "GET", public_path(certificate)).text
    for number, kept in enumerate((json.dumps(certificate), shown, certificate["jws"] + "\n")):
        file = tmp_path / f"{number}.json"
        file.write_text(kept, encoding="utf-8")
        assert main(["verify-certificate", str(file), "--jwks", str(jwks)]) == 0
        assert json.loads(capsys.readouterr().out) == statement_of(certificate)


@pytest.mark.parametrize("member", ["number", "issued_at", "items", "secured", "digest", "ranks"])
def test_a_kept_answer_in_which_one_thing_was_changed_is_refused_offline(
    certificate: Told, jwks: Path, tmp_path: Path, member: str
) -> None:
    file = tmp_path / "changed.json"
    file.write_text(json.dumps({**certificate, member: "changed"}), encoding="utf-8")

    assert main(["verify-certificate", str(file), "--jwks", str(jwks)]) == 1


def test_offline_nothing_is_verified_with_keys_of_others_or_by_files_of_noise(
    business: Business, certificate: Told, jwks: Path, tmp_path: Path
) -> None:
    file, others = tmp_path / "kept", tmp_path / "others"
    file.write_text(certificate["jws"], encoding="utf-8")
    others.write_text('{"keys": []}', encoding="utf-8")
    assert main(["verify-certificate", str(file), "--jwks", str(others)]) == 1
    token = tmp_path / "token"
    token.write_text(business.authorization(OFFICER).removeprefix("Bearer "), encoding="utf-8")
    assert main(["verify-certificate", str(token), "--jwks", str(jwks)]) == 1
    for noise in ("{", '{"jws": 1}', "[]"):
        others.write_text(noise, encoding="utf-8")
        assert main(["verify-certificate", str(file), "--jwks", str(others)]) == 2
    assert main(["verify-certificate", str(tmp_path / "absent"), "--jwks", str(jwks)]) == 2


def test_a_certificate_is_no_access_token(business: Business, certificate: Told) -> None:
    headers = {"Authorization": f"Bearer {certificate['jws']}"}

    assert ask(business, None, "GET", "/v1/rights", headers=headers).status_code == 401


def test_whoever_holds_the_certificate_verifies_it_without_a_login(business: Business, certificate: Told) -> None:
    answer = ask(business, None, "GET", public_path(certificate))

    assert answer.status_code == 200
    assert answer.json() == {
        "statement": statement_of(certificate),
        "digest": certificate["digest"],
        "jws": certificate["jws"],
    }


def test_a_browser_gets_a_page_without_a_script(business: Business, certificate: Told) -> None:
    answer = ask(business, None, "GET", public_path(certificate), headers=HTML)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert certificate["number"] in answer.text
    assert certificate["digest"] in answer.text
    assert "<script" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")


@pytest.mark.parametrize("accept", [{}, HTML])
def test_everything_that_is_not_known_is_answered_alike(
    business: Business, certificate: Told, accept: dict[str, str]
) -> None:
    number, proof = certificate["number"], certificate["digest"]
    _, unsealed = a_pledged_right(business)
    [(waiting, digest)] = business.sql("select number, digest from certificates where pledge_id = %s", unsealed)
    paths = [
        f"/verify/{number}",
        f"/verify/{number}?d=",
        f"/verify/{number}?d={proof[:15]}",
        f"/verify/{number}?d={proof[:31]}{'0' if proof[31] != '0' else '1'}",
        f"/verify/{number}?d={proof}0",
        f"/verify/{number}?d={proof.upper()}",
        f"/verify/{number}?d=%25%25%25%25%25%25%25%25%25%25%25%25%25%25%25%25",
        f"/verify/{number}?d=________________",
        f"/verify/GLC2026-0000-0000-0000?d={proof}",
        f"/verify/{number.lower()}?d={proof}",
        f"/verify/nothing?d={proof}",
        f"/verify/{waiting}?d={digest}",
    ]
    told = set()
    for path in paths:
        answer = ask(business, None, "GET", path, headers=accept)
        told.add((answer.status_code, answer.text.replace(answer.headers["x-request-id"], "")))
    assert len(told) == 1
    assert {status for status, _ in told} == {404}
    sealed(business)


def test_what_is_another_s_is_answered_as_what_is_not_there(business: Business, pledge: str) -> None:
    absent = "pledge_" + "0" * 32
    for stranger in STRANGERS:
        for path in (path_of(pledge), path_of(pledge) + "s"):
            foreign = business.get(stranger, path, 404)
            nothing = business.get(stranger, path.replace(pledge, absent), 404)
            assert {**foreign, "request_id": ""} == {**nothing, "request_id": ""}


def test_a_number_is_only_looked_for_among_the_pledge_s_own(business: Business, pledge: str, certificate: Told) -> None:
    _, other = a_pledged_right(business)
    sealed(business)
    number = certificate["number"]

    assert business.get(OFFICER, f"{path_of(pledge)}?number={number}") == certificate
    assert business.get(OFFICER, f"{path_of(other)}?number={number}", 404)["code"] == "not_found"


def test_a_release_has_a_certificate_of_its_own_and_the_first_stays_as_it_was(business: Business) -> None:
    _, made = a_pledged_right(business)
    sealed(business)
    first = business.get(OFFICER, path_of(made))
    released(business, made)
    sealed(business)
    newest = business.get(OFFICER, path_of(made))

    assert (newest["kind"], newest["release_reason"]) == ("release", "waived")
    assert [entry["status"] for entry in newest["registrations"]] == ["discharged"]
    assert [rank["rank"] for rank in newest["ranks"]] == [None]
    assert business.get(OFFICER, f"{path_of(made)}?number={first['number']}") == first
    assert [each["kind"] for each in business.get(HOLDER, path_of(made) + "s")["items"]] == ["registration", "release"]
    assert ask(business, None, "GET", public_path(first)).json()["statement"] == statement_of(first)


def test_a_second_pledge_on_a_right_ranks_behind_the_first_by_the_register_s_time(business: Business) -> None:
    right = business.verified()
    pledges = [business.active({right: "5"}, [business.loan("9000.00")], "9000.00") for _ in range(2)]
    sealed(business)
    ranks = [business.get(OFFICER, path_of(made))["ranks"][0]["rank"] for made in pledges]

    assert ranks in ([1, 2], [1, 1])  # the fake registry's clock stands still, and the same time is the same rank


def test_sealing_twice_seals_once(business: Business) -> None:
    _, made = a_pledged_right(business)
    [(number,)] = business.sql("select number from certificates where pledge_id = %s", made)

    async def twice() -> None:
        async with business.worker_house() as house:
            await asyncio.gather(seal(house, number), seal(house, number))
            await seal(house, number)

    asyncio.run(twice())

    entries = business.get(OFFICER, f"/v1/pledges/{made}/history")["items"]
    assert [entry["action"] for entry in entries].count("certificate.sealed") == 1
    assert [entry["action"] for entry in entries].count("certificate.issued") == 1


@pytest.mark.parametrize(
    "change", ["digest = 'x'", "statement = '{}'", "issued_at = now()", "number = 'x'", "jws = 'x'", "sheet = 'x'"]
)
@pytest.mark.parametrize("role", [APP, WORKER_ROLE, SUPERUSER])
def test_nobody_changes_a_sealed_certificate(business: Business, pledge: str, role: str, change: str) -> None:
    refused = (psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException)
    with psycopg.connect(business.database.libpq(role)) as connection:
        connection.execute("select set_config('greenlien.tenant', 'bank-a', true)")
        with pytest.raises(refused):
            connection.execute(f"update certificates set {change} where pledge_id = %s", [pledge])


def test_a_number_that_is_taken_is_drawn_again(
    business: Business, pledge: str, certificate: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter([certificate["number"], certificate["number"], "GLC2026-ABCD-EFGH-JKMN"])
    monkeypatch.setattr("domain.pledges.certificates.new_number", lambda *_: next(drawn))

    assert asyncio.run(_issued(business, pledge, ["amendment:1"])) == ["GLC2026-ABCD-EFGH-JKMN"]
    sealed(business)


def test_of_many_who_issue_at_once_for_one_occasion_all_name_the_same_certificate(
    business: Business, pledge: str
) -> None:
    numbers = asyncio.run(_issued(business, pledge, ["amendment:same"] * 8))

    assert len(set(numbers)) == 1
    assert business.sql("select count(*) from certificates where occasion = 'amendment:same'") == [(1,)]
    sealed(business)


def test_of_many_that_are_issued_at_once_no_two_have_the_same_number(
    business: Business, pledge: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = [f"GLC2026-0000-0000-{number:04}" for number in range(12)]
    drawn = iter([number for number in pool for _ in range(8)])
    monkeypatch.setattr("domain.pledges.certificates.new_number", lambda *_: next(drawn))
    monkeypatch.setattr(issuing, "DRAWS_MAX", 90)

    numbers = asyncio.run(_issued(business, pledge, [f"amendment:many-{number}" for number in range(8)]))

    assert len(set(numbers)) == 8
    sealed(business)


async def _issued(business: Business, pledge_id: str, occasions: list[str]) -> list[str]:
    """Issue a certificate for each occasion, all at once, each in a transaction of its own; return the numbers."""
    async with business.worker_house() as house:

        async def issue(occasion: str) -> str:
            async with house.open(None) as uow:
                pledge = await uow.pledges.find(pledge_id)
                assert pledge is not None
                kind = CertificateKind.AMENDMENT
                issued = await issuing.issue_certificate(uow, WORKER, pledge, kind, occasion, NOW)
                await uow.commit()
                return issued.number

        return list(await asyncio.gather(*(issue(occasion) for occasion in occasions)))
