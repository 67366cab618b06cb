"""Normal life of a fleet, made up from a seed: days and weeks, releases, batch jobs, restarts, gaps; and faults to put in it.

Twelve metrics a service, one sample a minute, NaN where a scrape failed. Nothing here is fitted to the detector: the numbers
are what such services do, and they are drawn anew for each seed.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

METRICS = (
    "workload", "error-rate", "latency-50", "latency-95", "client-latency-95", "client-error-rate",
    "cpu", "cpu-throttled", "mem-rate", "pool-rate", "queue", "restarts",
)  # fmt: skip
MINUTES = 1440
KINDS = ("errors", "slow", "saturated", "leak", "traffic_lost", "pool_exhausted")
START = 1_767_571_200.0
"""A Monday, midnight UTC."""

Floats = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What was put in. Minutes since the start; `impact`: when users feel it (later than `begin` for leaks)."""

    service: int
    kind: str
    begin: int
    impact: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Life:
    """values[minute, service, metric]; calls are (caller, callee)."""

    values: Floats
    calls: tuple[tuple[int, int], ...]
    traffic: Floats
    """requests a second of each service, on average"""
    faults: tuple[Fault, ...] = ()

    @property
    def times(self) -> Floats:
        """Unix seconds of each minute."""
        return START + 60.0 * np.arange(len(self.values))


def lived(seed: int, services: int = 40, days: int = 14, faults: int = 0, quiet_days: int = 4) -> Life:
    """One fleet. Faults begin after the quiet days, one service at a time."""
    dice = np.random.default_rng(seed)
    n = days * MINUTES
    calls = tuple((int(dice.integers(0, s)), s) for s in range(1, services))
    average = np.exp(dice.normal(np.log(15), 1.3, services))
    planned = _faults(np.random.default_rng(seed + 1000), average, n, faults, quiet_days)
    values = np.stack(
        [_service(dice, n, average[s], [f for f in planned if f.service == s]) for s in range(services)], 1
    )
    _propagate(values, calls, planned)
    _gaps(dice, values)
    return Life(values, calls, average, tuple(planned))


