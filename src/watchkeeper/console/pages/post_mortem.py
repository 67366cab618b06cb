"""The draft of a post-mortem."""

from collections.abc import Mapping

from watchkeeper.console.markdown import rendered
from watchkeeper.console.page import Page, Visit
from watchkeeper.workflows.post_mortem import post_mortem


async def _show(visit: Visit) -> Mapping[str, object]:
    text = await post_mortem(visit.house, visit.path["incident_id"])
    titled = text.startswith("# ")
    body = rendered(text.split("\n", 1)[1], 0) if titled else rendered(text)
    return {"incident_id": visit.path["incident_id"], "text": body}


PAGE = Page("/incidents/{incident_id}/post-mortem", "Post-mortem", "post_mortem.html", _show)
