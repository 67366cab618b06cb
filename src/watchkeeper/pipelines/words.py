"""A review as Markdown for a pull request. Everything that stood in a log is shown as code: it can neither mention nor link."""

import re
from collections.abc import Sequence

from watchkeeper.domain.failed_test import FailedTest
from watchkeeper.pipelines.categories import CATEGORIES
from watchkeeper.pipelines.flaky import Flakiness
from watchkeeper.pipelines.review import Review

_TESTS = 5
_TICKS = re.compile(r"`+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def code(text: str, limit: int = 200) -> str:
    """Untrusted text as a code span on one line."""
    shown = _CONTROL.sub("\ufffd", " ".join(text.split()))[:limit] or " "
    fence = "`" * (1 + max((len(m.group()) for m in _TICKS.finditer(shown)), default=0))
    return f"{fence} {shown} {fence}" if "`" in shown else f"{fence}{shown}{fence}"


def block(text: str, language: str = "") -> str:
    """Untrusted text as a fenced block."""
    shown = "\n".join(_CONTROL.sub("\ufffd", line) for line in text.splitlines())
    fence = "`" * max(3, 1 + max((len(m.group()) for m in _TICKS.finditer(shown)), default=0))
    return f"{fence}{language}\n{shown}\n{fence}"


def title_of(category: str) -> str:
    """One line for lists and checks."""
    return CATEGORIES.get(category, "nothing in the log says why")


def failed(
    name: str,
    reviews: Sequence[tuple[str, Review]],
    flakiness: Flakiness,
    patch: str,
    url: str,
    changed: Sequence[str],
    tests: Sequence[FailedTest] = (),
) -> str:
    """The comment of a failed run; `reviews` are (job, review)."""
    out = [f"### Watchkeeper: why {code(name)} failed"]
    for job, said in reviews:
        step = f", step {code(said.step)}" if said.step else ""
        out.append(f"**{said.category or 'unknown'}** in {code(job)}{step}: {title_of(said.category)}.")
        for finding in said.findings:
            out.append(f"* line {finding.line}: {code(finding.text, 300)}")
            if finding.fix:
                out.append(f"  * {code(finding.fix, 300)}")
    if not reviews:
        out.append("The log is gone or cannot be read.")
    out += _tests(tests)
    if flakiness.flaky:
        out.append(f"This looks like chance, not like your change: {flakiness.because}.")
    elif changed:
        out.append("Files of this change that the log names: " + ", ".join(code(path) for path in changed[:5]))
    if patch:
        out.append(f"A patch that would mend it:\n\n{block(patch, 'diff')}")
    if url.startswith(("https://", "http://")):
        out.append(f"[The run](<{_CONTROL.sub('', url).replace('>', '%3E').replace('<', '%3C').replace(' ', '%20')}>)")
    return "\n\n".join(out)


def _tests(tests: Sequence[FailedTest]) -> list[str]:
    """What the test reports list: the first few with their words."""
    if not tests:
        return []
    rows = [f"* {code(t.name)}" + (f": {code(t.message)}" if t.message else "") for t in tests[:_TESTS]]
    more = [f"* and {len(tests) - _TESTS} more"] if len(tests) > _TESTS else []
    return ["\n".join([f"Tests that failed, as the reports say ({len(tests)}):", "", *rows, *more])]


def passed(name: str, sha: str) -> str:
    """What the comment becomes when the pipeline passes."""
    return f"### Watchkeeper: {code(name)} passes again\n\nSince commit {code(sha[:12])}. What was said of the failure before no longer holds."
