"""Since when a signal is out of its usual range, and until when."""

from datetime import UTC, datetime, timedelta

from watchkeeper.ask.amounts import amount, clock, length
from watchkeeper.ask.answer import Answer, Asker
from watchkeeper.ask.curve import moved
from watchkeeper.ask.picture import sparkline, svg
from watchkeeper.ask.question import Question, Summary
from watchkeeper.ask.signals import SIGNALS
from watchkeeper.workflows.answers.numbers import lower_title, nothing
from watchkeeper.workflows.answers.seen import calls, measured
from watchkeeper.workflows.house import House


async def when(house: House, question: Question, asker: Asker) -> Answer:
    """Since when a signal is out of its usual range."""
    name = question.signals[0]
    signal, span = SIGNALS[name], question.span
    lead = max((span.end - span.start) / 2, timedelta(minutes=20))
    seen = await measured(house, question, (name,), span.start - lead, span.end)
    services = seen.services(name)
    if not services:
        return nothing(seen, signal, question)
    if not question.services and question.order is None:
        graph = await calls(house)
        entries = [s for s in services if not graph.callers.get(s)]
        services = (
            entries
            if entries and name in ("latency-95", "latency-50", "latency-90", "latency-99", "errors", "traffic")
            else services
        )
    down = question.detail == "down"
    found = {s: m for s in services if (m := moved(seen.curve(name, s), span.start.timestamp(), down=down)) is not None}
    words = span.within()
    if not found:
        curves = {s: seen.curve(name, s).between(span.start.timestamp(), span.end.timestamp()) for s in services}
        ranges = "; ".join(
            f"{s} between {amount(c.summary(Summary.MIN), signal.unit)} and {amount(c.summary(Summary.MAX), signal.unit)}"
            for s, c in list(curves.items())[:6]
        )
        return Answer(
            f"It did not: {lower_title(signal.title)} kept to its usual range {words}: {ranges}.",
            {"moved": {}, "unit": signal.unit},
        )
    lines = []
    by_size = question.order is not None
    for service, m in sorted(
        found.items(), key=lambda kv: -abs(kv[1].extreme - kv[1].usual) if by_size else kv[1].since
    ):
        began = clock(datetime.fromtimestamp(m.since, UTC), asker.zone, asker.now, half_days=question.half_days)
        lasts = (
            f"until {clock(datetime.fromtimestamp(m.until, UTC), asker.zone, asker.now, half_days=question.half_days)}"
            if m.until
            else f"and still is ({length(span.end.timestamp() - m.since)})"
        )
        lines.append(
            f"{service}: since {began} {lasts}; {amount(m.usual, signal.unit)} before, at {'least' if down else 'most'} {amount(m.extreme, signal.unit)}  {sparkline(seen.curve(name, service))}"
        )
    head = f"{signal.title} {'fell' if down else 'rose'}:"
    data = {s: {"since": m.since, "until": m.until, "usual": m.usual, "extreme": m.extreme} for s, m in found.items()}
    return Answer(
        "\n".join([head, *lines]),
        {"moved": data, "unit": signal.unit},
        picture=svg({s: seen.curve(name, s) for s in found}, signal.title, signal.unit),
    )
