"""Thumbprints: the one name of a public key, whoever registered it and whatever key id it goes by.

Source: RFC 7638 section 3 (the required members in lexicographic order, no white space, SHA-256).

>>> thumbprint_of({"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "B" * 43, "kid": "any", "use": "sig"})[:12]
'3X7yJP6IymVJ'
"""

import base64
import hashlib
import json
from collections.abc import Mapping


def thumbprint_of(key: Mapping[str, object]) -> str:
    """Return the thumbprint of a public key on a curve; raises KeyError where it is none."""
    required = {name: key[name] for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(required, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode("ascii")
