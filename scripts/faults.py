"""Run the fault tests and print the table into docs/explanation/faults.md.

python scripts/faults.py [--fast | --from NOTES]: NOTES are rows that runs with WATCHKEEPER_FAULTS=NOTES left; the last of a fault counts.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = ("tests/integration/faults", "tests/integration/test_delivery_faults.py")
PAGE = ROOT / "docs/explanation/faults.md"
HEAD = """# Faults

Made by `scripts/faults.py` from a run of `tests/integration/faults`{which}. Lost and doubled count alerts, incidents or effects.
Beside it: a worker killed by `kill -9` at every step of the story, in `tests/e2e/test_kill.py`; a code host whose answers are
lost, whose base moves and whose merges are refused, in `tests/integration/test_delivery_faults.py`. The disks and the networks of these
tests are a small tmpfs and network namespaces, which need root on Linux; without it those rows are missing.

What keeps things whole: a delivery is answered with 202 only after its alerts are committed; an incident is moved only by whoever
still holds the version it read; branches and pull requests are named by the digest of the plan; a connection on which nothing comes
back for 20 seconds counts as dead on both ends, so that nothing held by a lost process stays held.

| fault | what is seen | recovery | lost | doubled |
| --- | --- | --- | --- | --- |
"""


def main() -> int:
    """The status of the tests; the page is only written where all of them passed."""
    if "--from" in sys.argv:
        return written(read(Path(sys.argv[sys.argv.index("--from") + 1])), "")
    fast = "--fast" in sys.argv
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "faults.jsonl"
        chosen = ["-m", "not slow"] if fast else []
        status = subprocess.run(
            [sys.executable, "-m", "pytest", *chosen, "--timeout", "1200", *TESTS],
            cwd=ROOT, env={**os.environ, "WATCHKEEPER_FAULTS": str(notes)}, check=False,
        ).returncode  # fmt: skip
        rows = read(notes)
    if status or not rows:
        return status or 1
    return written(rows, " without its slow half" if fast else "")


def read(notes: Path) -> dict[str, dict[str, str]]:
    """fault -> its newest row."""
    lines = notes.read_text().splitlines() if notes.exists() else []
    return {row["fault"]: row for row in map(json.loads, lines)}


def written(rows: dict[str, dict[str, str]], which: str) -> int:
    """The page, and the same on the terminal."""
    said = [
        f"| {r['fault']} | {r['seen'].replace('|', '/')} | {r['recovery']} | {r['lost']} | {r['doubled']} |"
        for _, r in sorted(rows.items())
    ]
    PAGE.write_text(HEAD.format(which=which) + "\n".join(said) + "\n")
    print("\n".join(said))
    return 0


if __name__ == "__main__":
    sys.exit(main())
