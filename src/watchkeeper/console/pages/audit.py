"""What was done, by whom, in a chain that cannot be altered unseen."""

from collections.abc import Mapping

from watchkeeper.console.page import Page, Visit
from watchkeeper.domain.severity import Role


async def _show(visit: Visit) -> Mapping[str, object]:
    after = visit.query.get("after", "0")
    found = await visit.house.store.list_audit(after=int(after) if after.isdigit() else 0, limit=100)
    checked = visit.query.get("verify") == "1"
    whole, words = await visit.house.store.verify_audit() if checked else (True, "")
    return {"rows": found.items, "after": found.cursor, "checked": checked, "whole": whole, "words": words}


PAGE = Page("/audit", "Audit", "audit.html", _show, order=90, icon="audit", role=Role.ADMIN)
