"""Why something restarts: whether it does, how often, how its containers ended; then the cause as for any other symptom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from watchkeeper.ask.amounts import clock, listed, plural
from watchkeeper.ask.answer import Answer, Asker
from watchkeeper.ask.curve import increase
from watchkeeper.ask.question import Question
from watchkeeper.diagnose.objects import container_states, service_of_pod
from watchkeeper.workflows.answers.cluster import objects, restarts_of
from watchkeeper.workflows.answers.seen import Table, measured
from watchkeeper.workflows.answers.why import why
from watchkeeper.workflows.house import House

_MEMORY = "OOMKilled"


@dataclass(frozen=True, slots=True)
class Restarted:
    """One pod as the cluster has it now."""

    service: str
    name: str
    count: int
    ended: str
    """How the last container ended, such as OOMKilled; "" where none did."""
    code: int | None
    at: datetime | None


async def why_restarts(house: House, question: Question, asker: Asker) -> Answer:
    """The premise is checked against the cluster and the counters before a cause is told."""
    evidence = await objects(house, question, asker)
    pods = [_restarted(p) for p in evidence.objects if p["kind"] == "Pod" and _asked(service_of_pod(p), question)]
    span = question.span
    seen = await measured(house, question, ("restarts",), span.start, span.end)
    counted = {
        s: increase(seen.series[("restarts", s)], span.start.timestamp(), span.end.timestamp())
        for s in seen.services("restarts")
    }
    some = [p for p in pods if (p.count or p.ended) and ("oom" not in question.signals or p.ended == _MEMORY)]
    some = [p for p in some if p.at is None or p.at <= span.end]
    words = span.within()
    who = listed(list(question.services)) or "any service"
    data: dict[str, Any] = {
        "cause": None, "restarts": {s: round(n) for s, n in counted.items() if n > 0}, "pods": [{"pod": p.name, "restarts": p.count, "ended": p.ended} for p in some],
    }  # fmt: skip
    if not pods and not counted:
        return Answer(f"I see neither pods nor restart counters of {who}, so I cannot say why.", data)
    if not some and not any(n > 0 for n in counted.values()):
        what = "was killed for memory" if "oom" in question.signals else "restarted"
        return Answer(
            f"I see no such thing: no pod of {who} {what} {words} ({plural(len(pods), 'pod')} looked at, {sum(p.count for p in pods)} restarts).",
            {**data, "premise": False},
        )
    lines = [
        f"{s}: restarted {n:.0f} {'time' if round(n) == 1 else 'times'} {words}"
        for s, n in sorted(counted.items())
        if n > 0
    ]
    table = Table(
        [(p.name, plural(p.count, "restart"), _ending(p, asker)) for p in sorted(some, key=lambda p: -p.count)[:10]]
    )
    cause = await why(house, replace(question, signals=()), asker)
    text = "\n".join(part for part in (*lines, str(table), cause.text) if part)
    return replace(cause, text=text, data={**data, **cause.data})


def _restarted(pod: Mapping[str, Any]) -> Restarted:
    ends = _ends(container_states(pod))
    last = max(ends, key=lambda e: str(e.get("finishedAt", "")), default={})
    at = datetime.fromisoformat(str(last["finishedAt"])) if last.get("finishedAt") else None
    return Restarted(
        service_of_pod(pod),
        str(pod["metadata"]["name"]),
        restarts_of(pod),
        str(last.get("reason", "")),
        last.get("exitCode"),
        at,
    )


def _ends(states: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    both = ((s.get("lastState") or {}).get("terminated") or (s.get("state") or {}).get("terminated") for s in states)
    return [e for e in both if e]


def _ending(pod: Restarted, asker: Asker) -> str:
    if not pod.ended:
        return ""
    code = f" (exit code {pod.code})" if pod.code is not None else ""
    return f"last ended {pod.ended}{code}" + (f" at {clock(pod.at, asker.zone, asker.now)}" if pod.at else "")


def _asked(service: str, question: Question) -> bool:
    return (not question.services or service in question.services) and service not in question.excluded
