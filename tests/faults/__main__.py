"""Run one seed again and tell what it came to: `python -m tests.faults SEED [MUTANT]`."""

import sys
from contextlib import nullcontext

from tests.faults.mutants import planted
from tests.faults.run import run


def main() -> int:
    """Return 1 where a promise was broken."""
    seed, *mutant = sys.argv[1:]
    with planted(mutant[0]) if mutant else nullcontext():
        told = run(int(seed))
    sys.stdout.write(f"{told}\n{told.broken or 'every promise held'}\n")
    return 0 if told.broken is None else 1


if __name__ == "__main__":
    raise SystemExit(main())
