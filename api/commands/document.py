"""Write the OpenAPI document, or see that the committed one is what the routes say."""

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from litestar import Litestar

from api import wiring
from api.app import make_app
from api.openapi_document import document_yaml

COMMITTED = Path(__file__).resolve().parents[2] / "openapi" / "greenlien.yaml"


class _NoTokens:
    """Stands where tokens would be read; describing the routes reads none."""

    def public_keys(self) -> tuple[()]:
        """Return no keys: there are none."""
        return ()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - nothing is ever read
        raise AttributeError(name)


def described_app() -> Litestar:
    """Return the application only to be described: it opens nothing."""
    unopened: Any = nullcontext(None)
    no_tokens: Any = _NoTokens()
    return make_app(unopened, no_tokens, "https://issuer.example", clock=wiring.now, allow_bearer=False)


def write(arguments: argparse.Namespace) -> int:
    """Write the document, or with --check only compare."""
    fresh = document_yaml(described_app())
    if arguments.check:
        same = COMMITTED.exists() and COMMITTED.read_text(encoding="utf-8") == fresh
        if not same:
            sys.stderr.write("openapi/greenlien.yaml is not what the routes say: run `make openapi`\n")
        return 0 if same else 1
    COMMITTED.parent.mkdir(exist_ok=True)
    COMMITTED.write_text(fresh, encoding="utf-8")
    return 0
