"""Every benchmark whose data is there. Exit status 1 where nothing ran.

python benchmarks/run.py DATA [--only diagnose]
"""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import calibration
import polars as pl

from watchkeeper.bench._asked import Asked
from watchkeeper.bench.detect import run as spot
from watchkeeper.bench.diagnose import run
from watchkeeper.bench.predict import run as foresee
from watchkeeper.bench.scale import run as grow
from watchkeeper.bench.scan import run as scan
from watchkeeper.bench.templates import run as mine_templates
from watchkeeper.bench.worlds import run as play_worlds

RESULTS = Path(__file__).parent / "results"
PEERS = Path(__file__).parent / "peers"


def diagnose(data: Path) -> list[dict[str, object]]:
    """Each set under rca/, scored by the data's own script."""
    out = []
    for folder in sorted(p for p in (data / "rca").glob("*") if any(p.glob("*/inject_time.txt"))):
        predictions, indicators = RESULTS / f"{folder.name}.json", RESULTS / f"{folder.name}-indicators.json"
        whole = RESULTS / f"{folder.name}-figures.json"
        figures = run(Asked(folder, predictions, indicators, json_out=whole))
        figures["score"] = scored(data, folder, predictions)
        figures["score of indicators"] = scored(data, folder, indicators, "--indicators")
        print(json.dumps(figures, indent=1))
        out.append(figures)
    return out


def calibrated(data: Path) -> list[dict[str, object]]:
    """Reliability of the confidence, each set judged by a curve fitted without it. Uses what `diagnose` wrote."""
    claims, left_open = [], []
    for file in sorted(RESULTS.glob("*-figures.json")):
        found, open_cases = calibration.claims_of(
            data / "rca" / file.name.removesuffix("-figures.json"), json.loads(file.read_text())
        )
        claims += found
        left_open += open_cases
    if not claims:
        return []
    base, slope = calibration.fit(claims)
    figures = {
        "benchmark": "calibration", "base": round(base, 2), "slope": round(slope, 2),
        "leave_one_set_out": calibration.table(calibration.left_out(claims)),
        "as_shipped": calibration.table([(c.confidence, c.right) for c in claims]),
        "abstentions": left_open,
        "missed": [c.case for c in claims if not c.right],
    }  # fmt: skip
    print(json.dumps(figures, indent=1))
    return [figures]


def templates(data: Path) -> list[dict[str, object]]:
    """The samples under logs/, scored by the data's own script."""
    folder = data / "logs"
    if not any(folder.glob("*/truth.csv")):
        return []
    figures = mine_templates(Asked(folder, RESULTS / "templates"))
    command = [sys.executable, str(folder / "score.py"), str(folder), str(RESULTS / "templates")]
    figures["score"] = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().splitlines()
    print(json.dumps(figures, indent=1))
    return [figures]


def peers(data: Path) -> list[dict[str, object]]:
    """Published methods on the same cases, in an environment of their own that is made on first use."""
    folders = [p for p in sorted((data / "rca").glob("*")) if any(p.glob("*/inject_time.txt"))]
    if not folders:
        return []
    out = []
    for folder in folders:
        answers = RESULTS / "peers" / folder.name
        subprocess.run([peers_python(), PEERS / "rank.py", folder, answers], check=True, capture_output=True)
        figures = json.loads((answers / "figures.json").read_text())
        for name, figure in figures.items():
            if isinstance(figure, dict) and figure["ran"]:
                figure["score"] = scored(data, folder, answers / f"{name}.json")
        print(json.dumps({folder.name: figures}, indent=1))
        out.append({"set": folder.name, **figures})
    return out


def scored(data: Path, folder: Path, answers: Path, *flags: str) -> str:
    """The last line of the data's own scorer: all cases together."""
    command = [sys.executable, str(data / "rca/score.py"), "--labels", str(folder), str(answers), *flags]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return said.splitlines()[-1].removeprefix("all").strip()


