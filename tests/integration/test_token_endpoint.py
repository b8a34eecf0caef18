"""The token endpoint over real HTTP: an assertion in, a token out, once; and RFC 6749's words for everything else."""

import http.client
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
import pytest

from api.permissions import PERMISSIONS, scopes_of
from api.routes.identity import ASSERTION_TYPE
from domain.ports.identity import ClientStatus
from domain.values.actors import Role
from domain.values.identifiers import Division, Uscc
from integrations.identity.keys import generate_key
from integrations.identity.tokens import sign_client_assertion
from tests.fakes.edge_app import ISSUER, EdgeApp, served
from tests.fakes.identity import a_client

KEY = generate_key()
OTHER_KEY = generate_key()
CLIENT = "bank-a.officer"


@pytest.fixture(scope="module")
def app() -> EdgeApp:
    app = EdgeApp()
    app.identity.clients.records = {
        CLIENT: a_client(KEY, CLIENT),
        "bank-a.former": a_client(KEY, "bank-a.former", status=ClientStatus.SUSPENDED),
        "authority.zhejiang": a_client(
            KEY, "authority.zhejiang", role=Role.AUTHORITY, division=Division("330000"), uscc=Uscc("91130200699229617X")
        ),
    }
    return app


@pytest.fixture(scope="module")
def base_url(app: EdgeApp) -> Iterator[str]:
    with served(app.litestar()) as url:
        yield url


