"""What is unusual, what is close to its limit, and which limit will be reached."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.ask.amounts import amount, clock, listed, plural
from watchkeeper.ask.answer import Answer, Asker
from watchkeeper.ask.question import Question, Summary
from watchkeeper.ask.signals import PARTNER, SIGNALS
from watchkeeper.workflows.answers.seen import Table, measured
from watchkeeper.workflows.forecast import crossings_of_all, foreseen, unusual_of_all
from watchkeeper.workflows.house import House

_CLOSE = 80.0
"""Per cent of a limit that count as close to it."""
_SHARES = ("cpu-rate", "mem-rate", "pool-rate", "disk")
_SHARE_OF = {**PARTNER, "pool": "pool-rate", "cpu-throttled": "cpu-rate"}
_NAMED = 3
"""Services that are looked at one by one, days ahead too; more are looked at together."""
_TITLES = {s.metric: s for s in SIGNALS.values() if s.name != "availability"}
_SAID = 4


async def unusual(house: House, question: Question, asker: Asker) -> Answer:
    """What the detector flags, the service that departed farthest first."""
    start, end = question.span.start, question.span.end
    seconds = min(max((asker.now - start).total_seconds(), 60), 7 * 86400)
    found = await unusual_of_all(house, seconds)
    if not found:
        return Answer("No metrics source tells me anything, so I cannot judge.", {"anomalies": {}})
    asked = {
        s: e
        for s, e in found.items()
        if (not question.services or s in question.services) and s not in question.excluded
    }
    within = {s: [e for e in episodes if datetime.fromisoformat(e["began"]) <= end] for s, episodes in asked.items()}
    odd = sorted(((s, e) for s, e in within.items() if e), key=lambda one: (-max(map(_departure, one[1])), one[0]))
    words = question.span.within()
    data = {"anomalies": {s: e for s, e in within.items() if e}}
    if not odd:
        who = listed(sorted(asked)) if asked else listed(list(question.services))
        return Answer(
            f"Nothing unusual at {who} {words}." if asked else f"{who}: I have no measurements to judge.", data
        )
    lines = [f"{service}: {_episodes(episodes, asker)}" for service, episodes in odd[:10]]
    more = f"\n… and {plural(len(odd) - 10, 'further service')}" if len(odd) > 10 else ""
    return Answer("\n".join([f"Unusual {words}, the farthest from usual first:", *lines]) + more, data)


def _departure(episode: Mapping[str, Any]) -> float:
    usual, value = float(episode["usual"]), float(episode["value"])
    share = _TITLES[episode["metric"]].unit == "%" if episode["metric"] in _TITLES else False
    return min(abs(value - usual) / (max(abs(usual), 1.0) if share else max(abs(usual), 1e-3)), 1e3)


def _episodes(found: Sequence[Mapping[str, Any]], asker: Asker) -> str:
    """The farthest of each metric, in people's units."""
    farthest: dict[str, Mapping[str, Any]] = {}
    for one in sorted(found, key=_departure, reverse=True):
        farthest.setdefault(one["metric"], one)
    parts = []
    for metric, one in list(farthest.items())[:_SAID]:
        title, unit = (_TITLES[metric].title, _TITLES[metric].unit) if metric in _TITLES else (metric, "")
        at = clock(datetime.fromisoformat(one["began"]), asker.zone, asker.now)
        parts.append(
            f"{title if title[:2].isupper() else title.lower()} {amount(one['value'], unit)} from {at} (usual {amount(one['usual'], unit)})"
        )
    return "; ".join(parts) + (f" and {len(farthest) - _SAID} more" if len(farthest) > _SAID else "")


async def forecast(house: House, question: Question, asker: Asker) -> Answer:
    """Limits that will be reached within about an hour; of few named services those that are days away, too."""
    if question.services and len(question.services) <= _NAMED:
        found: Mapping[str, Sequence[Mapping[str, Any]]] = {s: await foreseen(house, s) for s in question.services}
    else:
        every = await crossings_of_all(house)
        found = {s: f for s, f in every.items() if not question.services or s in question.services}
    if not found:
        return Answer("No metrics source tells me anything, so I cannot foresee anything.", {"forecasts": {}})
    metrics = {SIGNALS[_SHARE_OF.get(s, s)].metric for s in question.signals}
    data = {s: [f for f in coming if not metrics or f["metric"] in metrics] for s, coming in found.items()}
    lines = [_coming(service, one, asker) for service, coming in sorted(data.items()) for one in coming]
    what = listed([SIGNALS[s].title for s in question.signals]) if question.signals else "no limit"
    none = f"{what} of {listed(sorted(found))} is {'' if not question.signals else 'not '}heading for its limit"
    return Answer(
        "\n".join(lines)
        if lines
        else f"Not within about the next hour, as far as I can foresee: {none}. Further ahead I do not look.",
        {"forecasts": data},
    )


def _coming(service: str, one: Mapping[str, Any], asker: Asker) -> str:
    at, early, late = (
        clock(datetime.fromisoformat(one[k]), asker.zone, asker.now) for k in ("expected", "earliest", "latest")
    )
    return f"{service}: {one['metric']} reaches {one['limit']:g} about {at} (between {early} and {late}); now {one['now']:.3g}"


async def near(house: House, question: Question, asker: Asker) -> Answer:
    """How full what has a limit is now, the fullest first; or at most, over a time."""
    names = tuple(dict.fromkeys(_SHARE_OF.get(s, s) for s in question.signals)) or _SHARES
    limited = [n for n in names if n in _SHARES]
    if not limited:
        return Answer(
            f"{listed([SIGNALS[n].title for n in names])} has no limit that I know of.",
            {"values": {}},
            understood=False,
        )
    past = question.span.named and question.span.words != "now"
    start, end = (question.span.start, question.span.end) if past else (asker.now - timedelta(minutes=10), asker.now)
    seen = await measured(house, question, limited, start, end)
    how = Summary.MAX if past else Summary.NOW
    full = {
        (service, name): value for name, service in seen.series
        if (value := seen.curve(name, service).between(start.timestamp(), end.timestamp()).summary(how)) is not None
    }  # fmt: skip
    if not full:
        return Answer(
            seen.unseen[0] if seen.unseen else "Nothing of it is measured against a limit here.", {"values": {}}
        )
    ranked = sorted(full.items(), key=lambda kv: (-kv[1], kv[0]))
    close = [one for one in ranked if one[1] >= _CLOSE]
    when = f", peak {question.span.within(lead='over')}" if past else " now"
    rows = [(s, SIGNALS[n].title, amount(v, "%")) for (s, n), v in (close or ranked[:5])[:15]]
    head = (
        f"At {_CLOSE:.0f} % of {'its' if len(close) == 1 else 'their'} limit or more{when}:" if close
        else f"None is close to its limit ({_CLOSE:.0f} % or more){when}; the fullest:"
    )  # fmt: skip
    data = {"values": {f"{s} {n}": v for (s, n), v in ranked}, "close": [f"{s} {n}" for (s, n), _ in close]}
    return Answer(f"{head}\n{Table(rows)}", data)