def alarms(data: Path) -> list[dict[str, object]]:
    """Detection and prediction on every set under anomaly/, beside what people use today, scored by the data's own script."""
    out = []
    for folder in sorted(p.parent for p in (data / "anomaly").glob("*/meta.parquet")):
        columns = pl.read_parquet_schema(folder / "meta.parquet")
        to_predict, several = "threshold" in columns, "value" not in pl.read_parquet_schema(folder / "series.parquet")
        answers = RESULTS / "alarms" / folder.name
        work = foresee if to_predict else spot
        figures = work(Asked(folder, answers / "watchkeeper.parquet", ranges=answers / "ranges.parquet"))
        if not several:
            subprocess.run([peers_python(), PEERS / "alarms.py", folder, answers], check=True, capture_output=True)
        flags = ["--task", "predict"] if to_predict else ["--nab"] if folder.name == "nab" else []
        scores = {}
        for file in sorted(answers.glob("*.parquet")):
            if file.stem != "ranges":
                command = [peers_python(), data / "anomaly/score.py", "--data", folder, "--alarms", file, *flags]
                scores[file.stem] = json.loads(
                    subprocess.run(command, check=True, capture_output=True, text=True).stdout
                )
        print(json.dumps({**figures, "scores": scores}, indent=1))
        out.append({**figures, "scores": scores})
    return out


def peers_python() -> Path:
    """The interpreter of the peers' environment, made on first use."""
    python = PEERS / ".venv/bin/python"
    if not python.exists():
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, PEERS / ".venv"], check=True)
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--python", python, "-r", PEERS / "requirements.txt"], check=True
        )
    return python


def speed(data: Path) -> list[dict[str, object]]:
    """Points a second of the detector; needs no data."""
    figures = scan(Asked())
    print(json.dumps(figures, indent=1))
    return [figures]


def worlds(data: Path) -> list[dict[str, object]]:
    """Every scenario of the simulated world by ten seeds; needs no data."""
    figures = play_worlds(Asked(predictions=RESULTS / "worlds.json"))
    print(json.dumps(figures, indent=1))
    return [figures]


def growth(data: Path) -> list[dict[str, object]]:
    """Seconds and memory by size; needs no data."""
    figures = grow(Asked(json_out=RESULTS / "scale.json"))
    print(json.dumps(figures, indent=1))
    return [figures]


def simple(name: str, folder: str = "", scorer: tuple[str, ...] = ()) -> Callable[[Path], list[dict[str, object]]]:
    """A benchmark that makes its own data, or reads one folder; `scorer` is the data's own script with what it wants before the answers."""

    def work(data: Path) -> list[dict[str, object]]:
        where = data / folder if folder else None
        if where is not None and not where.is_dir():
            return []
        answers = RESULTS / f"{name}.jsonl"
        figures = import_module(f"watchkeeper.bench.{name}").run(Asked(where, answers if scorer else None))
        if scorer and where is not None:
            command = [peers_python(), where / scorer[0], *(where / s for s in scorer[1:]), answers]
            figures["score"] = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        print(json.dumps(figures, indent=1, default=str))
        return [figures]

    return work


RUNS = {
    "diagnose": diagnose,
    "calibration": calibrated,
    "peers": peers,
    "templates": templates,
    "alarms": alarms,
    "scan": speed,
    "worlds": worlds,
    "scale": growth,
    "correlate": simple("correlate", "rca"),
    "intake": simple("intake"),
    "rush": simple("rush"),
    "search": simple("search", "logs", ("score_search.py", "")),
    "pipelines": simple("pipelines", "ci", ("score.py", "")),
    "fleet": simple("fleet"),
    "band": simple("band"),
    "recall": simple("recall"),
    "questions": simple("questions"),
    "analyst": simple("analyst"),
    "console": simple("console"),
    "footprint": simple("footprint"),
}


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
