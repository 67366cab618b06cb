"""Alert rules on the world's clock: pending, firing, resolved, and version-4 webhooks for whoever listens."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import numpy as np
import yaml

from watchkeeper.simulate.metrics import promql
from watchkeeper.simulate.metrics.tsdb import MetricDb
from watchkeeper.simulate.ports import MetricSample

Post = Callable[[dict[str, Any]], Awaitable[int]]
"""Sends a webhook body; the HTTP status, 0 where nothing answered."""

_DURATION = re.compile(r"\[(\d+)(ms|s|m|h|d)\]")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NEVER = "0001-01-01T00:00:00Z"


def scaled(text: str, scale: float) -> str:
    """A rules file with every `for`, `interval` and range multiplied, none below two seconds: for tests and the demo."""
    rules = yaml.safe_load(text)
    for group in rules["groups"]:
        if "interval" in group:
            group["interval"] = _shrink(str(group["interval"]), scale, 1)
        for rule in group["rules"]:
            rule["expr"] = _DURATION.sub(lambda m: f"[{_shrink(m.group(1) + m.group(2), scale, 5)}]", rule["expr"])
            if "for" in rule:
                rule["for"] = _shrink(str(rule["for"]), scale, 1)
    return str(yaml.safe_dump(rules, sort_keys=False))


def _shrink(text: str, scale: float, least: int) -> str:
    seconds = _seconds(text)
    return f"{max(round(seconds * scale), least)}s" if seconds else "0s"


def _seconds(text: str) -> float:
    return sum(float(n) * _UNITS[unit] for n, unit in re.findall(r"(\d+)(ms|s|m|h|d)", text))


@dataclass(slots=True)
class _Active:
    labels: dict[str, str]
    annotations: dict[str, str]
    value: float
    since: float
    firing: bool = False
    resolved_at: float = 0.0


@dataclass(slots=True)
class _Rule:
    name: str
    expr: str
    wait: float
    labels: dict[str, str]
    annotations: dict[str, str]
    active: dict[tuple[tuple[str, str], ...], _Active] = field(default_factory=dict)


class RuleEngine:
    """Evaluates the rules each time it is asked to; posts one group per alert name and namespace."""

    def __init__(
        self, db: MetricDb, rules_text: str, post: Post | None = None, *, external_url: str = "http://prometheus"
    ) -> None:
        self._db = db
        self._post = post
        self._url = external_url
        self._owed: dict[str, dict[str, Any]] = {}
        groups = yaml.safe_load(rules_text)["groups"]
        self.rules = [
            _Rule(
                r["alert"], r["expr"], _seconds(str(r.get("for", "0s"))),
                r.get("labels", {}), r.get("annotations", {}),
            )
            for g in groups for r in g["rules"] if "alert" in r
        ]  # fmt: skip

    async def evaluate(self, now: float) -> None:
        """One round: states move, ALERTS is written, changed groups are posted (again, where nobody took them)."""
        for rule in self.rules:
            if self._round(rule, now):
                for group in {self._group_of(a) for a in rule.active.values() if a.firing}:
                    self._owed[f"{rule.name} {group}"] = self._body(rule, group)
            rule.active = {k: a for k, a in rule.active.items() if not a.resolved_at}
        self._db.append(now, self._alert_samples(), "rules")
        if self._post is not None:
            for key, body in list(self._owed.items()):
                status = await self._post(body)
                if status and status < 500 and self._owed.get(key) is body:
                    del self._owed[key]

    def _round(self, rule: _Rule, now: float) -> bool:
        found = self._now(rule, now)
        changed = False
        for key, (labels, value) in found.items():
            known = rule.active.get(key)
            if known is None:
                known = rule.active[key] = _Active({}, {}, value, now)
            known.value = value
            if not known.firing and now - known.since >= rule.wait:
                known.firing = changed = True
                known.labels = {
                    **labels,
                    **{k: expand(v, labels, value) for k, v in rule.labels.items()},
                    "alertname": rule.name,
                }
                known.annotations = {k: expand(v, labels, value) for k, v in rule.annotations.items()}
        for key in [k for k in rule.active if k not in found]:
            if rule.active[key].firing:
                rule.active[key].resolved_at = now
                changed = True
            else:
                del rule.active[key]
        return changed

    def _now(self, rule: _Rule, now: float) -> dict[tuple[tuple[str, str], ...], tuple[dict[str, str], float]]:
        value = promql.evaluate(self._db, rule.expr, np.array([now]))
        if not isinstance(value, promql.Vector):
            return {}
        out = {}
        for row, labels in enumerate(value.labels):
            if value.present[row, 0]:
                rest = {k: v for k, v in labels.items() if k != "__name__"}
                out[tuple(sorted(rest.items()))] = (rest, float(value.values[row, 0]))
        return out

    def _group_of(self, active: _Active) -> str:
        return active.labels.get("namespace", "")

    def _body(self, rule: _Rule, group: str) -> dict[str, Any]:
        alerts = [self._alert(rule, a) for a in rule.active.values() if a.firing and self._group_of(a) == group]
        shared = {
            k: v
            for k, v in (alerts[0]["labels"] if alerts else {}).items()
            if all(a["labels"].get(k) == v for a in alerts)
        }
        notes = {
            k: v
            for k, v in (alerts[0]["annotations"] if alerts else {}).items()
            if all(a["annotations"].get(k) == v for a in alerts)
        }
        return {
            "receiver": "watchkeeper", "status": "firing" if any(a["status"] == "firing" for a in alerts) else "resolved",
            "alerts": alerts, "groupLabels": {"alertname": rule.name, "namespace": group}, "commonLabels": shared,
            "commonAnnotations": notes, "externalURL": "http://alertmanager", "version": "4",
            "groupKey": f'{{}}:{{alertname="{rule.name}", namespace="{group}"}}', "truncatedAlerts": 0,
        }  # fmt: skip

    def _alert(self, rule: _Rule, active: _Active) -> dict[str, Any]:
        text = "\x00".join(f"{k}\x01{v}" for k, v in sorted(active.labels.items()))
        return {
            "status": "resolved" if active.resolved_at else "firing", "labels": active.labels,
            "annotations": active.annotations, "startsAt": _iso(active.since + rule.wait),
            "endsAt": _iso(active.resolved_at) if active.resolved_at else _NEVER,
            "generatorURL": f"{self._url}/graph?g0.expr={quote(rule.expr)}&g0.tab=1",
            "fingerprint": hashlib.sha256(text.encode()).hexdigest()[:16],
        }  # fmt: skip

    def _alert_samples(self) -> list[MetricSample]:
        return [
            MetricSample(
                "ALERTS", {**a.labels, "alertname": r.name, "alertstate": "firing" if a.firing else "pending"}, 1.0
            )
            for r in self.rules
            for a in r.active.values()
        ]

    def alerts_json(self) -> list[dict[str, Any]]:
        """As /api/v1/alerts: the value is a string in scientific notation."""
        return [
            {"labels": a.labels or {"alertname": r.name}, "annotations": a.annotations, "state": "firing" if a.firing else "pending",
             "activeAt": _iso(a.since), "value": f"{a.value:.3e}"}
            for r in self.rules for a in r.active.values()
        ]  # fmt: skip

    def groups_json(self) -> list[dict[str, Any]]:
        """As /api/v1/rules."""
        rows: list[dict[str, Any]] = [
            {"name": r.name, "query": r.expr, "duration": r.wait, "labels": r.labels, "annotations": r.annotations,
             "state": "firing" if any(a.firing for a in r.active.values()) else "inactive", "health": "ok", "type": "alerting", "alerts": []}
            for r in self.rules
        ]  # fmt: skip
        return [{"name": "rules", "file": "rules.yaml", "rules": rows, "interval": 1}]


def expand(template: str, labels: dict[str, str], value: float) -> str:
    """The two things rule annotations use: labels, and the value with a human form."""
    text = re.sub(r"\{\{\s*\$labels\.(\w+)\s*\}\}", lambda m: labels.get(m.group(1), ""), template)
    text = re.sub(r"\{\{\s*\$value \| humanizePercentage\s*\}\}", f"{value * 100:.4g}%", text)
    text = re.sub(r"\{\{\s*\$value \| humanizeDuration\s*\}\}", f"{value:.4g}s", text)
    return re.sub(r"\{\{\s*\$value\s*\}\}", f"{value:g}", text)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
