"""Published methods on a folder of cases; runs in an environment of its own (requirements.txt), never in ours.

python rank.py SET_DIR OUT_DIR  ->  OUT_DIR/<method>.json as the data's scorer reads it, and OUT_DIR/figures.json

A method that raises, or that falls back to the unranked order of the columns, has not run on that case: it answers nothing.
Online methods get what they need and no more: normal data before the onset, suspect data from it on.
"""

import json
import random
import resource
import sys
import time
import types
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")

# The package imports its methods that need torch and causal-learn as well; the light ones do not use them.
for heavy in ("rcd", "mmrcd", "torai"):
    stand_in = types.ModuleType(f"RCAEval.e2e.{heavy}")
    setattr(stand_in, heavy, None)
    sys.modules[stand_in.__name__] = stand_in

from baro.root_cause_analysis import robust_scorer  # noqa: E402
from RCAEval.e2e import nsigma  # noqa: E402
from RCAEval.e2e.baro import mmbaro, mmnsigma  # noqa: E402
from RCAEval.e2e.microrank import microrank  # noqa: E402
from RCAEval.e2e.tracerca import tracerca  # noqa: E402


class Case:
    """One folder."""

    def __init__(self, folder):
        self.name = folder.name
        self.onset = float((folder / "inject_time.txt").read_text())
        table = pd.read_csv(folder / "metrics.csv.gz").ffill().bfill().fillna(0.0)
        # What users see at the entry is no service: to rank it would only cost the peers places.
        self.metrics = table[[c for c in table.columns if not c.startswith("entrypoint_")]]
        self.logs = pd.read_parquet(folder / "logs.parquet") if (folder / "logs.parquet").exists() else None
        self.spans = pd.read_parquet(folder / "traces.parquet") if (folder / "traces.parquet").exists() else None

    def trace_table(self):
        """As TraceRCA and MicroRank read it. Operations never seen before the onset are left out: both look them up."""
        s = self.spans
        table = pd.DataFrame(
            {
                "traceID": s["trace_id"], "spanID": s["trace_id"] + s["span_id"], "serviceName": s["service"],
                "parentSpanID": np.where(s["parent_span_id"] == "", None, s["trace_id"] + s["parent_span_id"]),
                "methodName": s["operation"], "operationName": s["operation"], "startTime": s["start_time_us"],
                "duration": s["duration_us"],
            }
        )  # fmt: skip
        before = table[table["startTime"] + table["duration"] < self.onset * 1e6]
        known = set(before["serviceName"] + before["methodName"])
        return table[(table["serviceName"] + table["methodName"]).isin(known)].copy()

    def series(self):
        """Metrics, lines and spans a second, for the multi-modal methods."""
        seconds = np.arange(int(self.metrics["time"].min()), int(self.metrics["time"].max()) + 1)
        metric = self.metrics.set_index("time").reindex(seconds, method="ffill").rename_axis("time").reset_index()

        def counted(frame, at, value=None):
            frame = frame.assign(time=(at // 15 * 15).astype(int))
            grouped = frame.groupby(["time", "service"])
            table = (grouped.size() if value is None else grouped[value].mean()).unstack(fill_value=0).fillna(0.0)
            return table.add_suffix("_log" if value is None else "_lat").reset_index()

        logts = metric[["time"]].iloc[::15].copy()
        if self.logs is not None:
            logts = counted(self.logs, self.logs["timestamp"] / 1e3)
        latency = (
            counted(self.spans, self.spans["start_time_us"] / 1e6, "duration_us") if self.spans is not None else None
        )
        return {"metric": metric, "logts": logts, "tracets_lat": latency, "tracets_err": latency}


def services(ranks):
    """Entries `<service>_<metric>` to services, each once."""
    return list(dict.fromkeys(str(r).rsplit("_", 1)[0] for r in ranks))


def run_random(case):
    names = sorted({c.rsplit("_", 1)[0] for c in case.metrics.columns if c != "time"})
    random.Random(case.name).shuffle(names)
    return names


def run_nsigma(case):
    return services(nsigma(case.metrics.copy(), case.onset)["ranks"])


def run_baro(case):
    return services(robust_scorer(case.metrics.copy(), inject_time=case.onset)["ranks"])


def run_mm(method):
    def run(case):
        if case.logs is None and case.spans is None:
            return None
        return services(method(case.series(), case.onset, dataset="re2-tt")["ranks"])

    return run


def run_trace(method):
    def run(case):
        if case.spans is None:
            return None
        return services(method(case.trace_table(), case.onset * 1e6)["ranks"])

    return run


METHODS = {
    "random": run_random, "nsigma": run_nsigma, "baro": run_baro, "mm-nsigma": run_mm(mmnsigma), "mm-baro": run_mm(mmbaro),
    "tracerca": run_trace(tracerca), "microrank": run_trace(microrank),
}  # fmt: skip


def main(folder, out):
    out.mkdir(parents=True, exist_ok=True)
    cases = [Case(p.parent) for p in sorted(folder.glob("*/inject_time.txt"))]
    figures = {}
    for name, method in METHODS.items():
        answers, seconds, failed = {}, [], {}
        for case in cases:
            began = time.monotonic()
            try:
                ranks = method(case)
            except Exception as error:  # a method of others may fail in any way
                failed[case.name] = f"{type(error).__name__}: {error}"[:120]
                continue
            if ranks is not None:
                seconds.append(time.monotonic() - began)
                answers[case.name] = ranks
        (out / f"{name}.json").write_text(json.dumps({c.name: answers.get(c.name, []) for c in cases}))
        median = round(float(np.median(seconds)), 3) if seconds else None
        figures[name] = {"ran": len(answers), "of": len(cases), "failed": failed, "median_seconds": median}
    figures["peak_memory_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    (out / "figures.json").write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
