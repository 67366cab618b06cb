"""Alerts as they came in, and why each went where it went."""

from collections.abc import Mapping

from watchkeeper.console.page import Page, Visit


async def _show(visit: Visit) -> Mapping[str, object]:
    found = await visit.house.store.list_alerts(
        cursor=visit.query.get("cursor", ""), limit=100, incident_id=visit.query.get("incident", "")
    )
    return {"rows": found.items, "cursor": found.cursor, "incident": visit.query.get("incident", "")}


PAGE = Page("/alerts", "Alerts", "alerts.html", _show, order=40, icon="alerts", live="list")
