"""What is a question about runs of pipelines, and what is not."""

from datetime import UTC, datetime

import pytest

from watchkeeper.ask.parse import parse
from watchkeeper.ask.question import Intent, Known, Question

KNOWN = Known(("cart", "checkout", "payment"), ("shop",), ("production",), {})
NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)


def read(words: str) -> object:
    return parse(words, KNOWN, NOW, UTC)


@pytest.mark.parametrize(
    ("words", "detail", "services"),
    [
        ("why did the build fail?", "why", ()),
        ("what broke the pipeline of cart", "why", ("cart",)),
        ("why is CI red", "why", ()),
        ("is ci green?", "state", ()),
        ("status of the pipelines", "state", ()),
        ("did the tests pass for checkout today", "state", ("checkout",)),
        ("which builds failed yesterday?", "failed", ()),
        ("any flaky tests this week?", "flaky", ()),
        ("how much time do we lose to failing builds", "lost", ()),
        ("top causes of failed builds this week", "causes", ()),
    ],
)
def test_runs_of_pipelines(words: str, detail: str, services: tuple[str, ...]) -> None:
    found = read(words)
    assert isinstance(found, Question), found
    assert (found.intent, found.detail, found.services) == (Intent.BUILDS, detail, services)


@pytest.mark.parametrize(
    "words",
    [
        "which build of cart is running?",
        "what version did the last build deploy",
        "why is checkout failing?",
        "did the last deploy of cart break anything",
        "cpu of the ci runners last hour",
        "is the pipeline of dreams passing through Rome",
    ],
)
def test_what_only_sounds_like_it(words: str) -> None:
    found = read(words)
    assert not (isinstance(found, Question) and found.intent is Intent.BUILDS)
