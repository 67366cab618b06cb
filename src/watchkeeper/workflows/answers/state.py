"""How services are: health now against usual, what is unusual, which limits are near, pods and what is declared, who calls whom."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.ask.amounts import amount, clock, listed, plural
from watchkeeper.ask.answer import Answer, Asker
from watchkeeper.ask.health import Judged, judge, judge_span
from watchkeeper.ask.question import Question, Span
from watchkeeper.ask.signals import SIGNALS
from watchkeeper.diagnose.objects import container_states, service_of_pod
from watchkeeper.domain.evidence import EvidenceFile, Signal, Window
from watchkeeper.domain.incident import Incident
from watchkeeper.workflows.answers.seen import Table, around, calls, measured
from watchkeeper.workflows.forecast import anomalies
from watchkeeper.workflows.house import House

_BASIC = ("latency-95", "errors", "traffic", "cpu-rate", "mem-rate", "pool-rate")
Thing = Mapping[str, Any]


async def health(house: House, question: Question, asker: Asker) -> Answer:
    """Each signal now against its usual, pods that are not ready, open incidents; or how the signals were in a past time."""
    signals = question.signals or _BASIC
    past = question.span if question.span.named and question.span.words != "now" else None
    start, end = (past.start, past.end) if past else (asker.now, asker.now)
    seen = await measured(house, question, signals, start - timedelta(hours=1), end)
    if not seen.series and seen.unseen:
        return Answer(
            seen.unseen[0] if seen.unseen[0].startswith("No metrics") else f"I cannot tell: {seen.unseen[0]}",
            {"services": {}},
        )
    judged: dict[str, list[Judged]] = {}
    for name, service in sorted(seen.series):
        curve = seen.curve(name, service)
        if (
            found := judge_span(service, name, curve, start.timestamp(), end.timestamp())
            if past
            else judge(service, name, curve, end.timestamp())
        ):
            judged.setdefault(service, []).append(found)
    unready = {} if question.signals or past else await _unready(house, question, asker)
    open_ = [] if past else await _open(house, question)
    data = {
        "services": {s: {j.signal: {"now": j.now, "usual": j.usual, "bad": j.bad} for j in found} for s, found in judged.items()},
        "not_ready": unready, "incidents": [i.id for i in open_],
    }  # fmt: skip
    said = (_of_services if question.services else _of_all)(question, judged, unready, open_)
    return Answer(f"By the worst two minutes of {past.words}, against the hour before:\n{said}" if past else said, data)


async def _open(house: House, question: Question) -> list[Incident]:
    if question.signals and not question.services:
        return []
    found = [i for i in (await house.store.list_incidents(limit=50)).items if i.stage.open]
    return [i for i in found if not question.services or {i.service, i.cause_service} & set(question.services)]


def _of_services(
    question: Question, judged: Mapping[str, list[Judged]], unready: Mapping[str, str], open_: Sequence[Incident]
) -> str:
    out = []
    for service in question.services:
        found = judged.get(service, [])
        bad = [j for j in found if j.bad]
        if not found and service not in unready:
            out.append(f"{service}: I have no recent measurements of it.")
            continue
        if question.signals:
            head = f"Yes, {service}: " if bad else f"No, {service} is within its usual range: "
        else:
            head = f"{service} is not well: " if bad or service in unready else f"{service} looks healthy: "
        shown = bad if bad and not question.signals else found
        words = [_words(j) for j in shown]
        if service in unready:
            words.append(unready[service])
        out.append(head + "; ".join(words) + ".")
    for incident in open_[:3]:
        out.append(f"Open incident {incident.id} ({incident.severity}): {incident.root_cause or incident.title}")
    return "\n".join(out)


def _of_all(
    question: Question, judged: Mapping[str, list[Judged]], unready: Mapping[str, str], open_: Sequence[Incident]
) -> str:
    bad = {s: [j for j in found if j.bad] for s, found in judged.items()}
    ill = sorted({s for s, found in bad.items() if found} | set(unready))
    if not ill and not open_:
        if question.signals:
            return f"No: {', '.join(SIGNALS[s].title for s in question.signals)} of all {len(judged)} services is within its usual range."
        return f"Nothing is wrong that I can see: all {len(judged)} services are within their usual range" + (
            " then." if question.span.named and question.span.words != "now" else " and no incident is open."
        )
    out = []
    if ill:
        out.append(
            f"{plural(len(ill), 'service')} of {len(judged)} {'is' if len(ill) == 1 else 'are'} out of {'its' if len(ill) == 1 else 'their'} usual range:"
        )
        out += [
            f"  {s}: {'; '.join([*(_words(j) for j in bad.get(s, ())), *([unready[s]] if s in unready else [])])}"
            for s in ill
        ]
    else:
        out.append(f"All {len(judged)} services are within their usual range now.")
    out += [f"Open incident {i.id} ({i.severity}): {i.root_cause or i.title}" for i in open_[:5]]
    return "\n".join(out)


def _words(j: Judged) -> str:
    signal = SIGNALS[j.signal]
    title = signal.title if signal.title[:2].isupper() else signal.title.lower().replace("(p95)", "(p95)")
    usual = f" (usual {amount(j.usual, signal.unit)})" if j.usual is not None else ""
    return f"{title} {amount(j.now, signal.unit)}{usual}"


async def _objects(house: House, question: Question, asker: Asker) -> EvidenceFile:
    window = Window(asker.now - timedelta(hours=1), asker.now - timedelta(minutes=10), asker.now)
    return await around(house, question, window, "", Signal.KUBERNETES)


async def _unready(house: House, question: Question, asker: Asker) -> dict[str, str]:
    """service -> words, where fewer pods are ready than wanted."""
    out = {}
    for thing in (await _objects(house, question, asker)).objects:
        if thing["kind"] not in ("Deployment", "StatefulSet"):
            continue
        name, wanted = str(thing["metadata"]["name"]), int(thing["spec"].get("replicas", 1))
        ready = int((thing.get("status") or {}).get("readyReplicas", 0))
        asked = not question.services or name in question.services
        if asked and name not in question.excluded and ready < wanted:
            out[name] = f"{ready} of {wanted} pods ready"
    return out


async def unusual(house: House, question: Question, asker: Asker) -> Answer:
    """What the detector flags."""
    services = question.services or tuple(
        s
        for s in (await measured(house, question, ("mem",), asker.now - timedelta(minutes=10), asker.now)).services(
            "mem"
        )
    )
    if not services:
        return Answer("No metrics source tells me anything, so I cannot judge.", {"anomalies": {}})
    seconds = max((asker.now - question.span.start).total_seconds(), 60)
    found = {s: await anomalies(house, s, min(seconds, 7 * 86400)) for s in services[:30]}
    lines = []
    for service, said in found.items():
        for one in said["anomalies"][:5]:
            began = clock(datetime.fromisoformat(one["began"]), asker.zone, asker.now)
            lines.append(f"{service}: {one['metric']} {one['value']:.4g} at {began} (usual {one['usual']:.4g})")
    words = question.span.words if question.span.named else "the last hour"
    text = (
        "\n".join([f"Unusual in {words}:", *lines[:20]])
        if lines
        else f"Nothing unusual at {listed(list(services))} in {words}."
    )
    return Answer(text, {"anomalies": {s: v["anomalies"] for s, v in found.items()}})


async def forecast(house: House, question: Question, asker: Asker) -> Answer:
    """Limits that will be reached within about an hour."""
    services = question.services or tuple(
        (await measured(house, question, ("mem",), asker.now - timedelta(minutes=10), asker.now)).services("mem")
    )
    if not services:
        return Answer("No metrics source tells me anything, so I cannot foresee anything.", {"forecasts": {}})
    wanted = {"mem": "mem-rate", "cpu": "cpu-rate", "disk": "disk-rate", "pool": "pool-rate"}
    metrics = {wanted.get(s, SIGNALS[s].metric) for s in question.signals}
    lines, data = [], {}
    for service in services[:30]:
        said = await anomalies(house, service, 3600)
        coming = [f for f in said["forecasts"] if not metrics or f["metric"] in metrics]
        data[service] = coming
        for one in coming:
            at, early, late = (
                clock(datetime.fromisoformat(one[k]), asker.zone, asker.now) for k in ("expected", "earliest", "latest")
            )
            lines.append(
                f"{service}: {one['metric']} reaches {one['limit']:g} about {at} (between {early} and {late}); now {one['now']:.3g}"
            )
    what = listed([SIGNALS[s].title for s in question.signals]) if question.signals else "limit"
    text = (
        "\n".join(lines)
        if lines
        else f"Not within about the next hour, as far as I can foresee: {what} of {listed(list(services))} is not heading for its limit. Further ahead I do not look."
    )
    return Answer(text, {"forecasts": data})


_DATED = ("oom", "restarted")
"""States of pods of which the cluster keeps the time."""


async def pods(house: House, question: Question, asker: Asker) -> Answer:
    """Pods as the cluster tells them."""
    evidence = await _objects(house, question, asker)
    found = [p for p in evidence.objects if p["kind"] == "Pod" and _asked(service_of_pod(p), question)]
    if not found:
        missing = "; ".join(m.reason for m in evidence.missing) or "no cluster is configured, or it has no such pods"
        return Answer(f"I see no pods: {missing}.", {"pods": []})
    rows = [(service_of_pod(p), str(p["metadata"]["name"]), _phase(p), _restarts(p)) for p in found]
    past = question.span.named and question.span.words != "now"
    if past and question.detail not in _DATED:
        words = f"I see pods as they are now, not as they were in {question.span.words}"
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
        said = f"None of the {len(rows)} pods that exist now was {words} in {question.span.words}"
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


def _restarts(pod: Thing) -> int:
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
    evidence = await _objects(house, question, asker)
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


async def who_calls(house: House, question: Question, asker: Asker) -> Answer:
    """From traces and from what is declared."""
    graph = await calls(house)
    if not graph.edges:
        return Answer(
            "I have not seen who calls whom yet: no traces were read and no calls are declared (entities.calls).", {}
        )
    if question.detail == "graph" or not question.services:
        edges = sorted((e.caller, e.callee) for e in graph.edges)
        return Answer(
            "Who calls whom:\n" + str(Table([(a, f"→ {listed(sorted(c))}") for a, c in sorted(graph.callees.items())])),
            {"edges": edges},
        )
    out, data = [], {}
    for service in question.services:
        if service not in graph.services:
            out.append(f"{service}: I have not seen it call or be called.")
            continue
        direct = sorted((graph.callees if question.detail == "callees" else graph.callers).get(service, ()))
        reach = graph.downstream(service) if question.detail == "callees" else graph.upstream(service)
        further = sorted(reach - {service} - set(direct))
        verb = {"callees": "calls", "callers": "is called by", "blast": "failing would be felt by"}[question.detail]
        more = f" directly; through them {listed(further)}" if further else ""
        out.append(f"{service} {verb} {listed(direct) or 'nobody'}{more}.")
        data[service] = {"direct": direct, "further": further}
    return Answer("\n".join(out), data)


async def services(house: House, question: Question, asker: Asker) -> Answer:
    """Those that are measured or called."""
    seen = await measured(house, question, ("mem", "traffic"), asker.now - timedelta(minutes=10), asker.now)
    names = sorted({s for _, s in seen.series} | set((await calls(house)).services))
    if not names:
        return Answer("I see no service yet: no source is configured, or none has data.", {"services": []})
    return Answer(f"{plural(len(names), 'service')}: {', '.join(names)}", {"services": names})
