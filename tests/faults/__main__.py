"""Run one seed again and tell what it came to: `python -m tests.faults SEED [COMMANDS [MUTANT]]`."""

import sys
from contextlib import nullcontext

from tests.faults.mutants import planted
from tests.faults.run import COMMANDS, run


def main() -> int:
    """Return 1 where a promise was broken."""
    seed, *more = sys.argv[1:]
    commands = int(more[0]) if more else COMMANDS
    with planted(more[1]) if more[1:] else nullcontext():
        told = run(int(seed), commands)
    sys.stdout.write(f"{told}\n{told.broken or 'every promise held'}\n")
    return 0 if told.broken is None else 1


if __name__ == "__main__":
    raise SystemExit(main())
