"""Make docs/reference/questions.md: the table of questions asked of the simulated world, with the answers it gave."""

import asyncio
import tempfile
from pathlib import Path

from watchkeeper.bench.questions import EVERY, problem_of, put_on_record, scene
from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.migrate import migrate

PAGE = Path(__file__).parents[1] / "docs/reference/questions.md"
HEAD = """# Questions in plain words

Made by `python scripts/transcripts.py`: every question below was asked of one simulated world and answered by the run that
wrote this page. `watchkeeper bench questions` compares each answer with what truly happened in that world.

Ask by `watchkeeper ask "…"`, `POST /api/v1/chat/query`, Slack, Teams or the console: one parser reads the words
([decision 28](../decisions/0028-a-grammar-before-a-model.md)). Clock times are the asker's; a time without a date is the latest one
that has passed. A moment ("at 2 PM") is looked at ten minutes either side. What is not understood is declined, with the nearest
that can be answered; words alone never change anything.

The world: ten services; at 13:40 a release of `cart`, from 13:57 connections of `payment` leak, at 14:04 that ends, at 14:30 the
questions are asked.

"""


async def told(url: str) -> str:
    """The page."""
    parts = [HEAD]
    async with scene(url) as here:
        words = EVERY[0][0]
        parts.append("## Before anything is on record\n\n" + shown(words, (await here.ask(words)).text))
        await put_on_record(here)
        parts.append("\n## With the incident on record\n")
        for words, check in EVERY:
            said = await here.ask(words)
            problem = problem_of(said, check, here)
            parts.append(shown(words, said.text) + (f"\n\nThis is wrong: {problem}\n" if problem else ""))
    return "\n".join(parts) + "\n"


def shown(words: str, text: str) -> str:
    """One exchange."""
    return f"**{words}**\n\n```text\n{text}\n```\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        database = EmbeddedDatabase(Path(folder))
        migrate(database.url())
        PAGE.write_text(asyncio.run(told(database.url())))
        database.stop()
    print(PAGE)
