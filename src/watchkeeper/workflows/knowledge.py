"""Runbooks and post-mortems of a folder, and the report of what keeps coming back."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from watchkeeper.domain.alert import Alert
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.domain.memory import Article
from watchkeeper.recall.articles import article_of, belonging, search_articles
from watchkeeper.recall.patterns import Pattern, patterns
from watchkeeper.recall.search import Hit
from watchkeeper.workflows.house import House

_MOST_FILES, _LARGEST = 5000, 1_000_000
_MOST_PAST = 5000


async def import_folder(house: House, folder: Path) -> tuple[int, int, int]:
    """(found, written, removed): the store then holds what the folder holds. Raises InvalidInput where it is none."""
    articles = await asyncio.to_thread(read_folder, folder)
    source = str(await asyncio.to_thread(lambda: folder.expanduser().resolve()))
    now = house.clock.now()
    async with house.store.transaction() as tx:
        written, removed = await tx.save_articles(source, articles, now)
        if written or removed:
            await tx.audit("watchkeeper", "knowledge.imported", source, {"written": written, "removed": removed}, now)
    return len(articles), written, removed


def read_folder(folder: Path) -> list[Article]:
    """Every Markdown file below it; links that lead out of it are not followed."""
    root = folder.expanduser().resolve()
    if not root.is_dir():
        raise InvalidInput(f"{folder} is not a folder", hint="name the folder that holds the Markdown files")
    found = []
    for path in sorted(root.rglob("*.md"))[:_MOST_FILES]:
        inside = path.resolve().is_relative_to(root)
        if inside and path.is_file() and path.stat().st_size <= _LARGEST:
            key = path.relative_to(root).with_suffix("").as_posix()
            found.append(article_of(key, path.read_text(encoding="utf-8", errors="replace")))
    return found


async def search_knowledge(house: House, question: str, limit: int = 10) -> list[tuple[Article, Hit]]:
    """Articles that answer a question in plain words."""
    async with house.store.transaction() as tx:
        articles = await tx.articles()
    return await asyncio.to_thread(search_articles, articles, question, limit)


async def runbooks_for(house: House, alerts: Sequence[Alert]) -> list[Article]:
    """Of the alerts' own articles, each once; an alert's `runbook_url` is a key into what was imported."""
    async with house.store.transaction() as tx:
        articles = await tx.articles()
    found: dict[str, Article] = {}
    for alert in alerts:
        labels = {**alert.labels, "alertname": alert.name}
        for article in belonging(articles, labels, alert.annotations.get("runbook_url", "")):
            found.setdefault(article.key, article)
    return list(found.values())


async def recurring(house: House, days: float = 90) -> list[Pattern]:
    """What came back within these days."""
    async with house.store.transaction() as tx:
        past = await tx.newest_memories(house.clock.now() - timedelta(days=days), _MOST_PAST)
    return patterns(past)
