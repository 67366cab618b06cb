"""Markdown with front matter to runbooks and post-mortems, and which of them belong to an alert."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import yaml

from watchkeeper.domain.memory import Article
from watchkeeper.recall.search import Document, Hit, SearchIndex

_FRONT = re.compile(r"\A---\s*\n(.*?)\n---\s*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^#\s+(.+)$", re.MULTILINE)
_LONGEST = 200_000
_POST_MORTEM = re.compile(r"post-?mortem|retrospective|incident report", re.IGNORECASE)


def article_of(key: str, text: str) -> Article:
    """Front matter that cannot be read is left in the text: a runbook is never lost for a typo."""
    text = text[:_LONGEST]
    front, body = _front(text)
    title = str(front.get("title") or "") or _heading(body) or key.rsplit("/", 1)[-1].replace("-", " ")
    kind = str(front.get("kind") or ("post-mortem" if _POST_MORTEM.search(f"{key} {title}") else "runbook"))
    return Article(
        key=key, kind="post-mortem" if "mortem" in kind else "runbook", title=title[:300], text=body.strip(),
        alertnames=_names(front.get("alertname") or front.get("alertnames")), labels=_labels(front.get("labels")),
        actions=_names(front.get("actions")), url=str(front.get("runbook_url") or front.get("url") or ""),
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )  # fmt: skip


def _front(text: str) -> tuple[Mapping[str, Any], str]:
    found = _FRONT.match(text)
    if found is None:
        return {}, text
    try:
        front = yaml.safe_load(found.group(1))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}, text
    return (front, text[found.end() :]) if isinstance(front, dict) else ({}, text)


def _heading(body: str) -> str:
    found = _TITLE.search(body)
    return found.group(1).strip() if found else ""


def _names(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value] if value else []
    return tuple(str(v) for v in values if isinstance(v, str | int | float))


def _labels(value: Any) -> Mapping[str, str]:
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}


def belonging(articles: Iterable[Article], labels: Mapping[str, str], runbook_url: str) -> list[Article]:
    """Articles for an alert: those its `runbook_url` leads to, then those that name it, the more specific first."""
    ranked = []
    for article in articles:
        fits = all(labels.get(k) == v for k, v in article.labels.items())
        led = bool(runbook_url) and _leads(runbook_url, article)
        named = labels.get("alertname", "") in article.alertnames and fits
        if led or named:
            ranked.append((not led, -len(article.labels), article.key, article))
    return [article for *_, article in sorted(ranked, key=lambda r: r[:3])]


def _leads(url: str, article: Article) -> bool:
    """The address is a key only: compared, never fetched."""
    if article.url and url.rstrip("/") == article.url.rstrip("/"):
        return True
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    tails = {parts.path.rstrip("/").rsplit("/", 1)[-1].lower().removesuffix(".md"), parts.fragment.lower()} - {""}
    return article.key.rsplit("/", 1)[-1].lower() in tails


def search_articles(articles: Sequence[Article], question: str, limit: int) -> list[tuple[Article, Hit]]:
    """By meaning; title and front matter count as context."""
    documents = [
        Document(str(n), f"{a.title}\n{a.text}", f"{' '.join(a.alertnames)} {' '.join(a.actions)} {a.key}")
        for n, a in enumerate(articles)
    ]
    return [(articles[int(hit.id)], hit) for hit in SearchIndex(documents).search(question, limit)]
