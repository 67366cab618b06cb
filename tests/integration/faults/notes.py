"""What a fault looked like and what came of it: one row of docs/explanation/faults.md (scripts/faults.py prints the page)."""

import json
import os
from pathlib import Path


def note(fault: str, seen: str, recovery: str, lost: int, doubled: int) -> None:
    """Kept only when scripts/faults.py asks for it."""
    if path := os.environ.get("WATCHKEEPER_FAULTS"):
        row = {"fault": fault, "seen": seen, "recovery": recovery, "lost": lost, "doubled": doubled}
        with Path(path).open("a", encoding="utf-8") as out:
            out.write(json.dumps(row) + "\n")
