"""What was done, by whom, in a chain that cannot be altered unseen. The newest first."""

from collections.abc import Mapping

from watchkeeper.console.page import Page, Visit
from watchkeeper.domain.severity import Role

_ROWS = 100


async def _show(visit: Visit) -> Mapping[str, object]:
    store = visit.house.store
    asked, last = visit.query.get("until", ""), await store.last_audit()
    until = min(int(asked), last) if asked.isdecimal() else last
    found = await store.list_audit(after=max(until - _ROWS, 0), limit=_ROWS)
    rows = [e for e in reversed(found.items) if e.seq <= until]
    checked = visit.query.get("verify") == "1"
    whole, words = await store.verify_audit() if checked else (True, "")
    return {
        "rows": rows, "older": max(until - _ROWS, 0), "newer": min(until + _ROWS, last) if until < last else 0,
        "checked": checked, "whole": whole, "words": words,
    }  # fmt: skip


PAGE = Page("/audit", "Audit", "audit.html", _show, order=90, icon="audit", role=Role.ADMIN)
