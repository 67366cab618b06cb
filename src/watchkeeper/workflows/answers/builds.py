"""Runs of pipelines: what failed and why, which failures are chance, what time they cost."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from watchkeeper.ask.amounts import clock, length, listed, plural
from watchkeeper.ask.answer import Answer, Asker, Link
from watchkeeper.ask.question import Question
from watchkeeper.domain.escaping import visible
from watchkeeper.pipelines.words import title_of
from watchkeeper.store.ports.pipelines import PipelineRun
from watchkeeper.workflows.house import House
from watchkeeper.workflows.pipelines_shown import list_runs

_SHOWN, _READ = 8, 200
_BACK = timedelta(days=7)


async def builds(house: House, question: Question, asker: Asker) -> Answer:
    """Runs of the asked time, else of the last seven days."""
    since = question.span.start if question.span.named else asker.now - _BACK
    until = question.span.end if question.span.named else asker.now
    words = question.span.within() if question.span.named else "in the last seven days"
    found = [r for r in await list_runs(house, before=until, limit=_READ) if r.started_at >= since]
    runs = [r for r in found if not question.services or any(_of(house, r, s) for s in question.services)]
    who = f" of {listed(list(question.services))}" if question.services else ""
    if not runs:
        return Answer(f"No run of a pipeline{who} is on record {words}.", {"count": 0})
    failed = [r for r in runs if r.state == "failed"]
    if question.detail == "state":
        return _state(runs, asker)
    if not failed:
        return Answer(f"No pipeline{who} failed {words}; {plural(len(runs), 'run')} are on record.", {"count": 0})
    match question.detail:
        case "flaky":
            return _flaky(failed, who, words)
        case "lost":
            return _lost(failed, who, words)
        case "causes":
            return _causes(failed, who, words)
        case "why":
            return _why(house, failed[0], asker)
        case _:
            lines = [_line(r, asker) for r in failed[:_SHOWN]]
            head = f"{plural(len(failed), 'run')} failed{who} {words}:"
            return Answer("\n".join([head, *lines]), {"count": len(failed), "runs": [r.id for r in failed[:50]]})


def _of(house: House, run: PipelineRun, service: str) -> bool:
    built = house.settings.ci.services
    named = built.get(run.repository) or built.get(run.name) or run.repository.rsplit("/", 1)[-1]
    return service == named or service in run.name.lower()


def _line(run: PipelineRun, asker: Asker) -> str:
    why = f": {title_of(run.category)}" if run.state == "failed" else ""
    chance = ", probably by chance" if run.flaky else ""
    at = clock(run.started_at, asker.zone, asker.now)
    return f"{visible(run.name)} on {visible(run.branch)} {run.state} at {at}{chance}{why}"


def _state(runs: Sequence[PipelineRun], asker: Asker) -> Answer:
    newest: dict[tuple[str, str, str], PipelineRun] = {}
    for run in runs:
        newest.setdefault((run.repository, run.name, run.branch), run)
    last = sorted(newest.values(), key=lambda r: (r.state != "failed", -r.started_at.timestamp()))
    red = sum(r.state == "failed" for r in last)
    head = f"{plural(red, 'pipeline')} of {len(last)} failed at last:" if red else f"All {len(last)} passed at last:"
    rows = [{"name": r.name, "branch": r.branch, "state": r.state} for r in last]
    return Answer("\n".join([head, *(_line(r, asker) for r in last[:_SHOWN])]), {"failed": red, "pipelines": rows[:50]})


def _why(house: House, run: PipelineRun, asker: Asker) -> Answer:
    """The newest failure, with the lines that say why."""
    lines = [_line(run, asker)]
    for job in run.body.get("jobs", [])[:2]:
        lines += [f"  line {f['line']}: {visible(str(f['text']))[:300]}" for f in job.get("findings", [])[:3]]
        lines += [f"  what to do: {visible(str(job['fix']))}"] if job.get("fix") else []
    lines += [f"  failed test: {visible(str(t['name']))}" for t in run.body.get("tests", [])[:3]]
    url = f"{house.settings.server.public_url.rstrip('/')}/pipelines/{run.id}"
    return Answer("\n".join(lines), {"run": run.id, "category": run.category}, links=(Link(run.name, url),))


def _flaky(failed: Sequence[PipelineRun], who: str, words: str) -> Answer:
    chance = [r for r in failed if r.flaky]
    if not chance:
        return Answer(f"None of {plural(len(failed), 'failure')}{who} {words} looks like chance.", {"count": 0})
    return _counted(f"{len(chance)} of {len(failed)} failures{who} {words} look like chance:", chance, "template")


def _causes(failed: Sequence[PipelineRun], who: str, words: str) -> Answer:
    return _counted(f"{plural(len(failed), 'failure')}{who} {words}, by cause:", failed, "category")


def _lost(failed: Sequence[PipelineRun], who: str, words: str) -> Answer:
    seconds = sum(r.seconds for r in failed)
    head = f"Failed runs{who} took {length(seconds)} {words}:"
    said = _counted(head, failed, "name")
    return Answer(said.text, {**said.data, "seconds": seconds})


def _counted(head: str, runs: Sequence[PipelineRun], by: str) -> Answer:
    groups: dict[str, list[PipelineRun]] = {}
    for run in runs:
        groups.setdefault(str(getattr(run, by)), []).append(run)
    ranked = sorted(
        groups.items(), key=lambda pair: (-sum(r.seconds for r in pair[1]) if by == "name" else -len(pair[1]), pair[0])
    )
    lines = [
        f"{_named(name, by)}: {len(some)} times, {length(sum(r.seconds for r in some))}"
        for name, some in ranked[:_SHOWN]
    ]
    rows: list[Mapping[str, Any]] = [{by: name, "failures": len(some)} for name, some in ranked[:50]]
    return Answer("\n".join([head, *lines]), {"count": len(runs), "groups": rows})


def _named(name: str, by: str) -> str:
    return title_of(name) if by == "category" else visible(name) or "without a telling line"
