"""The table of questions on one simulated world: every answer is compared with what truly happened in it."""

from collections.abc import AsyncIterator

import pytest

from watchkeeper.bench._more_questions import MORE
from watchkeeper.bench._questions import TABLE
from watchkeeper.bench.questions import Scene, problem_of, put_on_record, scene


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[Scene]:
    async with scene(database_url) as found:
        yield found


async def test_every_question_of_the_table_is_answered_right_or_declined(here: Scene) -> None:
    before = await here.ask("Why did prod latency spike at 2 PM?")
    assert "Cause: Connection pool exhausted in payment" in before.text, before.text
    assert "no incident was on record" in before.text
    assert before.data["incident"] is None
    assert before.picture.startswith("<svg")
    await put_on_record(here)
    told = {words: problem_of(await here.ask(words), check, here) for words, check in TABLE}
    assert {w: p for w, p in told.items() if p} == {}
    assert len(told) >= 50


@pytest.mark.slow
async def test_questions_in_the_words_of_others_are_answered_right_or_declined(here: Scene) -> None:
    await put_on_record(here)
    told = {words: problem_of(await here.ask(words), check, here) for words, check in MORE}
    assert {w: p for w, p in told.items() if p} == {}
