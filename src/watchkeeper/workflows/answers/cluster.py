"""What the cluster says of workloads: pods and their states, what is declared, where it runs."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.ask.amounts import listed, plural
from watchkeeper.ask.answer import Answer, Asker
from watchkeeper.ask.question import Question, Span
from watchkeeper.diagnose.objects import container_states, service_of_pod
from watchkeeper.domain.evidence import EvidenceFile, Signal, Window
from watchkeeper.workflows.answers.seen import Table, around
from watchkeeper.workflows.house import House

Thing = Mapping[str, Any]


async def objects(house: House, question: Question, asker: Asker) -> EvidenceFile:
    """As the cluster has them now."""
    window = Window(asker.now - timedelta(hours=1), asker.now - timedelta(minutes=10), asker.now)
    return await around(house, question, window, "", Signal.KUBERNETES)


_DATED = ("oom", "restarted")
"""States of pods of which the cluster keeps the time."""


async def pods(house: House, question: Question, asker: Asker) -> Answer:
    """Pods as the cluster tells them."""
    evidence = await objects(house, question, asker)
    found = [p for p in evidence.objects if p["kind"] == "Pod" and _asked(service_of_pod(p), question)]
    if not found:
        missing = "; ".join(m.reason for m in evidence.missing) or "no cluster is configured, or it has no such pods"
        return Answer(f"I see no pods: {missing}.", {"pods": []})
    rows = [(service_of_pod(p), str(p["metadata"]["name"]), _phase(p), restarts_of(p)) for p in found]
    past = question.span.named and question.span.words != "now"
    if past and question.detail not in _DATED:
        words = f"I see pods as they are now, not as they were {question.span.within()}"
        return Answer(f"{words}.", {"understood": False}, understood=False, nearest=("which pods are not ready?",))
    kept = [r for r in rows if _in_state(found, r, question.detail)]
    if past:
        kept = [r for r in kept if _ended_in(found, r[1], question.span)]
    data = {"pods": [{"service": r[0], "pod": r[1], "state": r[2], "restarts": r[3]} for r in kept], "of": len(rows)}
    words = {
        "": "",
        "not_ready": "not ready",
        "pending": "pending",
        "crashing": "in a crash loop",
        "oom": "killed for memory",
        "restarted": "restarted",
    }[question.detail]
    if not kept and past:
        said = f"None of the {len(rows)} pods that exist now was {words} {question.span.within()}"
        return Answer(f"{said}; pods that are gone took their record with them.", data)
    if not kept:
        return Answer(f"None: no pod is {words} ({len(rows)} looked at).", data)
    by_service: dict[str, int] = {}
    for row in kept:
        by_service[row[0]] = by_service.get(row[0], 0) + 1
    head = f"{plural(len(kept), 'pod')}{' ' + words if words else ''}: " + listed(
        [f"{s} {n}" for s, n in sorted(by_service.items())], 12
    )
    table = Table([(pod, state, plural(n, "restart") if n else "") for _, pod, state, n in sorted(kept)[:25]])
    return Answer(f"{head}\n{table}", data)


def _in_state(found: Sequence[Thing], row: tuple[str, str, str, int], state: str) -> bool:
    _, name, phase, restarts = row
    match state:
        case "not_ready":
            return phase != "ready"
        case "pending":
            return phase == "Pending"
        case "crashing":
            return "CrashLoop" in phase or phase == "Error"
        case "oom":
            return _last_end(found, name) == "OOMKilled"
        case "restarted":
            return restarts > 0
        case _:
            return True


def _asked(service: str, question: Question) -> bool:
    return (not question.services or service in question.services) and service not in question.excluded


def _phase(pod: Thing) -> str:
    """ready, or what keeps it from it."""
    if pod["metadata"].get("deletionTimestamp"):
        return "Terminating"
    status = pod.get("status") or {}
    for state in container_states(pod):
        waiting = (state.get("state") or {}).get("waiting")
        if waiting:
            return str(waiting.get("reason", "waiting"))
    if any(c.get("type") == "Ready" and c.get("status") == "True" for c in status.get("conditions") or []):
        return "ready"
    return str(status.get("reason") or (status.get("phase") if status.get("phase") != "Running" else "not ready"))


def restarts_of(pod: Thing) -> int:
    return sum(int(s.get("restartCount", 0)) for s in container_states(pod))


def _last_end(found: Sequence[Thing], name: str) -> str:
    return next((str(e.get("reason", "")) for e in _ends(found, name)), "")


def _ended_in(found: Sequence[Thing], name: str, span: Span) -> bool:
    """Did a container of it end then? Only each container's last end is known."""
    at = [datetime.fromisoformat(str(e["finishedAt"])) for e in _ends(found, name) if e.get("finishedAt")]
    return any(span.start <= a <= span.end for a in at)


