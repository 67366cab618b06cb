"""Alerts as they came in, why each went where it went, and which of them wake nobody."""

from collections.abc import Mapping

from watchkeeper.console.page import Page, Visit
from watchkeeper.correlate.mute import maintenance
from watchkeeper.domain.severity import Role, Severity


async def _show(visit: Visit) -> Mapping[str, object]:
    found = await visit.house.store.list_alerts(
        cursor=visit.query.get("cursor", ""), limit=100, incident_id=visit.query.get("incident", "")
    )
    async with visit.house.store.transaction() as tx:
        silences, issues = await tx.silences(visit.now), await tx.known_issues(visit.now)
    planned = [m for m in maintenance(visit.house.settings.correlation) if m.ends_at > visit.now]
    may = visit.may(Role.RESPONDER)
    return {
        "rows": found.items, "cursor": found.cursor, "incident": visit.query.get("incident", ""),
        "mutes": [(m, ", ".join(map(str, m.matchers)), m.starts_at > visit.now) for m in (*planned, *silences)],
        "issues": [(i, ", ".join(map(str, i.matchers)), visit.key("known_issue", i.id) if may else "") for i in issues],
        "accept_key": visit.key("known_issue", "new") if may else "", "severities": list(Severity),
    }  # fmt: skip


PAGE = Page("/alerts", "Alerts", "alerts.html", _show, order=40, icon="alerts", live="list")
