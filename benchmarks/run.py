"""Every benchmark whose data is there. Exit status 1 where nothing ran.

python benchmarks/run.py DATA [--only diagnose]
"""

import json
import subprocess
import sys
from pathlib import Path

from watchkeeper.bench.diagnose import run
from watchkeeper.bench.templates import run as mine_templates

RESULTS = Path(__file__).parent / "results"


def diagnose(data: Path) -> list[dict[str, object]]:
    """Each set under rca/, scored by the data's own script."""
    out = []
    for folder in sorted(p for p in (data / "rca").glob("*") if any(p.glob("*/inject_time.txt"))):
        predictions, indicators = RESULTS / f"{folder.name}.json", RESULTS / f"{folder.name}-indicators.json"
        figures = run(folder, predictions=predictions, indicators=indicators)
        for path, flag in ((predictions, ""), (indicators, "--indicators")):
            command = [
                sys.executable,
                str(data / "rca/score.py"),
                "--labels",
                str(folder),
                str(path),
                *([flag] if flag else []),
            ]
            figures[f"score{flag}"] = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        print(json.dumps(figures, indent=1))
        out.append(figures)
    return out


def templates(data: Path) -> list[dict[str, object]]:
    """The samples under logs/, scored by the data's own script."""
    folder = data / "logs"
    if not any(folder.glob("*/truth.csv")):
        return []
    figures = mine_templates(folder, predictions=RESULTS / "templates")
    command = [sys.executable, str(folder / "score.py"), str(folder), str(RESULTS / "templates")]
    figures["score"] = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().splitlines()
    print(json.dumps(figures, indent=1))
    return [figures]


RUNS = {"diagnose": diagnose, "templates": templates}


def main(arguments: list[str]) -> int:
    """Runs all, or the one named."""
    data = Path(arguments[0])
    only = arguments[arguments.index("--only") + 1] if "--only" in arguments else ""
    RESULTS.mkdir(parents=True, exist_ok=True)
    results = {name: work(data) for name, work in RUNS.items() if only in ("", name)}
    (RESULTS / "bench.json").write_text(json.dumps(results, indent=1) + "\n")
    if not any(results.values()):
        print(f"nothing ran: {data} holds no data that {', '.join(RUNS)} can read (docs/how-to/benchmarks.md)")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
