"""Run the fault tests and print the table into docs/explanation/faults.md: python scripts/faults.py [--fast]."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/explanation/faults.md"
HEAD = """# Faults

Made by `scripts/faults.py` from a run of `tests/integration/faults`{which}. Lost and doubled count alerts, incidents or effects.
Beside it: a worker killed by `kill -9` at every step of the story, in `tests/e2e/test_kill.py`; a code host whose answers are
lost, whose base moves and whose merges are refused, in `tests/integration/test_delivery_faults.py`. Not run here: a full disk, and a network
cut by namespaces; a killed PostgreSQL stands for both at the doors.

| fault | what is seen | recovery | lost | doubled |
| --- | --- | --- | --- | --- |
"""


def main() -> int:
    """The status of the tests; the page is only written where all of them passed."""
    fast = "--fast" in sys.argv
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "faults.jsonl"
        chosen = ["-m", "not slow"] if fast else []
        status = subprocess.run(
            [sys.executable, "-m", "pytest", *chosen, "--timeout", "600", "tests/integration/faults"],
            cwd=ROOT, env={**os.environ, "WATCHKEEPER_FAULTS": str(notes)}, check=False,
        ).returncode  # fmt: skip
        rows = [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []
    if status or not rows:
        return status or 1
    said = [
        f"| {r['fault']} | {r['seen'].replace('|', '/')} | {r['recovery']} | {r['lost']} | {r['doubled']} |"
        for r in sorted(rows, key=lambda r: r["fault"])
    ]
    PAGE.write_text(HEAD.format(which=" without its slow half" if fast else "") + "\n".join(said) + "\n")
    print("\n".join(said))
    return 0


if __name__ == "__main__":
    sys.exit(main())
