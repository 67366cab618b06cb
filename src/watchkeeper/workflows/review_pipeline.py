"""A run that ended: fetched, reviewed, remembered, told where people look, and made a change that diagnosis weighs."""

import asyncio
import hashlib
import tempfile
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import IO, Any, TypeVar

from watchkeeper.codehosts.ci_port import Annotation, ContinuousIntegration, JobRun, Notice, Run
from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.errors import CodeHostError, NotFound
from watchkeeper.domain.evidence import Change
from watchkeeper.domain.failed_test import FailedTest
from watchkeeper.domain.redaction import redact
from watchkeeper.pipelines import words
from watchkeeper.pipelines.fixes import patch_of, wanted
from watchkeeper.pipelines.flaky import Flakiness, History, judge
from watchkeeper.pipelines.rank import Known
from watchkeeper.pipelines.review import Review, review, templates_of
from watchkeeper.pipelines.scan import template_of
from watchkeeper.store.ports.pipelines import PipelineNotice, PipelineRun
from watchkeeper.workflows.house import House
from watchkeeper.workflows.receive_alerts import receive_alerts

BLOCK = 1024 * 1024
JOBS = 5
"""Failed jobs of a run that are looked at"""
TRIES = 6
_LEASE = timedelta(minutes=10)
_T = TypeVar("_T")
_MERGES = ("push", "individualCI", "batchedCI")


async def announce(house: House, system: str, notice: Notice) -> bool:
    """Keep the news of a run; False where it was known."""
    async with house.store.transaction() as tx:
        return await tx.add_notice(system, notice.delivery, notice.repository, notice.run_id, house.clock.now())


async def review_due(house: House) -> int:
    """Look at every run that was announced. What a server cannot tell now is asked again later; how many were done."""
    now = house.clock.now()
    async with house.store.transaction() as tx:
        due = [n for n in await tx.due_notices(now) if n.system in house.ci]
        for notice in due:
            # A lease: a worker that dies leaves the news to be found again.
            await tx.settle_notice(notice.id, again_at=now + _LEASE)
    for notice in due:
        await _look(house, notice)
    return len(due)


