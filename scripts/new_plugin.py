"""Begin a plugin: `make new-analyzer name=queue_waits` writes the file with a working skeleton, and its test."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Kind:
    """`place` and `test` are paths with NAME in them; `then` says what is left to do."""

    place: str
    content: str
    test: str
    test_content: str
    then: str = ""
    further: tuple[tuple[str, str], ...] = ()


_ANALYZER = '''"""TITLE: say in one sentence which symptom this is, and what in the evidence shows it."""

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_METRIC, _KIND, _LEAST = "queue-depth", "queue", 2.0
"""A name of docs/reference/signals.md, a fault kind of domain/faults.py, and how many times its usual is worth telling."""


def examine(case: Case) -> list[Finding]:
    """At most a few findings, one a service."""
    found = []
    for service, shifts in case.of(_METRIC).items():
        shift = max(shifts, key=lambda s: s.newest)
        if shift.newest < _LEAST * max(shift.normal, 1.0):
            continue
        words = f"{_METRIC} of {service} is {shift.newest:.3g}, before {shift.normal:.3g}"
        found.append(
            finding(
                "NAME", _KIND, service, _METRIC, 0.5, words, signal=Signal.METRICS, before=shift.normal,
                during=shift.newest, query=shift.series.query,
            )
        )  # fmt: skip
    return strongest(found)


ANALYZER = Analyzer("NAME", Signal.METRICS, examine)
'''
_ANALYZER_TEST = '''"""TITLE: told where it is, silent where it is not."""

import numpy as np

from watchkeeper.diagnose.analyzers.NAME import examine
from watchkeeper.diagnose.case import Case
from watchkeeper.domain.evidence import EvidenceFile, Series, Window


def case(after: float) -> Case:
    times = np.arange(0.0, 1800.0, 15.0)
    values = np.where(times < 1500, 10.0, after)
    return Case(EvidenceFile(Window.of_unix(0, 1500, 1800), metrics=(Series("web", "queue-depth", times, values),)))


def test_it_is_told_where_it_is() -> None:
    assert [f.service for f in examine(case(after=50.0))] == ["web"]


def test_a_calm_service_is_not_named() -> None:
    assert examine(case(after=10.0)) == []
'''
_ACTION = '''"""TITLE: say in one sentence what this repair does."""

from watchkeeper.domain.remediation import FieldChange, Risk
from watchkeeper.remediate.action import Action, Draft, Situation


def draft(situation: Situation) -> Draft | str:
    """The fields to set, or why it does not fit."""
    if situation.workload.kind != "Deployment":
        return f"a {situation.workload.kind} is not touched"
    before = situation.replicas
    change = FieldChange("spec.replicas", before, before + 1)
    words = f"add a pod to {situation.workload.name}"
    return Draft({"replicas": before + 1}, (change,), words, f"scale back to {before} pods", Risk.LOW)


ACTION = Action(
    "NAME", "TITLE", draft,
    applies="When does it fit?",
    preconditions=("it is a Deployment",),
    radius="What is touched, and what is not.",
    risk="Low.",
    undo="Scale back.",
    never=("scales down",),
    automatic=False, kinds=("Deployment",),
)  # fmt: skip
'''
_ACTION_TEST = '''"""TITLE: what it sets, and where it keeps its hands off."""

from datetime import UTC, datetime

from watchkeeper.domain.diagnosis import Hypothesis
from watchkeeper.domain.evidence import EvidenceFile, Window
from watchkeeper.domain.topology import Workload
from watchkeeper.remediate.action import Draft, Situation
from watchkeeper.remediate.actions.NAME import draft


def situation(kind: str) -> Situation:
    live = {"spec": {"replicas": 2, "template": {"spec": {"containers": []}}}}
    cause = Hypothesis("web", "cpu_saturation", "cpu-rate", 0.9, 0.9, ())
    evidence = EvidenceFile(Window.of_unix(0, 1500, 1800))
    return Situation(cause, evidence, Workload("shop", kind, "web"), live, datetime(2026, 1, 1, tzinfo=UTC))


def test_it_sets_what_it_says() -> None:
    made = draft(situation("Deployment"))
    assert isinstance(made, Draft)
    assert [(c.path, c.before, c.after) for c in made.fields] == [("spec.replicas", 2, 3)]


def test_it_keeps_its_hands_off() -> None:
    for kind in ("StatefulSet", "DaemonSet"):
        assert isinstance(draft(situation(kind)), str)
'''
_PAGE = '''"""TITLE: say in one sentence what people see here."""

from collections.abc import Mapping

from watchkeeper.console.page import Page, Visit


async def _show(visit: Visit) -> Mapping[str, object]:
    found = await visit.house.store.list_incidents(limit=20)
    return {"rows": found.items}


PAGE = Page("/DASHED", "TITLE", "NAME.html", _show, order=95, icon="more", live="list")
'''
_TEMPLATE = """{% extends "page.html" %}
{% block main %}
<h1>TITLE</h1>
{% if rows %}
<section><ul>{% for row in rows %}<li><a href="/incidents/{{ row.id }}">{{ row.title|visible }}</a></li>{% endfor %}</ul></section>
{% else %}<section class="empty"><p>Nothing to see yet.</p></section>{% endif %}
{% endblock %}
"""
_PAGE_TEST = '''"""TITLE: what it shows, and that an empty one says so."""

from watchkeeper.console.pages.NAME import PAGE
from watchkeeper.console.render import render

FRAME = {
    "title": PAGE.title, "live": "", "pages": [], "badges": {}, "here": PAGE.path, "dry_run": False,
    "principal": {"name": "eve", "role": "viewer"},
}  # fmt: skip


def test_an_empty_page_says_so() -> None:
    assert "Nothing to see yet" in render(PAGE.template, rows=[], **FRAME)


def test_markup_is_shown_as_text() -> None:
    assert "<b>" not in render(PAGE.template, rows=[{"id": "inc-1", "title": "<b>odd</b>"}], **FRAME)
'''
_SOURCE = '''"""TITLE: a server of telemetry. Say what it is asked and what it gives."""

from typing import Protocol

from watchkeeper.domain.evidence import Missing, Signal
from watchkeeper.telemetry.port import Probe, Reading, Scope, SourceTools


class Section(Protocol):
    """What of settings/sources.py it needs."""

    @property
    def url(self) -> str: ...


class TITLECASESource:
    """Never raises for a signal that is absent: it tells a `Missing`."""

    name = "NAME"
    signals = frozenset({Signal.METRICS})

    def __init__(self, url: str) -> None:
        self._url = url

    async def read(self, scope: Scope) -> Reading:
        """What it knows about the scope."""
        return Reading(missing=(Missing(Signal.METRICS, self.name, "", f"{self._url} is not asked yet"),))

    async def probe(self) -> list[Probe]:
        """For `watchkeeper doctor`."""
        return [Probe(self.name, False, f"{self._url} is not asked yet", "write `read`")]

    async def close(self) -> None:
        """Give connections back."""


def build(settings: Section, tools: SourceTools) -> TITLECASESource:
    """From its section of the settings."""
    return TITLECASESource(settings.url)
'''
_SOURCE_TEST = '''"""TITLE: what is absent is told, not raised."""

from datetime import UTC, datetime

from watchkeeper.domain.evidence import Signal, Window
from watchkeeper.telemetry.port import Scope
from watchkeeper.telemetry.sources.NAME import TITLECASESource


async def test_what_is_absent_is_told() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    reading = await TITLECASESource("http://127.0.0.1:1").read(Scope(Window(at, at, at)))
    assert [m.signal for m in reading.missing] == [Signal.METRICS]
'''
_JOB = '''"""TITLE: say in one sentence what is done every so often."""

from watchkeeper.workflows.house import House
from watchkeeper.workflows.job import Job


async def _run(house: House) -> None:
    """May run twice."""
    await house.store.counts()


JOB = Job(seconds=lambda settings: 3600.0, run=_run)
'''
_JOB_TEST = '''"""TITLE: how often it runs."""

from watchkeeper.settings import Settings
from watchkeeper.workflows.jobs.NAME import JOB


def test_it_runs_every_hour() -> None:
    assert JOB.seconds(Settings()) == 3600
'''
KINDS = {
    "analyzer": Kind(
        "src/watchkeeper/diagnose/analyzers/NAME.py", _ANALYZER, "tests/unit/diagnose/test_NAME.py", _ANALYZER_TEST,
        "measure what it does to the rankings: docs/how-to/benchmarks.md",
    ),
    "action": Kind(
        "src/watchkeeper/remediate/actions/NAME.py", _ACTION, "tests/unit/remediate/test_NAME.py", _ACTION_TEST,
        "name it as a repair of the fault kinds it helps against, in domain/faults.py",
    ),
    "source": Kind(
        "src/watchkeeper/telemetry/sources/NAME.py", _SOURCE, "tests/unit/telemetry/test_NAME.py", _SOURCE_TEST,
        "add its section, with `url`, to settings/sources.py under the same name",
    ),
    "page": Kind(
        "src/watchkeeper/console/pages/NAME.py", _PAGE, "tests/unit/console/test_NAME.py", _PAGE_TEST,
        "draw an icon for it in console/static/icons.svg",
        (("src/watchkeeper/console/templates/NAME.html", _TEMPLATE),),
    ),
    "job": Kind("src/watchkeeper/workflows/jobs/NAME.py", _JOB, "tests/unit/workflows/test_NAME_job.py", _JOB_TEST),
}  # fmt: skip


def begin(kind: str, name: str, root: Path = ROOT) -> list[Path]:
    """Write the files; nothing that is there is written over. Raises SystemExit with the reason."""
    if kind not in KINDS:
        raise SystemExit(f"one of {', '.join(KINDS)}, not {kind!r}")
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise SystemExit(f"say its name in snake_case: make new-{kind} name=queue_waits")
    chosen = KINDS[kind]
    wanted = [(chosen.place, chosen.content), *chosen.further, (chosen.test, chosen.test_content)]
    files = [(root / path.replace("NAME", name), _filled(content, name)) for path, content in wanted]
    there = [str(path) for path, _ in files if path.exists()]
    if there:
        raise SystemExit(f"already there: {', '.join(there)}")
    for path, content in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return [path for path, _ in files]


def _filled(content: str, name: str) -> str:
    words = name.replace("_", " ")
    for mark, text in (
        ("TITLECASE", words.title().replace(" ", "")), ("TITLE", words.capitalize()), ("DASHED", name.replace("_", "-")), ("NAME", name),
    ):  # fmt: skip
        content = content.replace(mark, text)
    return content


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    kind_, name_ = sys.argv[1], " ".join(sys.argv[2:]).strip()
    for written in begin(kind_, name_):
        print(f"wrote {written.relative_to(ROOT)}")
    print("then: make docs, and " + (KINDS[kind_].then or "write what it is for"))
