"""Draw the pledge's states from the table that is their law."""

import argparse
import sys

from domain.pledges.lifecycle import TERMINAL, TRANSITIONS, State, Workflow


def diagram() -> str:
    """Return a Mermaid state diagram; an edge of one workflow only bears its name."""
    edges: dict[tuple[State, str, State], list[Workflow]] = {}
    for workflow, table in TRANSITIONS.items():
        for (state, event), target in table.items():
            edges.setdefault((state, event.value, target), []).append(workflow)
    order = list(State)
    lines = ["stateDiagram-v2", f"    [*] --> {State.DRAFT.value}"]
    drawn = sorted(edges.items(), key=lambda edge: (order.index(edge[0][0]), edge[0][1], edge[0][2]))
    for (state, name, target), workflows in drawn:
        only = "" if len(workflows) == len(Workflow) else f" ({workflows[0].value})"
        lines.append(f"    {state.value} --> {target.value}: {name}{only}")
    lines.extend(f"    {state.value} --> [*]" for state in order if state in TERMINAL)
    return "\n".join(lines)


def draw(_: argparse.Namespace) -> int:
    """Print the diagram."""
    sys.stdout.write(diagram() + "\n")
    return 0
