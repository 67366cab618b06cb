"""Which alerts are one incident."""

from dataclasses import replace
from datetime import timedelta

from tests_support import ALERT, NOW
from watchkeeper.correlate.admit import Ignored, Joined, Known, Opened, admit
from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.topology import Topology
from watchkeeper.settings import CorrelationSettings
from watchkeeper.testing import CountingIds

CALLS = Topology.of([("front", "checkout"), ("checkout", "pay"), ("pay", "base"), ("other", "deep")])


def alert(service: str, *, minutes: float = 0, **more: object) -> Alert:
    labels = {"alertname": "A", "namespace": "shop", "app": service}
    base = replace(ALERT, fingerprint=f"{service}{minutes}", labels=labels, starts_at=NOW + timedelta(minutes=minutes))
    return replace(base, **more)  # type: ignore[arg-type]


def run(*alerts: Alert, topology: Topology = CALLS) -> list[object]:
    done = admit(alerts, Known(), topology, CorrelationSettings(), CountingIds(), lambda a: a.labels["app"], NOW)
    return list(done.admissions)


def test_a_storm_along_the_calls_is_one_incident() -> None:
    opened, *joined = run(alert("checkout"), alert("pay"), alert("front", minutes=5))
    assert isinstance(opened, Opened)
    assert all(isinstance(j, Joined) and j.incident_id == opened.incident_id for j in joined)
    assert "checkout calls pay (1 away)" in joined[0].because  # type: ignore[attr-defined]


def test_far_in_time_or_place_is_another_incident() -> None:
    assert [type(a) for a in run(alert("checkout"), alert("checkout", minutes=31))] == [Opened, Opened]
    assert [type(a) for a in run(alert("checkout"), alert("deep"))] == [Opened, Opened]


def test_without_a_call_graph_the_namespace_decides_and_says_so() -> None:
    other = replace(alert("b"), name="B", annotations={"summary": "something else entirely"})
    _, joined = run(alert("a"), other, topology=Topology())
    assert isinstance(joined, Joined)
    assert "no call graph known" in joined.because


def test_a_resolved_alert_nobody_waits_for_opens_nothing() -> None:
    assert [type(a) for a in run(alert("checkout", status=AlertStatus.RESOLVED))] == [Ignored]


def test_the_same_alert_joins_its_own_incident_however_late() -> None:
    first = alert("checkout")
    again = replace(first, starts_at=NOW + timedelta(hours=5))
    opened, joined = run(first, again)
    assert isinstance(joined, Joined)
    assert joined.incident_id == opened.incident_id  # type: ignore[attr-defined]
