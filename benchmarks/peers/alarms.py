"""What people use today, on the same series: alarms in the form of the data's scorer. Runs in the peers' environment.

python alarms.py SET_DIR OUT_DIR   (a set whose meta has a threshold is one to predict)
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import IsolationForest


def three_sigma(hours):
    """`abs(x - avg_over_time(x[w])) > 3 * stddev_over_time(x[w])`."""

    def run(times, values, interval, start):
        window = pd.Series(values).rolling(max(int(hours * 3600 / interval), 5), min_periods=5)
        mean, spread = window.mean().shift(1), window.std().shift(1)
        return (np.abs(values - mean) > 3 * spread).to_numpy()

    return run


def ewma(times, values, interval, start):
    """Distance from an exponential mean beyond three exponential deviations."""
    series = pd.Series(values)
    mean = series.ewm(alpha=0.05).mean().shift(1)
    spread = np.sqrt(((series - mean) ** 2).ewm(alpha=0.05).mean().shift(1))
    return (np.abs(series - mean) > 3 * spread).to_numpy()


def isolation_forest(times, values, interval, start):
    """One a series on value, difference and hour of day, trained before the scored part, contamination 0.02."""
    filled = pd.Series(values).ffill().fillna(0.0).to_numpy()
    table = np.stack([filled, np.diff(filled, prepend=filled[:1]), (times % 86400) / 3600.0], axis=1)
    early = times < start
    if early.sum() < 50:
        return np.zeros(len(values), bool)
    forest = IsolationForest(contamination=0.02, random_state=1, n_estimators=100).fit(table[early][-20_000:])
    return np.r_[np.zeros(early.sum(), bool), forest.predict(table[~early]) == -1]


def predict_linear(times, values, threshold):
    """`predict_linear(x[1h], 3600) > threshold`."""
    n, width = len(values), 60
    flags = np.zeros(n, bool)
    place = np.arange(width) - (width - 1)
    for end in range(width, n + 1):
        y = values[end - width : end]
        slope = ((place - place.mean()) * (y - y.mean())).sum() / ((place - place.mean()) ** 2).sum()
        flags[end - 1] = y.mean() + slope * (60 - place.mean()) > threshold
    return flags


DETECT = {
    "3 sigma 1 h": three_sigma(1),
    "3 sigma 1 d": three_sigma(24),
    "EWMA 3 sigma": ewma,
    "isolation forest": isolation_forest,
}


def main(folder, out):
    out.mkdir(parents=True, exist_ok=True)
    meta, samples = pd.read_parquet(folder / "meta.parquet"), pd.read_parquet(folder / "series.parquet")
    by_series = dict(list(samples.groupby("series", observed=True)))
    to_predict = "threshold" in meta.columns
    for name, method in ({"predict_linear 1 h": None} if to_predict else DETECT).items():
        began, rows = time.monotonic(), []
        for row in meta.itertuples():
            one = by_series[row.series]
            times, values = one["t"].to_numpy(), one["value"].to_numpy(float)
            if to_predict:
                flags = predict_linear(times, values, row.threshold)
            else:
                flags = method(times, values, row.interval_s, row.score_from)
            rows.append(pd.DataFrame({"series": row.series, "t": times[flags]}))
        pd.concat(rows).to_parquet(out / f"{name}.parquet")
        print(f"{name}: {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