def _faults(dice: np.random.Generator, average: Floats, n: int, count: int, quiet_days: int) -> list[Fault]:
    busy = np.flatnonzero(average > 2.0)
    out: list[Fault] = []
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        room = (n - quiet_days * MINUTES) // count
        begin = quiet_days * MINUTES + number * room + int(dice.integers(0, max(room // 2, 1)))
        last = int(dice.integers(40, 120))
        lead = int(dice.integers(150, 400)) if kind == "leak" else 0
        out.append(
            Fault(int(dice.choice(busy)), kind, begin, min(begin + lead, n - 1), min(begin + lead + last, n - 1))
        )
    return out


def _service(dice: np.random.Generator, n: int, average: float, faults: list[Fault]) -> Floats:
    minute = np.arange(n)
    rps = average * _load(dice, minute)
    busy = rps / (average * 2.2)
    batch, weekly = _batches(dice, minute)
    slower, dearer, fatter = _releases(dice, n)
    wobble = 1 + 0.04 * _red(dice, n, 40)
    latency = dice.uniform(0.01, 0.25) * (1 + 0.35 * busy**2 + 0.15 * batch + 0.25 * weekly) * slower * wobble
    errors = np.full(n, dice.uniform(0.02, 0.4))
    cpu = dice.uniform(80, 900) * (0.25 + busy + 0.5 * batch + 0.4 * weekly) * dearer
    memory, restarts = _memory(dice, n, fatter)
    pool = dice.uniform(15, 35) * (0.3 + busy) * (1 + 0.2 * batch) * slower
    queue = dice.uniform(0, 40) * (0.2 + busy) + dice.uniform(50, 2000) * batch * (dice.random() < 0.5)
    calls, failed = latency * dice.uniform(0.3, 0.7), errors * dice.uniform(0.2, 0.8)
    throttled = np.clip(8 * (busy - 0.7), 0, None) + 2 * batch
    restarts[np.cumsum(dice.exponential(5 * MINUTES, 20)).astype(int).clip(0, n - 1)] += 1
    for fault in faults:
        _break(dice, fault, rps, latency, errors, cpu, memory, pool, queue, throttled, restarts)
    return _measured(dice, rps, errors, latency, calls, failed, cpu, throttled, memory, pool, queue, restarts)


def _load(dice: np.random.Generator, minute: npt.NDArray[np.int64]) -> Floats:
    """Share of the average: day, weekend, slow wander, bursts."""
    day, phase = dice.uniform(0.2, 0.7), dice.uniform(0.5, 0.75)
    turn = 2 * np.pi * (minute / MINUTES - phase)
    share = 1 + day * np.cos(turn) + 0.3 * day * np.cos(2 * turn + dice.uniform(0, 6))
    weekend = (minute // MINUTES) % 7 >= 5
    share = np.where(weekend, share * dice.uniform(0.4, 1.0), share) * (1 + 0.06 * _red(dice, len(minute), 90))
    share *= 1 + 0.01 * dice.normal() * minute / MINUTES
    for begin in np.cumsum(dice.exponential(MINUTES, 60)).astype(int):
        last = int(dice.integers(5, 30))
        if begin < len(minute):
            share[begin : begin + last] *= dice.uniform(1.15, 1.8)
    return np.clip(share, 0.03, None)


def _red(dice: np.random.Generator, n: int, memory: int) -> Floats:
    """Noise that wanders over about `memory` minutes, of unit spread."""
    coarse = dice.normal(0, 1, n // memory + 3)
    x = np.linspace(0, len(coarse) - 1.001, n)
    return np.interp(x, np.arange(len(coarse)), coarse) + 0.3 * dice.normal(0, 1, n)


def _batches(dice: np.random.Generator, minute: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """A nightly job of some services, give or take minutes; a weekly one of fewer."""
    nightly, weekly = np.zeros(len(minute)), np.zeros(len(minute))
    at, last = int(dice.integers(0, 300)), int(dice.integers(15, 50))
    has, has_weekly, weekday = dice.random() < 0.35, dice.random() < 0.15, int(dice.integers(0, 7))
    for day in range(len(minute) // MINUTES):
        begin = day * MINUTES + at + int(dice.normal(0, 3))
        if has:
            nightly[max(begin, 0) : begin + last + int(dice.integers(-4, 5))] = dice.uniform(0.8, 1.2)
        if has_weekly and day % 7 == weekday:
            weekly[max(begin + 90, 0) : begin + 90 + last] = 1.0
    return nightly, weekly


def _releases(dice: np.random.Generator, n: int) -> tuple[Floats, Floats, Floats]:
    """Factors for latency and CPU, points of memory: a level each from a release on, and a few rough minutes after it."""
    slower, dearer, fatter = np.ones(n), np.ones(n), np.zeros(n)
    for at in np.cumsum(dice.exponential(3 * MINUTES, 30)).astype(int):
        if at >= n:
            break
        slower[at:] *= dice.uniform(0.85, 1.2)
        dearer[at:] *= dice.uniform(0.85, 1.25)
        fatter[at:] += dice.uniform(-6, 6)
        rough = int(dice.integers(2, 7))
        slower[at : at + rough] *= dice.uniform(1.1, 1.9)
        dearer[at : at + rough] *= dice.uniform(1.1, 2.2)
    return np.clip(slower, 0.5, 2.0), np.clip(dearer, 0.5, 2.2), np.clip(fatter, -15, 15)


def _memory(dice: np.random.Generator, n: int, fatter: Floats) -> tuple[Floats, Floats]:
    """Percent of the limit: flat, or a saw of a collector or a slow leak that a restart ends; and restarts a minute."""
    level, restarts = dice.uniform(30, 65) + fatter, np.zeros(n)
    if dice.random() < 0.4:
        period, rise = int(dice.integers(30, 3 * MINUTES)), dice.uniform(5, 22)
        level = level + rise * ((np.arange(n) + dice.integers(0, period)) % period) / period
    return np.clip(level + 0.6 * _red(dice, n, 30), 5, 92), restarts


def _break(
    dice: np.random.Generator, f: Fault, rps: Floats, latency: Floats, errors: Floats, cpu: Floats, memory: Floats,
    pool: Floats, queue: Floats, throttled: Floats, restarts: Floats,
) -> None:  # fmt: skip
    """In place."""
    on = slice(f.impact, f.end)
    if f.kind == "errors":
        errors[on] += dice.uniform(4, 30)
        latency[on] *= dice.uniform(0.9, 2.0)
        cpu[on] *= dice.uniform(0.7, 1.6)
    elif f.kind == "slow":
        latency[on] *= dice.uniform(2, 6)
        pool[on] = np.clip(pool[on] * dice.uniform(1.8, 4), 0, 100)
        errors[on] += dice.uniform(0, 3)
    elif f.kind == "saturated":
        latency[on] *= dice.uniform(1.6, 3.5)
        cpu[on] *= dice.uniform(1.8, 3)
        throttled[on] += dice.uniform(20, 70)
    elif f.kind == "traffic_lost":
        rps[on] *= dice.uniform(0.0, 0.3)
        errors[on] += dice.uniform(3, 40)
    elif f.kind == "pool_exhausted":
        pool[on] = 100.0
        latency[on] *= dice.uniform(2, 8)
        errors[on] += dice.uniform(1, 10)
    else:
        climb = np.linspace(0, 1, f.impact - f.begin + 1)[:-1]
        memory[f.begin : f.impact] = np.clip(memory[f.begin] + (101 - memory[f.begin]) * climb, 0, 100)
        for at in range(f.impact, f.end, 12):
            restarts[at] += 1
            stop = min(at + 12, f.end)
            memory[at:stop] = np.linspace(55, 100, stop - at)
            errors[at : min(at + 4, f.end)] += dice.uniform(5, 30)
            latency[at : min(at + 4, f.end)] *= 1.8


def _measured(
    dice: np.random.Generator, rps: Floats, errors: Floats, latency: Floats, calls: Floats, failed: Floats, cpu: Floats,
    throttled: Floats, memory: Floats, pool: Floats, queue: Floats, restarts: Floats,
) -> Floats:  # fmt: skip
    """What a scrape with a rate window of two minutes shows: counts are chance, quantiles of few requests are rough."""
    n = len(rps)
    served = dice.poisson(np.clip(rps * 120, 0, None)).astype(float)
    few = 1 / np.sqrt(np.clip(served, 1, None))
    with np.errstate(invalid="ignore", divide="ignore"):
        error_rate = 100 * dice.binomial(served.astype(np.int64), np.clip(errors / 100, 0, 1)) / served
        failing = 100 * dice.binomial(served.astype(np.int64), np.clip(failed / 100, 0, 1)) / served
    p50 = latency * (1 + dice.normal(0, 1, n) * (0.02 + 0.6 * few))
    tail = dice.uniform(2.0, 4.0) * latency * np.exp(dice.normal(0, 1, n) * (0.05 + 1.2 * few))
    for at in dice.integers(0, n, max(n // MINUTES, 1)):
        tail[at : at + int(dice.integers(1, 3))] *= dice.uniform(1.5, 4)
    waits = 2.5 * calls * np.exp(dice.normal(0, 1, n) * (0.05 + 1.2 * few))
    none = served == 0
    p50, tail, waits = (np.where(none, np.nan, x) for x in (p50, tail, waits))
    noise = 1 + 0.05 * dice.normal(0, 1, n)
    return np.stack(
        [
            served / 120, error_rate, p50, tail, waits, failing, cpu * noise,
            np.clip(throttled + dice.exponential(0.5, n), 0, 100), np.clip(memory, 0, 100), np.clip(pool * noise, 0, 100),
            np.round(np.clip(queue * (1 + 0.3 * dice.normal(0, 1, n)), 0, None)), np.cumsum(restarts),
        ],
        axis=1,
    )  # fmt: skip


def _propagate(values: Floats, calls: tuple[tuple[int, int], ...], faults: list[Fault]) -> None:
    """Who waits for a broken service is slower and fails too: a third of what the callee does."""
    latency, errors = METRICS.index("client-latency-95"), METRICS.index("client-error-rate")
    for fault in faults:
        on = slice(fault.impact, fault.end)
        for caller in (a for a, b in calls if b == fault.service):
            if fault.kind in ("slow", "saturated", "pool_exhausted"):
                values[on, caller, latency] *= 2.0
                values[on, caller, METRICS.index("latency-95")] *= 1.4
            if fault.kind in ("errors", "pool_exhausted", "traffic_lost"):
                values[on, caller, errors] += 2.0
                values[on, caller, METRICS.index("error-rate")] += 0.7


def _gaps(dice: np.random.Generator, values: Floats) -> None:
    """Failed scrapes: of a service for minutes, of everything once or twice."""
    n, services, _ = values.shape
    for _ in range(services * n // (3 * MINUTES)):
        at, who = int(dice.integers(0, n)), int(dice.integers(0, services))
        values[at : at + int(dice.integers(2, 30)), who] = np.nan
    for at in dice.integers(0, n, 2):
        values[at : at + int(dice.integers(3, 15))] = np.nan


def described(life: Life) -> dict[str, Any]:
    """For the figures."""
    n, services, metrics = life.values.shape
    return {"days": n // MINUTES, "services": services, "series": services * metrics, "faults": len(life.faults)}
