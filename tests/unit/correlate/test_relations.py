"""Why alerts are put together, and why not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests_support import ALERT, NOW
from watchkeeper.correlate.admit import Admission, Ignored, Joined, Known, Opened, admit, rethink
from watchkeeper.correlate.fingerprint import fingerprint
from watchkeeper.domain.alert import Alert
from watchkeeper.domain.evidence import Change
from watchkeeper.domain.muting import Correction, KnownIssue, Link, Mute, matchers_of
from watchkeeper.domain.severity import Severity
from watchkeeper.domain.situation import Situation, Standing
from watchkeeper.domain.topology import Topology
from watchkeeper.settings import CorrelationSettings
from watchkeeper.testing import CountingIds

SHOP = Topology.of([("front", "checkout"), ("front", "search"), ("checkout", "pay"), ("search", "index")])


def alert(service: str, name: str = "Slow", *, seconds: float = 0, **labels: str) -> Alert:
    said = {"alertname": name, "namespace": "shop", **({"app": service} if service else {}), **labels}
    at = NOW + timedelta(seconds=seconds)
    print_ = f"{name}-{service}-{sorted(labels.items())}-{seconds}"
    return replace(
        ALERT,
        fingerprint=print_,
        name=name,
        labels=said,
        annotations={"summary": f"{name} {service}"},
        starts_at=at,
        received_at=at,
    )


def run(*alerts: Alert, topology: Topology = SHOP, known: Known | None = None, **rules: Any) -> list[Admission]:
    settings = CorrelationSettings.model_validate(rules)
    done = admit(alerts, known or Known(), topology, settings, CountingIds(), lambda a: a.labels.get("app", ""), NOW)
    return list(done.admissions)


def incidents(admissions: Sequence[Admission]) -> list[str]:
    return ["" if isinstance(a, Ignored) else a.incident_id for a in admissions]


def test_two_faults_of_one_namespace_three_minutes_apart_stay_two_incidents() -> None:
    said = run(alert("pay"), alert("checkout", seconds=30), alert("index", seconds=180), alert("search", seconds=200))
    assert incidents(said) == ["inc-1", "inc-1", "inc-2", "inc-2"]


def test_the_front_that_both_faults_reach_does_not_glue_them() -> None:
    said = run(alert("pay"), alert("front", seconds=20), alert("index", seconds=200))
    assert incidents(said) == ["inc-1", "inc-1", "inc-2"]


def test_what_begins_at_the_same_moment_in_one_call_graph_is_one_incident() -> None:
    assert incidents(run(alert("pay"), alert("index", seconds=20))) == ["inc-1", "inc-1"]


def test_a_victim_joins_its_cause_and_says_who_calls_whom() -> None:
    _, joined = run(alert("pay"), alert("checkout", seconds=60))
    assert joined.because == "checkout calls pay (1 away), 60 s apart"


def test_pods_hide_behind_their_node() -> None:
    _, hidden, other = run(
        alert("", "NodeDown", node="w-1"),
        alert("billing", "PodDown", node="w-1", seconds=400),
        alert("billing2", "PodDown", node="w-2", seconds=400),
    )
    assert "NodeDown causes it" in hidden.because
    assert isinstance(other, Opened)


def test_a_rule_of_the_configuration_inhibits() -> None:
    rule = {"source": '{alertname="DatabaseDown"}', "target": '{alertname="QueueFull"}', "equal": ["tenant"]}
    said = run(
        alert("db", "DatabaseDown", tenant="a"),
        alert("q", "QueueFull", tenant="a", seconds=600),
        topology=Topology(),
        inhibit=[rule],
    )
    assert "DatabaseDown causes it" in said[1].because


def test_one_volume_relates_two_services_that_no_call_joins() -> None:
    _, joined = run(
        alert("one", volumename="pv-7"), alert("two", "Full", seconds=300, volumename="pv-7"), topology=Topology()
    )
    assert joined.because == "the same volumename, pv-7, 300 s apart"


def test_one_change_relates_what_it_touched() -> None:
    change = Change("c-1", NOW - timedelta(minutes=5), "config", "one", "new limits for one and two", "ada")
    _, joined = run(
        alert("one"), alert("two", "Errors", seconds=300), topology=Topology(), known=Known(changes=(change,))
    )
    assert joined.because.startswith("one change touched two and one")


def test_the_same_problem_on_another_replica_joins_and_the_fingerprint_says_why() -> None:
    one, two = alert("pay", pod="pay-1"), alert("pay", pod="pay-2", seconds=5)
    made = fingerprint(one, "pay", CorrelationSettings().fingerprint_without)
    assert made.value == fingerprint(two, "pay", CorrelationSettings().fingerprint_without).value
    assert made.value.startswith("v1:")
    assert "left out: pod" in made.words
    assert "the same problem" in run(one, two)[1].because


def test_a_person_who_said_apart_is_heard_against_every_relation_and_one_who_said_together_too() -> None:
    apart = Correction(Link.APART, ("Slow@checkout",), ("Slow@pay",), "ada", NOW)
    assert incidents(run(alert("pay"), alert("checkout"), known=Known(corrections=(apart,)))) == ["inc-1", "inc-2"]
    together = Correction(Link.TOGETHER, ("Slow@nobody",), ("Slow@pay",), "ada", NOW, "the same disk")
    _, joined = run(alert("pay"), alert("nobody", seconds=600), known=Known(corrections=(together,)))
    assert "ada said" in joined.because
    assert "the same disk" in joined.because


def test_maintenance_and_silences_wake_nobody_and_end() -> None:
    mute = Mute(
        "s-1",
        "silence",
        matchers_of('{app=~"pa.*"}'),
        NOW - timedelta(hours=1),
        NOW + timedelta(hours=1),
        "moving",
        "ada",
    )
    (quiet,) = run(alert("pay"), known=Known(mutes=(mute,)))
    assert isinstance(quiet, Ignored)
    assert "silence s-1 by ada" in quiet.because
    assert isinstance(run(alert("pay"), known=Known(mutes=(replace(mute, ends_at=NOW),)))[0], Opened)


def test_a_known_issue_is_accepted_unless_it_gets_worse_or_wider_or_expires() -> None:
    issue = KnownIssue(
        "i-1", matchers_of('{app="pay"}'), "vendor fixes it", "ada", NOW + timedelta(days=3), Severity.WARNING, 2
    )
    known = Known(issues=(issue,))
    assert "known issue i-1" in run(alert("pay", severity="warning"), known=known)[0].because
    assert isinstance(run(alert("pay", severity="critical"), known=known)[0], Opened)
    assert isinstance(run(*(alert("pay", pod=f"p-{n}") for n in range(3)), known=known)[2], Opened)
    assert isinstance(run(alert("pay"), known=Known(issues=(replace(issue, expires_at=NOW),)))[0], Opened)


def standing(one: Alert, **more: Any) -> Known:
    base = Standing(
        one.source,
        one.fingerprint,
        False,
        NOW - timedelta(hours=1),
        "inc-old",
        False,
        Severity.WARNING,
        "",
        NOW - timedelta(minutes=3),
    )
    return Known(standing={(one.source, one.fingerprint): replace(base, **more)})


def test_an_alert_that_fires_again_soon_opens_its_incident_anew_and_later_a_new_one() -> None:
    one = alert("pay")
    (again,) = run(one, known=standing(one))
    assert isinstance(again, Joined)
    assert again.again
    (fresh,) = run(one, known=standing(one, seen_at=NOW - timedelta(minutes=11)))
    assert isinstance(fresh, Opened)


def test_flapping_is_said() -> None:
    one = alert("pay")
    changed = tuple(NOW - timedelta(minutes=m) for m in (20, 15, 10, 5))
    (joined,) = run(one, known=standing(one, incident_open=True, changed=changed))
    assert "flapping: on or off 4 times" in joined.because


def test_a_storm_of_unknown_services_is_few_incidents() -> None:
    many = [alert(f"s-{n}", f"Rule{n}") for n in range(300)]
    assert len(set(incidents(run(*many, topology=Topology())))) == 1


@pytest.mark.parametrize(
    ("alerts", "worst", "minutes", "words"),
    [(25, Severity.WARNING, 10, "far more alerts"), (25, Severity.WARNING, 1, ""), (11, Severity.WARNING, 10, ""), (11, Severity.CRITICAL, 1, "became worse")],
)  # fmt: skip
def test_thinking_starts_again_when_it_is_worse_or_far_more(
    alerts: int, worst: Severity, minutes: float, words: str
) -> None:
    situation = Situation("inc-1", (), alerts, worst, 10, Severity.WARNING, NOW - timedelta(minutes=minutes))
    said = rethink(situation, CorrelationSettings(), NOW)
    assert (words in said) if words else said == ""


def test_matchers_read_as_alertmanager_writes_them() -> None:
    some = matchers_of('{alertname=~"Node.*", team!="db",cluster="a\\"b", env!~"dev|test"}')
    assert [str(m) for m in some[:2]] == ['alertname=~"Node.*"', 'team!="db"']
    assert all(m.matches({"alertname": "NodeDown", "cluster": 'a"b', "env": "prod"}) for m in some)
    with pytest.raises(ValueError, match="not a matcher"):
        matchers_of("{=x}")
