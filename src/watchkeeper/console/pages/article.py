"""One runbook or post-mortem."""

from collections.abc import Mapping

from watchkeeper.console.markdown import rendered
from watchkeeper.console.page import Page, Visit
from watchkeeper.domain.errors import NotFound


async def _show(visit: Visit) -> Mapping[str, object]:
    key = visit.path["key"]
    async with visit.house.store.transaction() as tx:
        found = next((a for a in await tx.articles() if a.key == key), None)
    if found is None:
        raise NotFound(f"no article {key!r} is kept", hint="the folder it came from may have been imported anew")
    return {"title": found.title, "article": found, "text": rendered(found.text)}


PAGE = Page("/knowledge/{key:path}", "Article", "article.html", _show)
