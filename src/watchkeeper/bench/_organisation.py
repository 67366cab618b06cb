"""An organisation's events: 3,000 services whose rules fire, repeat and resolve, as Alertmanager would deliver them."""

import json
import math
import random
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.domain.clock import Clock

EVENTS_A_DAY = 28_000
TIMES, BURST_TIMES, PACE = 10, 100, 24
"""Ten such organisations, bursts of a hundred, a day in an hour."""
_BURST_EVERY, _BURST_LASTS = 2 * 3600.0, 600.0
"""Seconds of the day that is played: a burst of ten minutes every two hours."""
_NAMESPACES, _SERVICES, _RULES = 200, 3000, 40
"""Of all ten together."""
_NEW, _RESOLVED = 0.25, 0.5
"""Share of events that are a new alert, and (less the former) the end of one; the others repeat what fires already."""
_PAYLOAD_CALM, _PAYLOAD_BURST = 5, 50


_MORNING = 8 * 3600.0
"""The replayed day begins here: a short run sees the busy half."""


def in_burst(second: float) -> bool:
    """Is this second of the replayed day within a burst? The first comes after an hour."""
    return (second + _BURST_EVERY / 2) % _BURST_EVERY < _BURST_LASTS


def rate(second: float) -> float:
    """Events a second of real time at this second of the replayed day: more by day than by night."""
    often = (
        BURST_TIMES if in_burst(second) else TIMES * (1 - 0.5 * math.cos(2 * math.pi * (second + _MORNING) / 86_400))
    )
    return EVENTS_A_DAY / 86_400 * PACE * often


@dataclass(slots=True)
class Organisation:
    """Makes deliveries; knows what fires, and what was told for the first time."""

    dice: random.Random
    clock: Clock
    number: int = 0
    firing: list[dict[str, Any]] = field(default_factory=list)
    told: set[tuple[str, str]] = field(default_factory=set)
    """(fingerprint, status) of everything that was ever sent."""

    def deliveries(self, events: int, burst: bool) -> list[tuple[bytes, int]]:
        """(body, alerts in it) for so many events."""
        most = _PAYLOAD_BURST if burst else _PAYLOAD_CALM
        alerts = [self._event() for _ in range(events)]
        return [(_body(some), len(some)) for some in (alerts[n : n + most] for n in range(0, events, most))]

    def _event(self) -> dict[str, Any]:
        chance = self.dice.random()
        if chance < _NEW or not self.firing:
            alert = self._new()
            self.firing.append(alert)
        elif chance < _RESOLVED:
            alert = {
                **self.firing.pop(self.dice.randrange(len(self.firing))),
                "status": "resolved", "endsAt": self.clock.now().isoformat(),
            }  # fmt: skip
        else:
            alert = self.dice.choice(self.firing)
        self.told.add((alert["fingerprint"], alert["status"]))
        return alert

    def _new(self) -> dict[str, Any]:
        self.number += 1
        service, rule = self.dice.randrange(_SERVICES), f"Rule{self.dice.randrange(_RULES)}"
        name = f"service-{service}"
        labels = {
            "alertname": rule, "namespace": f"team-{service % _NAMESPACES}", "service": name,
            "severity": self.dice.choice(("info", "warning", "warning", "critical")), "pod": f"{name}-{self.number:07x}", "cluster": "eu-1",
        }  # fmt: skip
        notes = {"summary": f"{rule} of {name}: {self.dice.randrange(97)} %"}
        return {
            "status": "firing", "labels": labels, "annotations": notes, "startsAt": self.clock.now().isoformat(),
            "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prometheus/graph?g0.expr=up", "fingerprint": f"day-{self.number}",
        }  # fmt: skip


def _body(alerts: list[dict[str, Any]]) -> bytes:
    return json.dumps({"version": "4", "groupKey": "g", "status": "firing", "alerts": alerts}).encode()
