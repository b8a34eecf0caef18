"""Make a valuation again from its inputs: `python -m api recompute FILE` (or `-`), the answer of `/inputs`.

Needs no database and no network. Exit 0: the digest is the one that was stored; 1: it differs; 2: unreadable.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from domain.errors import DomainError
from domain.valuation.answer import body_of
from domain.valuation.appraisal import recompute
from domain.valuation.inputs import inputs_of

DIFFERS = 1
USAGE = 2


def again(arguments: argparse.Namespace) -> int:
    """Print the valuation as it is now made, and say whether its digest is the stored one."""
    try:
        document = _read(arguments.file)
        told = document.get("inputs", document)
        appraisal = recompute(inputs_of(told))
    except (OSError, ValueError, TypeError, AttributeError, DomainError) as refusal:
        sys.stderr.write(f"python -m api recompute: {refusal}\n")
        return USAGE
    print(json.dumps(body_of(appraisal), ensure_ascii=False, indent=2))
    stored = document.get("digest")
    if stored is None:
        return 0
    same = stored == appraisal.digest
    verdict = "the same as stored" if same else f"not the stored {stored}"
    sys.stderr.write(f"{appraisal.digest} is {verdict}\n")
    return 0 if same else DIFFERS


def _read(file: str) -> Mapping[str, Any]:
    if file == "-":
        document = json.load(sys.stdin)
    else:
        with open(file, encoding="utf-8") as opened:  # noqa: PTH123 - a path that may also be `-`
            document = json.load(opened)
    if not isinstance(document, dict):
        message = "not a JSON object"
        raise TypeError(message)
    return document