def ask(base_url: str, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], Any]:
    parts = urlsplit(base_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        answered = {name.lower(): value for name, value in response.getheaders()}
        return response.status, answered, json.loads(response.read())
    finally:
        connection.close()


def assertion(client_id: str = CLIENT, *, issuer: str = ISSUER, at: datetime | None = None) -> str:
    return sign_client_assertion(KEY, client_id, issuer, at or datetime.now(UTC))


def form(**changes: str | None) -> dict[str, str]:
    fields = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion(),
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def token(base_url: str, fields: dict[str, str]) -> tuple[int, dict[str, str], Any]:
    body = urlencode(fields).encode()
    return ask(base_url, "POST", "/oauth/token", body, Content_Type="application/x-www-form-urlencoded")


def test_a_client_gets_a_token_of_five_minutes_for_its_role_and_it_opens_a_route(base_url: str) -> None:
    status, headers, reply = token(base_url, form())

    assert status == 200
    assert (headers["cache-control"], headers["pragma"]) == ("no-store", "no-cache")
    assert (reply["token_type"], reply["expires_in"]) == ("Bearer", 300)
    assert set(reply["scope"].split()) == scopes_of(Role.BANK_OFFICER)
    opened, _, _ = ask(base_url, "GET", "/v1/everything", Authorization=f"Bearer {reply['access_token']}")
    assert opened == 200


def test_the_token_says_tenant_role_and_place_and_verifies_with_the_published_keys(base_url: str) -> None:
    _, _, reply = token(base_url, form(client_assertion=assertion("authority.zhejiang")))
    _, _, keys = ask(base_url, "GET", "/.well-known/jwks.json")

    key = jwt.PyJWK(keys["keys"][0])
    claims = jwt.decode(reply["access_token"], key, ["ES256"], audience=ISSUER, issuer=ISSUER)

    assert jwt.get_unverified_header(reply["access_token"])["typ"] == "at+jwt"
    assert (claims["tenant"], claims["role"], claims["division"]) == ("bank-a", "authority", "330000")
    assert claims["exp"] - claims["iat"] == 300
    assert "d" not in keys["keys"][0]


def test_an_assertion_works_once(base_url: str) -> None:
    fields = form()

    assert token(base_url, fields)[0] == 200
    status, _, reply = token(base_url, fields)

    assert (status, reply["error"]) == (401, "invalid_client")


def test_a_client_may_ask_for_less_than_its_role_has(base_url: str) -> None:
    status, _, reply = token(base_url, form(scope="pledge:read right:read"))

    assert (status, reply["scope"]) == (200, "pledge:read right:read")


@pytest.mark.parametrize("scope", ["audit:read", "pledge:read pledge:confirm", "everything"])
def test_a_client_cannot_ask_for_more(scope: str, base_url: str) -> None:
    status, _, reply = token(base_url, form(scope=scope))

    assert (status, reply["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("garbage", lambda: {"client_assertion": "a.b.c"}),
        ("an unknown client", lambda: {"client_assertion": assertion("nobody")}),
        ("a suspended client", lambda: {"client_assertion": assertion("bank-a.former")}),
        ("another issuer", lambda: {"client_assertion": assertion(issuer="https://evil.example")}),
        ("the endpoint as audience", lambda: {"client_assertion": assertion(issuer=ISSUER + "/oauth/token")}),
        ("an old one", lambda: {"client_assertion": assertion(at=datetime.now(UTC) - timedelta(minutes=6))}),
        ("one from the future", lambda: {"client_assertion": assertion(at=datetime.now(UTC) + timedelta(hours=1))}),
        (
            "another key",
            lambda: {"client_assertion": sign_client_assertion(OTHER_KEY, CLIENT, ISSUER, datetime.now(UTC))},
        ),
        ("another client_id", lambda: {"client_id": "bank-b.officer"}),
    ],
)
def test_whatever_is_wrong_with_the_client_is_one_answer(
    name: str, changes: Callable[[], dict[str, str]], base_url: str
) -> None:
    status, headers, reply = token(base_url, form(**changes()))  # signed now: an assertion lives a minute

    assert (status, reply) == (
        401,
        {"error": "invalid_client", "error_description": "the client could not be authenticated"},
    )
    assert headers["cache-control"] == "no-store"
    assert "www-authenticate" in headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"client_assertion_type": None}, "invalid_request"),
        ({"client_assertion_type": "x"}, "invalid_request"),
        ({"client_assertion": None}, "invalid_request"),
        ({"client_assertion": ""}, "invalid_request"),
    ],
)
def test_a_form_that_asks_for_something_else_is_refused(
    changes: dict[str, str | None], error: str, base_url: str
) -> None:
    status, headers, reply = token(base_url, form(**changes))

    assert (status, reply["error"]) == (400, error)
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"grant_type",
        b"&&&&",
        b"\xff\xfe",
        b"%ff%fe=%ff",
        b"a=1&" * 100,
        b"grant_type=client_credentials&grant_type=client_credentials",
        b'{"grant_type":"client_credentials"}',
        b"=" * 20_000,
        b"%" * 20_000,
    ],
)
def test_a_form_that_cannot_be_read_is_refused_in_the_same_words(body: bytes, base_url: str) -> None:
    kind = "application/x-www-form-urlencoded"

    status, _, reply = ask(base_url, "POST", "/oauth/token", body, Content_Type=kind)

    assert (status, reply["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data"])
def test_another_kind_of_body_is_refused_in_the_same_words(kind: str, base_url: str) -> None:
    body = urlencode(form()).encode()

    status, _, reply = ask(base_url, "POST", "/oauth/token", body, Content_Type=kind)

    assert (status, reply["error"]) == (400, "invalid_request")


def test_a_huge_form_is_not_read(base_url: str) -> None:
    kind = "application/x-www-form-urlencoded"

    status, _, reply = ask(base_url, "POST", "/oauth/token", b"a=" + b"x" * 100_000, Content_Type=kind)

    assert (status, reply["code"]) == (413, "body_too_large")


def test_the_metadata_says_what_this_server_takes(base_url: str) -> None:
    _, _, metadata = ask(base_url, "GET", "/.well-known/oauth-authorization-server")

    assert metadata["issuer"] == ISSUER
    assert metadata["token_endpoint"] == ISSUER + "/oauth/token"
    assert metadata["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert metadata["token_endpoint_auth_signing_alg_values_supported"] == ["ES256"]
    assert metadata["scopes_supported"] == sorted(PERMISSIONS)
