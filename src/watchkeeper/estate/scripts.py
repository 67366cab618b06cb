"""Shell scripts for people: text to read and run by hand. Every word is quoted; nothing here is ever executed by us."""

import shlex
from collections.abc import Sequence

REFUSED = ("--kubeconfig", "--context", "--token", "--as", "--server", "--as-group", "--as-uid")
"""Flags that would point a command elsewhere or make it somebody else."""


def script(title: str, commands: Sequence[Sequence[str]]) -> str:
    """A script that stops at the first failure. Raises ValueError for a refused flag."""
    lines = [
        "#!/bin/sh",
        f"# {' '.join(title.split())}",
        "# Read it first. Watchkeeper has not run any of this.",
        "set -eu",
        "",
    ]
    for command in commands:
        bad = [w for w in command if w.split("=", 1)[0] in REFUSED]
        if bad:
            raise ValueError(f"refused in a command: {', '.join(bad)}")
        lines.append(shlex.join(command))
    return "\n".join(lines) + "\n"