async def _look(house: House, notice: PipelineNotice) -> None:
    again_at, problem = None, ""
    try:
        done = await review_run(house, house.ci[notice.system], notice.repository, notice.run_id)
        if not done and notice.tries < TRIES:
            again_at, problem = house.clock.now() + timedelta(seconds=30), "it still runs"
    except (CodeHostError, NotFound) as error:
        problem = str(error)
        if error.retryable and notice.tries < TRIES:
            again_at = house.clock.now() + timedelta(seconds=30 * 2**notice.tries)
    async with house.store.transaction() as tx:
        await tx.settle_notice(notice.id, again_at=again_at, problem=problem)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was read of a failed run."""

    reviews: tuple[tuple[JobRun, Review], ...] = ()
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    tests: tuple[FailedTest, ...] = ()


async def review_run(house: House, ci: ContinuousIntegration, repository: str, run_id: str) -> bool:
    """The whole story of one run; False while it still runs. May be told twice. Raises CodeHostError, NotFound."""
    run = await ci.run(repository, run_id)
    if run.state == "running":
        return False
    seen = await _read(ci, run) if run.state == "failed" else _Seen()
    record = _record(run, seen)
    async with house.store.transaction() as tx:
        before = await tx.failed_before(record)
        broken = await tx.open_failure(record)
        past = await tx.template_history(record, record.template)
        if run.state == "passed":
            for failure in before:
                words_ = judge(failure.category, History(), attempt=run.attempt, retry_succeeded=True).because
                await tx.save_pipeline_run(replace(failure, flaky=True, body={**failure.body, "flaky_because": words_}))
        flakiness = judge(record.category, History(past.failures, past.branches, past.passed_again))
        if run.state == "failed":
            record = replace(record, flaky=flakiness.flaky, body={**record.body, "flaky_because": flakiness.because})
        await tx.save_pipeline_run(record)
        for change in _changes(house, run, record):
            await tx.add_change(change)
    if house.settings.ci.comment:
        await _tell(house, ci, run, seen, flakiness, before_failed=broken is not None)
    await _deploys(house, run, record, broken)
    return True


async def _read(ci: ContinuousIntegration, run: Run) -> _Seen:
    missing: list[str] = []
    changed = await _else(ci.changed_files(run), (), missing)
    green = await _else(ci.last_green(run), None, missing)
    listed = await _else(ci.failed_tests(run), (), missing)
    tests = tuple(replace(t, name=redact(t.name), message=redact(t.message)) for t in listed)
    green_jobs = {j.name: j for j in await ci.jobs(green)} if green else {}
    reviews = []
    for job in [j for j in await ci.jobs(run) if j.failed][:JOBS]:
        known = Known(await _green_templates(ci, green, green_jobs.get(job.name)), changed, [t.name for t in tests])
        said = await _reviewed(ci, run, job, known)
        if said is None:
            missing.append(f"the log of {job.name} is not kept any more")
        else:
            reviews.append((job, said))
    return _Seen(tuple(reviews), changed, tuple(missing), tests)


async def _else(asked: Awaitable[_T], empty: _T, missing: list[str]) -> _T:
    """The answer; where the system has none, `empty`, and the words for it in `missing`."""
    try:
        return await asked
    except (CodeHostError, NotFound) as error:
        missing.append(str(error))
        return empty


async def _green_templates(ci: ContinuousIntegration, run: Run | None, job: JobRun | None) -> frozenset[str]:
    if run is None or job is None:
        return frozenset()
    with tempfile.TemporaryFile() as kept:
        try:
            await ci.log(run, job, kept.write)
        except (CodeHostError, NotFound):
            return frozenset()
        return await asyncio.to_thread(templates_of, _blocks(kept))


async def _reviewed(ci: ContinuousIntegration, run: Run, job: JobRun, known: Known) -> Review | None:
    """The log goes through a file: however large it is, memory stays small."""
    with tempfile.TemporaryFile() as kept:
        if not await ci.log(run, job, kept.write):
            return None
        return await asyncio.to_thread(review, _blocks(kept), known)


def _blocks(kept: IO[bytes]) -> Iterator[bytes]:
    kept.seek(0)
    while block := kept.read(BLOCK):
        yield block


def _record(run: Run, seen: _Seen) -> PipelineRun:
    jobs = [{"job": job.name, "step": job.failed_step, **asdict(r), "fix": r.fix} for job, r in seen.reviews]
    seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at else 0.0
    body: Mapping[str, Any] = {
        "jobs": jobs,
        "missing": list(seen.missing),
        "changed": list(seen.changed[:200]),
        "tests": [asdict(test) for test in seen.tests[:50]],
        "event": run.event,
    }
    return PipelineRun(
        run.key, run.system, run.repository, run.id, run.attempt, run.name, run.branch, run.sha, run.state, run.url, run.author, run.started_at,
        run.finished_at, max(0.0, seconds), run.pull_request, *_known_by(seen), body=body,
    )  # fmt: skip


def _known_by(seen: _Seen) -> tuple[str, str]:
    """(category, template): of the log; where that is gone, of the first test the reports list."""
    if seen.reviews:
        return seen.reviews[0][1].category, seen.reviews[0][1].template
    return ("test", template_of(seen.tests[0].name)) if seen.tests else ("", "")


def service_of(house: House, run: Run) -> str:
    """The service a pipeline builds: as configured, else the last part of its repository."""
    services = house.settings.ci.services
    return services.get(run.repository) or services.get(run.name) or run.repository.rsplit("/", 1)[-1]


def is_deploy(house: House, run: Run) -> bool:
    """Does the name of the run say so, and is it none of a pull request?"""
    name = run.name.lower()
    return run.pull_request is None and any(word in name for word in house.settings.ci.deploy_words)


def _changes(house: House, run: Run, record: PipelineRun) -> list[Change]:
    """Every run is one; a deploy is a release; a push to the deployed branch is a merge as well."""
    at, service = run.finished_at or run.started_at, service_of(house, run)
    deploy = is_deploy(house, run)
    why = f": {record.category}" if record.category else ""
    details = {"sha": run.sha, "branch": run.branch, "state": run.state, "repository": run.repository}
    summary = f"{'deploy' if deploy else 'pipeline'} {run.name} {run.state}{why}"
    out = [
        Change(
            f"ci-{run.key}",
            at,
            "release" if deploy else "pipeline",
            service,
            summary,
            run.author,
            run.url,
            details=details,
        )
    ]
    if run.event in _MERGES and run.branch in ("main", "master", house.settings.delivery.base_branch):
        words_ = f"merged {run.sha[:12]} to {run.branch}"
        out.append(
            Change(
                f"merge-{run.repository}-{run.sha}",
                run.started_at,
                "pipeline",
                service,
                words_,
                run.author,
                run.url,
                details=details,
            )
        )
    return out


async def _tell(
    house: House, ci: ContinuousIntegration, run: Run, seen: _Seen, flakiness: Flakiness, *, before_failed: bool
) -> None:
    """The comment is edited, never doubled; where a run passed and nothing was said before, nothing is said."""
    key = "pipeline-" + hashlib.sha256(f"{run.system}:{run.name}".encode()).hexdigest()[:12]
    if run.state == "passed" and before_failed:
        await _comment(house, ci, run, words.passed(run.name, run.sha), key)
    if run.state != "failed":
        return
    named = [p for p in seen.changed if any(p in f.text for _, said in seen.reviews for f in said.findings)]
    patch = await _patch(house, run, seen)
    body = words.failed(
        run.name, [(job.name, said) for job, said in seen.reviews], flakiness, patch, run.url, named, seen.tests
    )
    await _comment(house, ci, run, body, key)
    category = seen.reviews[0][1].category if seen.reviews else ""
    await ci.report(run, f"{run.name}: {words.title_of(category)}", body, _annotations(seen))


async def _comment(house: House, ci: ContinuousIntegration, run: Run, body: str, key: str) -> None:
    if await ci.comment(run, body, key):
        return
    other = house.ci.get("github_actions")
    repository = house.settings.ci.jenkins.repository
    if run.system == "jenkins" and repository and other is not None and run.pull_request is not None:
        await other.comment(replace(run, repository=repository), body, key)


async def _patch(house: House, run: Run, seen: _Seen) -> str:
    """The first patch that can be made, where the files can be read: those of the repository we deliver to."""
    if house.codehost is None or run.repository != house.settings.delivery.repository:
        return ""
    for _, said in seen.reviews:
        for finding in said.findings:
            texts = {path: await house.codehost.read_file(path, run.sha) for path in wanted(finding)}
            made = patch_of(finding, {path: text for path, text in texts.items() if text is not None})
            if made:
                return made
    return ""


def _annotations(seen: _Seen) -> tuple[Annotation, ...]:
    """Findings that name a file of the repository and a line in it."""
    out = []
    for _, said in seen.reviews:
        for finding in said.findings:
            line, path = finding.fields.get("line", ""), _path(finding.fields.get("file", ""), seen.changed)
            if path and line.isdigit() and 0 < int(line) < 10_000_000:
                out.append(Annotation(path, int(line), finding.text, f"Watchkeeper: {said.category}"))
    return tuple(out)


def _path(file: str, changed: tuple[str, ...]) -> str:
    """The path in the repository of a file a log names, "" where it is none."""
    if not file or ".." in file.split("/"):
        return ""
    known = next((p for p in changed if file == p or file.endswith("/" + p)), "")
    return known or ("" if file.startswith("/") or ":" in file else file.removeprefix("./"))


async def _deploys(house: House, run: Run, record: PipelineRun, broken: PipelineRun | None) -> None:
    """A deploy that failed is an alert; one that passes after it ends the alert."""
    if not is_deploy(house, run) or run.state not in ("failed", "passed") or (run.state == "passed" and broken is None):
        return
    started = broken.started_at if broken is not None else run.started_at
    status = AlertStatus.FIRING if run.state == "failed" else AlertStatus.RESOLVED
    service = service_of(house, run)
    labels = {
        "alertname": "DeployFailed",
        "app": service,
        "severity": "warning",
        "pipeline": run.name,
        "branch": run.branch,
    }
    if house.settings.ci.environment:
        labels[house.settings.entities.environment_label] = house.settings.ci.environment
    why = words.title_of(record.category)
    summary = f"the deploy {run.name} of {service} failed: {why}"
    fingerprint = hashlib.sha256(f"{run.system}:{run.repository}:{run.name}:{run.branch}".encode()).hexdigest()[:16]
    alert = Alert(
        source="pipelines", fingerprint=fingerprint, status=status, name="DeployFailed", labels=labels, annotations={"summary": summary},
        starts_at=started, ends_at=run.finished_at if run.state == "passed" else None, received_at=house.clock.now(), generator_url=run.url,
    )  # fmt: skip
    await receive_alerts(house, [alert])
