"""Order signatures: good for one order, one body, one key and one minute; one bit anywhere else and it is none."""

import base64
import json
from datetime import timedelta
from typing import Any, Final

import jwt
import pytest
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey

from domain.ports.order_signatures import KIND, OrderSignatureInvalid, SignedOrder
from integrations.identity.keys import SigningKey
from integrations.identity.order_signatures import JoseOrderSignatures, new_order_id, sign_order
from tests.unit.forged_tokens import CLIENT_KEY, GONE, NOW, OTHER_KEY, changed, dumped, encoded, public_bytes, signature

BODY: Final = '{"reason":"claim_extinguished","说明":"还清"}'.encode()
TARGET: Final = "https://greenlien.example/v1/pledges/pledge_1/release"
HEADER: Final[dict[str, Any]] = {
    "alg": "ES256",
    "typ": KIND,
    "kid": CLIENT_KEY.key_id,
    "order_id": "ord_0123456789abcdef",
    "htm": "POST",
    "htu": TARGET,
    "iat": int(NOW.timestamp()),
}
ORDERS: Final = JoseOrderSignatures()


def signed(header: object = HEADER, body: bytes = BODY, key: SigningKey = CLIENT_KEY) -> str:
    head = encoded(dumped(header))
    return f"{head}..{encoded(signature(f'{head}.{encoded(body)}', key))}"


def verified(text: str, body: bytes = BODY) -> SignedOrder:
    order = ORDERS.verify(text, body, [OTHER_KEY.public_jwk, CLIENT_KEY.public_jwk])
    ORDERS.require_meant_for(order, "POST", TARGET, NOW)
    return order


def test_what_the_command_line_signs_the_server_reads() -> None:
    text = sign_order(CLIENT_KEY, BODY, method="POST", target=TARGET, now=NOW, order_id="ord_0123456789abcdef")

    order = verified(text)

    assert ORDERS.claimed(text) == order
    assert (order.order_id, order.method, order.target, order.key_id, order.signed_at, order.signature) == (
        "ord_0123456789abcdef",
        "POST",
        TARGET,
        CLIENT_KEY.key_id,
        NOW,
        text,
    )


def test_two_other_libraries_verify_what_we_sign() -> None:
    head, _, mark = sign_order(CLIENT_KEY, BODY, method="POST", target=TARGET, now=NOW).split(".")

    token = f"{head}.{encoded(BODY)}.{mark}"
    assert jwt.PyJWS().decode(token, public_bytes(CLIENT_KEY, "PEM"), ["ES256"]) == BODY
    key = ECKey.import_key(public_bytes(CLIENT_KEY, "PEM"))
    registry = joserfc_jws.JWSRegistry(strict_check_header=False)
    assert joserfc_jws.deserialize_compact(token, key, algorithms=["ES256"], registry=registry).payload == BODY


def test_what_another_tool_signs_in_the_same_form_is_good() -> None:
    assert verified(signed()).order_id == "ord_0123456789abcdef"


def test_an_order_without_a_body_is_signed_over_nothing() -> None:
    assert verified(signed(body=b""), b"").order_id == "ord_0123456789abcdef"


def test_each_order_gets_an_id_of_its_own() -> None:
    texts = {ORDERS.claimed(sign_order(CLIENT_KEY, BODY, method="POST", target=TARGET, now=NOW)).order_id for _ in "ab"}

    assert len(texts | {new_order_id()}) == 3


def test_one_bit_of_the_body_or_of_the_signature_and_nothing_is_signed() -> None:
    text = signed()
    for place in range(len(BODY) * 8):
        other = bytearray(BODY)
        other[place // 8] ^= 1 << place % 8
        with pytest.raises(OrderSignatureInvalid):
            verified(text, bytes(other))
    head, _, mark = text.split(".")
    for which, segment in enumerate((head, mark)):
        raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
        for place in range(len(raw)):
            other = bytearray(raw)
            other[place] ^= 1 << place % 8
            with pytest.raises(OrderSignatureInvalid):
                verified(f"{encoded(bytes(other))}..{mark}" if which == 0 else f"{head}..{encoded(bytes(other))}")


@pytest.mark.parametrize("seconds", [-10, 0, 60])
def test_a_signature_of_this_minute_is_accepted(seconds: int) -> None:
    ORDERS.require_meant_for(verified(signed()), "POST", TARGET, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-3600, -11, 61, 3600])
