"""Who calls whom, and which services there are."""

from datetime import timedelta

from watchkeeper.ask.amounts import listed, plural
from watchkeeper.ask.answer import Answer, Asker
from watchkeeper.ask.question import Question
from watchkeeper.domain.topology import Topology
from watchkeeper.workflows.answers.seen import Table, calls, measured
from watchkeeper.workflows.house import House


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
    if len(question.services) == 2 and question.detail in ("callers", "callees"):
        out = [_between(graph, *question.services), *out]
    return Answer("\n".join(out), data)


def _between(graph: Topology, one: str, other: str) -> str:
    """Does one of them call the other, directly or through others?"""
    for a, b in ((one, other), (other, one)):
        if b in graph.callees.get(a, ()):
            return f"Yes: {a} calls {b} directly."
    for a, b in ((one, other), (other, one)):
        if b in graph.downstream(a):
            return f"Yes, through others: {a} depends on {b}."
    return f"No: neither {one} nor {other} depends on the other, as far as I have seen."


async def services(house: House, question: Question, asker: Asker) -> Answer:
    """Those that are measured or called."""
    seen = await measured(house, question, ("mem", "traffic"), asker.now - timedelta(minutes=10), asker.now)
    names = sorted({s for _, s in seen.series} | set((await calls(house)).services))
    if not names:
        return Answer("I see no service yet: no source is configured, or none has data.", {"services": []})
    return Answer(f"{plural(len(names), 'service')}: {', '.join(names)}", {"services": names})
