"""Numbers of signals: show, rank, compare, since when, healthy or not, what will reach its limit."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper.ask.amounts import amount, clock, difference, listed
from watchkeeper.ask.answer import Answer, Asker
from watchkeeper.ask.curve import Curve, increase, one_curve
from watchkeeper.ask.picture import sparkline, svg
from watchkeeper.ask.question import Order, Question, Summary, Threshold
from watchkeeper.ask.signals import PARTNER, SIGNALS, Asked
from watchkeeper.ask.thresholds import in_unit
from watchkeeper.workflows.answers.seen import Measured, Table, measured
from watchkeeper.workflows.house import House

_SHOWN = 20
_NOW_MINUTES = 10
_LATE = 120.0
"""Seconds by which measurements may begin after the time that is asked about."""
_NO_CHANGE = 0.005
"""Share below which a difference is none."""
_COUNTED = {"traffic": "requests", "errors": "failed requests", "pool-timeouts": "time-outs"}


async def measure(house: House, question: Question, asker: Asker) -> Answer:
    """Each signal of each service over the span."""
    parts = [await _one_signal(house, question, name, asker) for name in question.signals]
    if len(parts) == 1:
        return parts[0]
    return Answer(
        "\n\n".join(p.text for p in parts), {"signals": {n: dict(p.data) for n, p in zip(question.signals, parts, strict=True)}},
        all(p.understood for p in parts), parts[0].picture,
    )  # fmt: skip


async def _one_signal(house: House, question: Question, name: str, asker: Asker) -> Answer:
    signal = SIGNALS[name]
    partner = PARTNER.get(name, "") if not question.per_pod else ""
    extra = ("traffic",) if name == "errors" and (question.count or question.summary is Summary.TOTAL) else ()
    start, end = _edges(question, asker)
    seen = await measured(house, question, (name, *((partner,) if partner else ()), *extra), start, end)
    if not seen.services(name):
        return nothing(seen, signal, question)
    if question.versus is not None:
        return await _compared(house, question, name, seen, asker)
    told = _told(seen, name, question, asker, partner)
    short = "" if "The data begin at" in told.text else short_of(seen, name, start, asker)
    return replace(told, text=told.text + short)


def _told(seen: Measured, name: str, question: Question, asker: Asker, partner: str) -> Answer:
    signal = SIGNALS[name]
    if signal.grows:
        return _grown(seen, signal, question, asker)
    if question.per_pod:
        return _by_pod(seen, signal, question, asker)
    if (question.count or question.summary is Summary.TOTAL) and (signal.flow or name == "errors"):
        return _totals(seen, signal, question, asker)
    curves = {s: seen.curve(name, s) for s in seen.services(name)}
    return _table(curves, signal, question, asker, seen, partner)


def short_of(seen: Measured, name: str, start: datetime, asker: Asker) -> str:
    """Says so where measurements begin well after the time that is asked about."""
    first = min((c.times[0] for s in seen.services(name) if not (c := seen.curve(name, s)).empty), default=None)
    if first is None or first - start.timestamp() <= max(_LATE, 0.05 * (asker.now - start).total_seconds()):
        return ""
    return f"\nMeasured only since {clock(datetime.fromtimestamp(first, asker.zone), asker.zone, asker.now)}."


def _edges(question: Question, asker: Asker) -> tuple[datetime, datetime]:
    """What is read: the span, or for "now" enough to draw a small picture."""
    span = question.span
    if span.named and span.words != "now":
        return span.start, span.end
    return asker.now - timedelta(hours=1), asker.now


def _is_now(question: Question) -> bool:
    return (not question.span.named or question.span.words == "now") and question.span.moment is None


def nothing(seen: Measured, signal: Asked, question: Question) -> Answer:
    """No data is an answer, with the reason where there is one."""
    who = f" of {listed(list(question.services))}" if question.services else ""
    if seen.unseen:
        first = seen.unseen[0]
        said = first if first.startswith("No metrics") else f"I cannot see {lower_title(signal.title)}{who}: {first}"
    else:
        said = f"There is no data for {lower_title(signal.title)}{who} {question.span.within()}: no source measures it here."
    return Answer(said, {"values": {}, "unseen": list(seen.unseen)})


def lower_title(title: str) -> str:
    """Within a sentence; what begins with an abbreviation stays."""
    return title if title[:2].isupper() else title[0].lower() + title[1:]


def _values(curves: Mapping[str, Curve], question: Question, asker: Asker) -> tuple[dict[str, float], str]:
    """One number for each service, and what it is."""
    how, span = question.summary, question.span
    out: dict[str, float] = {}
    for service, curve in curves.items():
        if span.moment is not None and how in (None, Summary.NOW):
            value = curve.at(span.moment.timestamp())
        elif _is_now(question) and how in (None, Summary.NOW):
            recent = curve.between(asker.now.timestamp() - _NOW_MINUTES * 60, asker.now.timestamp())
            value = recent.summary(Summary.NOW)
        else:
            value = curve.between(span.start.timestamp(), span.end.timestamp()).summary(how or Summary.MEAN)
        if value is not None:
            out[service] = value
    if span.moment is not None and how in (None, Summary.NOW):
        return out, f"at {span.words}"
    if _is_now(question) and how in (None, Summary.NOW):
        return out, "now"
    words = {
        Summary.MAX: "peak",
        Summary.MIN: "lowest",
        Summary.MEAN: "average",
        None: "average",
        Summary.NOW: "latest",
        Summary.TOTAL: "total",
    }[how]
    return out, f"{words} {span.within(lead='over')}"


def _table(
    curves: Mapping[str, Curve], signal: Asked, question: Question, asker: Asker, seen: Measured, partner: str
) -> Answer:
    values, what = _values(curves, question, asker)
    if not values:
        return nothing(seen, signal, question)
    limit = in_unit(question.threshold, signal.unit) if question.threshold else None
    if question.threshold is not None and limit is None:
        return Answer(
            f"{signal.title} is told in {signal.unit}, which cannot be compared with {question.threshold.value:g} {question.threshold.unit}.",
            understood=False,
        )
    if limit is not None and question.threshold is not None:
        values = {s: v for s, v in values.items() if (v > limit) == question.threshold.above}
        if not values:
            return Answer(
                f"None: no service has {lower_title(signal.title)} {_limit(question.threshold)} ({what}).",
                {"values": {}, "unit": signal.unit},
            )
    ranked = sorted(values.items(), key=lambda kv: (-kv[1], kv[0]))
    spanned = not _is_now(question) and question.summary is None and question.span.moment is None
    rows: list[tuple[str, ...]] = []
    for service, value in ranked[:_SHOWN]:
        curve = curves[service]
        cells = [service, amount(value, signal.unit)]
        if question.minutely and signal.unit == "requests/s":
            cells.append(f"{value * 60:,.0f} a minute")
        if spanned:
            cells += [
                f"peak {amount(curve.summary(Summary.MAX), signal.unit)}",
                f"{_last_word(question, asker)} {amount(curve.summary(Summary.NOW), signal.unit)}",
            ]
        elif question.summary is Summary.MAX:
            cells.append(
                f"at {clock(datetime.fromtimestamp(curve.peak_at, UTC), asker.zone, asker.now, half_days=question.half_days)}"
            )
        if partner and (share := _share(seen, partner, service, question, asker)) is not None:
            cells.append(f"{amount(share, '%')} of its limit")
        rows.append((*cells, sparkline(curve)))
    text = f"{signal.title}, {what}:\n{Table(rows)}"
    text += f"\n… and {len(ranked) - _SHOWN} more" if len(ranked) > _SHOWN else ""
    text += _short_history(curves, question, asker)
    data = {
        "signal": signal.name,
        "unit": signal.unit,
        "what": what,
        "values": dict(ranked),
        "queries": list(seen.queries),
    }
    return Answer(
        text + _unseen(seen),
        data,
        picture=svg({s: curves[s] for s, _ in ranked}, f"{signal.title}, {question.span.words}", signal.unit),
    )


def _last_word(question: Question, asker: Asker) -> str:
    """The last sample of a span is only "now" if the span ends now."""
    return "now" if asker.now - question.span.end < timedelta(minutes=2) else "at its end"


def _share(seen: Measured, partner: str, service: str, question: Question, asker: Asker) -> float | None:
    values, _ = _values({service: seen.curve(partner, service)}, question, asker)
    return values.get(service)


def _limit(threshold: Threshold) -> str:
    return f"{'above' if threshold.above else 'below'} {threshold.value:g} {threshold.unit}".strip()


def _short_history(curves: Mapping[str, Curve], question: Question, asker: Asker) -> str:
    """Told where the data begin well after the span does."""
    firsts = [float(c.times[0]) for c in curves.values() if not c.empty]
    start, end = question.span.start.timestamp(), question.span.end.timestamp()
    if not firsts or _is_now(question) or min(firsts) - start <= max(0.1 * (end - start), 120):
        return ""
    return f"\nThe data begin at {clock(datetime.fromtimestamp(min(firsts), UTC), asker.zone, asker.now)}; before that I have none."


def _unseen(seen: Measured) -> str:
    return f"\nCould not be read: {'; '.join(seen.unseen[:3])}" if seen.unseen else ""


def _totals(seen: Measured, signal: Asked, question: Question, asker: Asker) -> Answer:
    """Rates summed over time; failed requests are the share of errors times the requests."""
    span = question.span
    start, end = span.start.timestamp(), span.end.timestamp()
    out: dict[str, float] = {}
    for service in seen.services(signal.name):
        curve = seen.curve(signal.name, service).between(start, end)
        if signal.name == "errors":
            traffic = seen.curve("traffic", service)
            rates = [(traffic.at(float(t)) or 0.0) * v / 100 for t, v in zip(curve.times, curve.values, strict=True)]
            out[service] = sum(rates) * curve.step
        elif (total := curve.summary(Summary.TOTAL)) is not None:
            out[service] = total
    noun = _COUNTED.get(signal.name, signal.unit)
    ranked = sorted(out.items(), key=lambda kv: (-kv[1], kv[0]))
    table = Table([(s, f"about {v:,.0f} {noun}") for s, v in ranked[:_SHOWN]])
    words = span.within()
    return Answer(
        f"{noun.capitalize()} {words} (rates summed over time):\n{table}",
        {"unit": noun, "values": dict(ranked), "queries": list(seen.queries)},
    )


def _grown(seen: Measured, signal: Asked, question: Question, asker: Asker) -> Answer:
    span = question.span
    start, end = span.start.timestamp(), span.end.timestamp()
    grown = {s: increase(seen.series[(signal.name, s)], start, end) for s in seen.services(signal.name)}
    some = sorted(((s, v) for s, v in grown.items() if v > 0), key=lambda kv: (-kv[1], kv[0]))
    words = span.within()
    limit = question.threshold
    if limit is not None:
        some = [(s, v) for s, v in some if (v > limit.value) == limit.above]
        words += f", {_limit(limit)}"
    data = {"unit": signal.unit, "values": grown, "queries": list(seen.queries)}
    if not some:
        who = listed(list(question.services)) if question.services else f"all {len(grown)} services"
        return Answer(f"None: no {lower_title(signal.title)} at {who} {words}.", data)
    pods = [
        (str(one.labels.get("pod", "")), increase([one], start, end))
        for s, _ in some
        for one in seen.series[(signal.name, s)]
    ]
    table = Table([(s, amount(v, signal.unit)) for s, v in some])
    named = "\n".join(f"  {pod}: {v:.0f}" for pod, v in pods if v > 0 and pod)
    return Answer(f"{signal.title} {words}:\n{table}" + (f"\nBy pod:\n{named}" if named else ""), data)


def _by_pod(seen: Measured, signal: Asked, question: Question, asker: Asker) -> Answer:
    curves: dict[str, Curve] = {}
    for service in seen.services(signal.name):
        by_pod: dict[str, list[Any]] = {}
        for one in seen.series[(signal.name, service)]:
            by_pod.setdefault(str(one.labels.get("pod", "")), []).append(one)
        curves |= {pod: one_curve(group, signal.combine) for pod, group in by_pod.items() if pod}
    if not curves:
        return Answer(
            f"{signal.title} is not measured by pod here, only by service.",
            {"values": {}},
            nearest=("ask it without pods",),
        )
    if _is_now(question):
        # A pod that is gone has no now.
        last = max(float(c.times[-1]) for c in curves.values())
        curves = {p: c for p, c in curves.items() if float(c.times[-1]) > last - 4 * c.step}
    return _table(curves, signal, replace(question, services=()), asker, seen, "")


async def _compared(house: House, question: Question, name: str, seen: Measured, asker: Asker) -> Answer:
    """Means of the two spans; a span without data is said."""
    signal, versus = SIGNALS[name], question.versus
    assert versus is not None
    then = await measured(house, question, (name,), versus.start, versus.end)
    start, end = question.span.start.timestamp(), question.span.end.timestamp()
    if _is_now(question) and versus.moment is None and versus.end < question.span.start + timedelta(hours=1):
        start = max(start, end - 600)
    how = question.summary if question.summary in (Summary.MAX, Summary.MIN) else Summary.MEAN
    rows: list[tuple[str, ...]] = []
    values: dict[str, dict[str, float | None]] = {}
    for service in seen.services(name):
        now = seen.curve(name, service).between(start, end).summary(how)
        before = then.curve(name, service).between(versus.start.timestamp(), versus.end.timestamp()).summary(how)
        values[service] = {"now": now, "then": before}
        if now is None or before is None:
            rows.append((service, amount(now, signal.unit), f"then {amount(before, signal.unit)}", ""))
            continue
        share = f"{difference(100 * (now - before) / before, '%')}" if before else ""
        if now == before or (before and abs(now - before) < _NO_CHANGE * abs(before)):
            rows.append((service, amount(now, signal.unit), f"then {amount(before, signal.unit)}", "no change"))
            continue
        rows.append(
            (
                service,
                amount(now, signal.unit),
                f"then {amount(before, signal.unit)}",
                f"{difference(now - before, signal.unit)} {share}".strip(),
            )
        )
    if all(v["then"] is None for v in values.values()):
        return Answer(
            f"I have no {lower_title(signal.title)} from {versus.words} ({clock(versus.start, asker.zone, asker.now)} to {clock(versus.end, asker.zone, asker.now)}), so I cannot compare.",
            {"values": values, "unit": signal.unit},
        )
    lately = start > question.span.start.timestamp()
    span = "over lately (last 10 min)" if lately else question.span.within(lead="over")
    return Answer(
        f"{signal.title}, {'average' if how is Summary.MEAN else how} {span} against {versus.words}:\n{Table(rows)}",
        {"values": values, "unit": signal.unit, "queries": list(seen.queries)},
        picture=svg({s: seen.curve(name, s) for s in seen.services(name)}, signal.title, signal.unit),
    )


async def rank(house: House, question: Question, asker: Asker) -> Answer:
    """The services with the most or the least of a signal, or beyond a limit."""
    name = question.signals[0]
    if question.threshold is not None and question.threshold.unit == "%" and name in PARTNER:
        name = PARTNER[name]
    signal = SIGNALS[name]
    start, end = _edges(question, asker)
    seen = await measured(house, question, (name,), start, end)
    if not seen.services(name):
        return nothing(seen, signal, question)
    if signal.grows:
        return _grown(seen, signal, question, asker)
    if question.per_pod:
        return _by_pod(seen, signal, question, asker)
    asked = question
    if question.threshold is not None and not _is_now(question) and question.summary is None:
        asked = replace(question, summary=Summary.MAX if question.threshold.above else Summary.MIN)
    curves = {s: seen.curve(name, s) for s in seen.services(name)}
    if question.threshold is not None:
        return _table(curves, signal, asked, asker, seen, "")
    values, what = _values(curves, asked, asker)
    if not values:
        return nothing(seen, signal, question)
    sign = 1 if question.order is Order.LEAST else -1
    ranked = sorted(values.items(), key=lambda kv: (sign * kv[1], kv[0]))
    first, value = ranked[0]
    shown = ranked[: question.top or 5]
    if value == 0 and question.order is not Order.LEAST:
        return Answer(
            f"None: {lower_title(signal.title)} is 0 at every service ({what}).",
            {"values": dict(ranked), "unit": signal.unit},
        )
    table = Table([(f"{n}. {s}", amount(v, signal.unit), sparkline(curves[s])) for n, (s, v) in enumerate(shown, 1)])
    end_word = "lowest" if question.order is Order.LEAST else "highest"
    head = f"{first} has the {end_word} {lower_title(signal.title)}: {amount(value, signal.unit)} ({what})."
    data = {
        "signal": name,
        "unit": signal.unit,
        "what": what,
        "first": first,
        "values": dict(ranked),
        "queries": list(seen.queries),
    }
    return Answer(
        f"{head}\n{table}{_unseen(seen)}",
        data,
        picture=svg({s: curves[s] for s, _ in shown}, signal.title, signal.unit),
    )
