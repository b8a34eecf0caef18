"""Certificates of clients, as a proxy that ends their TLS tells them.

The subtle thing is whom to believe. Anybody can send a header, so a certificate counts only beside the secret that the
one trusted proxy shares with us, and without such a secret there is no mutual TLS here at all. The proxy verifies the
handshake and must drop both headers where a client sends them.

Source: RFC 9440 section 2.2 (`Client-Cert`), RFC 8705 section 3.1 (`x5t#S256`: SHA-256 of the DER).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

CERTIFICATE: Final = b"client-cert"
SECRET: Final = b"greenlien-proxy-secret"
CERTIFICATE_BYTES_MAX: Final = 16 << 10
SECRET_BYTES_MIN: Final = 32


class ClientCertificates:
    """Reads which certificate a connection came with."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes | None) -> None:
        """Take the proxy's secret, none where no proxy is trusted.

        Raises:
            ValueError: it is shorter than 32 bytes.
        """
        if secret is not None and len(secret) < SECRET_BYTES_MIN:
            raise ValueError("the proxy's secret has fewer than 32 bytes")
        self._secret = secret

    @property
    def trusted(self) -> bool:
        """Tell whether there is a proxy to believe."""
        return self._secret is not None

    def presented(self, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """Return the certificate's thumbprint; none where none came, or from somebody who is not the proxy."""
        if self._secret is None:
            return None
        told = [(name, value) for name, value in headers if name in {CERTIFICATE, SECRET}]
        by_name = dict(told)
        if len(told) != 2 or len(by_name) != 2:  # noqa: PLR2004 - each exactly once
            return None
        if not hmac.compare_digest(by_name[SECRET], self._secret):
            return None
        return _thumbprint(by_name[CERTIFICATE])


def _thumbprint(header: bytes) -> str | None:
    """Return the thumbprint of a certificate in a byte sequence of structured fields, `:base64:`."""
    if len(header) > CERTIFICATE_BYTES_MAX or header[:1] != b":" or header[-1:] != b":":
        return None
    try:
        der = base64.b64decode(header[1:-1], validate=True)
    except (ValueError, binascii.Error):
        return None
    if not der:
        return None
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode("ascii")
