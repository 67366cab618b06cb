"""Plain questions, answered from what the store and the sources say. The one way in for every door."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watchkeeper.ask.answer import Answer, Asker
from watchkeeper.ask.parse import EXAMPLES, parse
from watchkeeper.ask.question import Command, Intent, Question, Unclear
from watchkeeper.ask.signals import SIGNALS
from watchkeeper.domain.errors import InvalidInput, NotFound, SourceError
from watchkeeper.domain.escaping import visible
from watchkeeper.workflows.answers import (
    ahead,
    alarms,
    builds,
    cluster,
    graph,
    lines,
    numbers,
    past,
    records,
    repairs,
    restarts,
    since,
    state,
    why,
)
from watchkeeper.workflows.answers.anchored import anchored
from watchkeeper.workflows.answers.seen import known
from watchkeeper.workflows.house import House
from watchkeeper.workflows.read_question import read_question

Answerer = Callable[[House, Question, Asker], Awaitable[Answer]]
_ANSWERS: Mapping[Intent, Answerer] = {
    Intent.MEASURE: numbers.measure, Intent.RANK: numbers.rank, Intent.WHEN: since.when, Intent.HEALTH: state.health,
    Intent.UNUSUAL: ahead.unusual, Intent.FORECAST: ahead.forecast, Intent.NEAR: ahead.near, Intent.SAFE: state.safe, Intent.PODS: cluster.pods,
    Intent.DECLARED: cluster.declared, Intent.CALLS: graph.who_calls, Intent.SERVICES: graph.services, Intent.INCIDENTS: records.incidents,
    Intent.ALERTS: alarms.alerts, Intent.NOISE: alarms.noise, Intent.CHANGES: records.changes, Intent.PLANS: repairs.plans, Intent.LOGS: lines.logs,
    Intent.TRACES: lines.traces, Intent.WHY: why.why, Intent.RECALL: past.recall, Intent.BUILDS: builds.builds,
}  # fmt: skip
_CAN = (
    "I answer from what is measured and remembered: CPU, memory, latency, errors, traffic, pools, queues, restarts (now, over a time, "
    "ranked, compared, above a limit), health, logs, traces, pods, versions and limits, who calls whom, changes, alerts, incidents and why, "
    "repairs, who approved them and what waits for approval, what is near its limit or breaks next, whether anything speaks against a deploy, "
    "noisy alerts, broken pipelines, similar incidents and runbooks."
)


async def answer(house: House, text: str, context: str = "", zone: str = "") -> Answer:
    """What can be said to these words. `zone` is an IANA name such as Europe/Berlin. Raises InvalidInput for an unknown one."""
    asker = Asker(zone_of(house, zone), house.clock.now(), context)
    names = await known(house)
    parsed = parse(text, names, asker.now, asker.zone, context)
    if isinstance(parsed, Unclear):
        read = await read_question(house, text, names, asker) if parsed.model_may_read else None
        if read is None:
            return unclear(parsed)
        said = await answer_question(house, read, asker)
        return replace(
            said,
            text=f"{house.model.name} reads this as: {told(read)}\n{said.text}",
            data={**said.data, "read_by": house.model.name},
        )
    if isinstance(parsed, Command):
        words = f"To {parsed.verb} something, use the buttons that came with it, the console, or the command line: words alone decide nothing."
        return Answer(words, {"command": str(parsed.verb), "subject": parsed.subject})
    return await answer_question(house, parsed, asker)


async def answer_question(house: House, question: Question, asker: Asker) -> Answer:
    """The same for a question that was read before."""
    if question.intent is Intent.HELP:
        greeting = "Hello. " if question.detail == "greeting" else ""
        return Answer(f"{greeting}{_CAN}\nFor example: " + "; ".join(EXAMPLES), {"examples": list(EXAMPLES)})
    try:
        found = await anchored(house, question, asker)
        return found if isinstance(found, Answer) else _with_slips(await _answerer(found)(house, found, asker), found)
    except SourceError as error:
        return Answer(f"I cannot tell: {error}", {"unseen": [str(error)]})
    except NotFound as error:
        return Answer(f"There is {error}.", {"found": False})


def _answerer(question: Question) -> Answerer:
    if question.intent is Intent.WHY and set(question.signals) & {"restarts", "oom"}:
        return restarts.why_restarts
    return _ANSWERS[question.intent]


def _with_slips(said: Answer, question: Question) -> Answer:
    """With what was read for what was written, so that a wrong reading is seen."""
    if not question.read_as:
        return said
    read = "; ".join(f"“{visible(a)}” as “{b}”" for a, b in question.read_as)
    return replace(said, text=f"{said.text}\n(I read {read}.)")


def told(question: Question) -> str:
    """The typed question in words, so that a misreading is seen."""
    what = ", ".join(SIGNALS[s].title for s in question.signals)
    parts = [
        str(question.intent),
        question.detail,
        what,
        "of " + (", ".join(question.services) or "all services"),
        question.span.words,
    ]
    return " ".join(p for p in parts if p)


def unclear(parsed: Unclear) -> Answer:
    """Says what was not understood and what is near."""
    nearest = tuple(n for n in parsed.nearest if n)
    near = f"\nThe nearest I can answer: {'; '.join(nearest)}" if nearest else ""
    return Answer(f"{parsed.because}.{near}", {"understood": False}, understood=False, nearest=nearest)


def zone_of(house: House, name: str) -> tzinfo:
    """The asker's zone, or the installation's."""
    chosen = name or house.settings.ask.timezone
    try:
        return ZoneInfo(chosen)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            f"no time zone named {chosen!r}", field="timezone", hint="an IANA name such as Europe/Berlin"
        ) from None