def test_a_signature_of_another_minute_is_refused(seconds: int) -> None:
    with pytest.raises(OrderSignatureInvalid):
        ORDERS.require_meant_for(verified(signed()), "POST", TARGET, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("PUT", TARGET),
        ("post", TARGET),
        ("POST", TARGET + "/approve"),
        ("POST", TARGET + "?x=1"),
        ("POST", TARGET.replace("https", "http")),
        ("POST", TARGET.replace("pledge_1", "pledge_2")),
    ],
)
def test_a_signature_for_another_request_is_refused(method: str, target: str) -> None:
    with pytest.raises(OrderSignatureInvalid):
        ORDERS.require_meant_for(ORDERS.claimed(signed()), method, target, NOW)


ODD: Final[dict[str, object]] = {
    **{f"{name} absent": changed(HEADER, **{name: GONE}) for name in HEADER},
    **{f"{name} null": changed(HEADER, **{name: None}) for name in HEADER},
    **{f"{name} a list": changed(HEADER, **{name: [HEADER[name]]}) for name in HEADER},
    "alg none": changed(HEADER, alg="none"),
    "alg HS256": changed(HEADER, alg="HS256"),
    "alg of another profile": changed(HEADER, alg="SM2SM3"),
    "typ of an access token": changed(HEADER, typ="at+jwt"),
    "typ of a proof": changed(HEADER, typ="dpop+jwt"),
    "b64 false": changed(HEADER, b64=False, crit=["b64"]),
    "a key in the header": changed(HEADER, jwk=OTHER_KEY.public_jwk),
    "an unknown kid": changed(HEADER, kid="nobody"),
    "a short order id": changed(HEADER, order_id="x" * 15),
    "a long order id": changed(HEADER, order_id="x" * 129),
    "an order id with a slash": changed(HEADER, order_id="../../0123456789abcdef"),
    "an order id with a line feed": changed(HEADER, order_id="0123456789abcdef\n"),
    "iat a float": changed(HEADER, iat=float(HEADER["iat"])),
    "iat a text": changed(HEADER, iat=str(HEADER["iat"])),
    "iat negative": changed(HEADER, iat=-1),
    "a duplicate order id": dumped(HEADER)[:-1] + b',"order_id":"ord_0123456789abcdee"}',
    "a header that is a list": [HEADER],
    "a long target": changed(HEADER, htu=TARGET + "x" * 640),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_header_is_refused_though_well_signed(name: str) -> None:
    with pytest.raises(OrderSignatureInvalid):
        verified(signed(ODD[name]))


@pytest.mark.parametrize(
    "text",
    ["", "..", "a..b", "x" * 9000, signed().replace("..", "."), signed() + "=", signed() + "\n", "é" + signed()],
)
def test_a_text_that_is_no_detached_signature_is_refused(text: str) -> None:
    with pytest.raises(OrderSignatureInvalid):
        verified(text)


def test_a_signature_that_carries_its_payload_is_not_detached() -> None:
    head, _, mark = signed().split(".")

    with pytest.raises(OrderSignatureInvalid):
        verified(f"{head}.{encoded(BODY)}.{mark}")


def test_another_clients_key_signs_nothing_here() -> None:
    with pytest.raises(OrderSignatureInvalid):
        verified(signed(key=OTHER_KEY))


def test_two_keys_of_one_id_sign_nothing() -> None:
    twice = [CLIENT_KEY.public_jwk, {**OTHER_KEY.public_jwk, "kid": CLIENT_KEY.key_id}]

    with pytest.raises(OrderSignatureInvalid):
        ORDERS.verify(signed(), BODY, twice)


def test_the_header_is_one_json_object_that_anybody_can_read() -> None:
    head = sign_order(CLIENT_KEY, BODY, method="POST", target=TARGET, now=NOW).split(".")[0]

    assert json.loads(base64.urlsafe_b64decode(head + "==")).keys() == HEADER.keys()
