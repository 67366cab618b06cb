"""What is known: runbooks and post-mortems to search, incidents that ended, and what keeps coming back."""

from collections.abc import Mapping
from datetime import timedelta

from watchkeeper.console.page import Page, Visit
from watchkeeper.console.render import lasting
from watchkeeper.recall.patterns import Pattern
from watchkeeper.workflows.knowledge import recurring, search_knowledge

_DAYS, _MOST_PAST, _MOST_LISTED = 90, 15, 200


async def _show(visit: Visit) -> Mapping[str, object]:
    words = visit.query.get("q", "").strip()[:500]
    async with visit.house.store.transaction() as tx:
        articles = await tx.articles()
        past = await tx.newest_memories(visit.now - timedelta(days=_DAYS), _MOST_PAST)
    hits = await search_knowledge(visit.house, words, 15) if words else []
    return {
        "words": words, "hits": hits, "articles": sorted(articles, key=lambda a: (a.kind, a.title))[:_MOST_LISTED],
        "count": len(articles), "days": _DAYS,
        "past": [(p, lasting((p.ended - p.began).total_seconds())) for p in past],
        "patterns": [_pattern(p) for p in await recurring(visit.house, _DAYS)][:20],
    }  # fmt: skip


def _pattern(p: Pattern) -> dict[str, object]:
    helped = ", ".join(f"{action.replace('_', ' ')} helped {worked} of {times}" for action, times, worked in p.tried)
    return {"pattern": p, "helped": helped, "newest": p.incidents[-1] if p.incidents else ""}


PAGE = Page("/knowledge", "Knowledge", "knowledge.html", _show, order=80, icon="knowledge")