def _ends(found: Sequence[Thing], name: str) -> list[Thing]:
    pod = next(p for p in found if p["metadata"]["name"] == name)
    both = (
        (s.get("lastState") or {}).get("terminated") or (s.get("state") or {}).get("terminated")
        for s in container_states(pod)
    )
    return [e for e in both if e]


async def declared(house: House, question: Question, asker: Asker) -> Answer:
    """What the live workloads declare."""
    evidence = await objects(house, question, asker)
    if question.detail == "node":
        return _nodes(evidence, question)
    found = [
        o
        for o in evidence.objects
        if o["kind"] in ("Deployment", "StatefulSet", "DaemonSet") and _asked(str(o["metadata"]["name"]), question)
    ]
    if not found:
        missing = (
            "; ".join(m.reason for m in evidence.missing) or "no cluster is configured, or it has no such workload"
        )
        return Answer(f"I see no workload: {missing}.", {"values": {}})
    values = {str(o["metadata"]["name"]): _declared(o, question.detail) for o in found}
    title = {
        "image": "Image",
        "memory_limit": "Memory limit",
        "cpu_limit": "CPU limit",
        "limits": "Limits",
        "pool_size": "Pool size",
        "replicas": "Replicas",
    }[question.detail]
    known = {s: v for s, v in sorted(values.items()) if v}
    if not known:
        return Answer(
            f"{title}: {listed(sorted(values))} {'declares' if len(values) == 1 else 'declare'} none.",
            {"values": values},
        )
    return Answer(f"{title}, as the cluster has it now:\n{Table(list(known.items()))}", {"values": values})


def _declared(thing: Thing, detail: str) -> str:
    spec = thing["spec"].get("template", {}).get("spec", {})
    containers = spec.get("containers", [])
    one = next(
        (c for c in containers if c.get("name") == thing["metadata"]["name"]), containers[0] if containers else {}
    )
    limits = (one.get("resources") or {}).get("limits") or {}
    match detail:
        case "image":
            return str(one.get("image", ""))
        case "memory_limit":
            return str(limits.get("memory", ""))
        case "cpu_limit":
            return str(limits.get("cpu", ""))
        case "limits":
            return ", ".join(f"{k} {v}" for k, v in sorted(limits.items()))
        case "pool_size":
            return next(
                (
                    f"{e['value']} ({e['name']})"
                    for e in one.get("env") or []
                    if "POOL" in e.get("name", "") and e.get("value")
                ),
                "",
            )
        case _:
            status = thing.get("status") or {}
            return f"{thing['spec'].get('replicas', 1)} wanted, {status.get('readyReplicas', 0)} ready"


def _nodes(evidence: EvidenceFile, question: Question) -> Answer:
    placed: dict[str, list[str]] = {}
    for pod in evidence.objects:
        if pod["kind"] == "Pod" and _asked(service_of_pod(pod), question):
            placed.setdefault(service_of_pod(pod), []).append(str(pod["spec"].get("nodeName") or "not scheduled"))
    if not placed:
        return Answer("I see no pods, so I cannot tell where they run.", {"nodes": {}})
    table = Table([(s, listed(sorted(set(n)))) for s, n in sorted(placed.items())])
    return Answer(f"Nodes:\n{table}", {"nodes": {s: sorted(n) for s, n in placed.items()}})
