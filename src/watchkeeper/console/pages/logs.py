"""Logs by meaning: a plain question, the statements that answer it, and the way to their lines."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from watchkeeper.console.page import Page, Visit
from watchkeeper.domain.errors import WatchkeeperError
from watchkeeper.workflows.log_anomalies import log_anomalies
from watchkeeper.workflows.search_logs import LogQuestion, log_templates, search_logs

_HOURS = {"15 min": 0.25, "1 h": 1.0, "6 h": 6.0, "24 h": 24.0}
_LEVELS = ("", "error", "warn", "info", "debug")
_MOST = 30


async def _show(visit: Visit) -> Mapping[str, object]:
    asked = {name: visit.query.get(name, "").strip()[:500] for name in ("q", "service", "namespace", "level")}
    span = visit.query.get("span", "1 h")
    start = visit.now - timedelta(hours=_HOURS.get(span, 1.0))
    question = LogQuestion(asked["q"], asked["service"], asked["level"], asked["namespace"], start, visit.now, _MOST)
    values = {
        "asked": asked,
        "span": span,
        "spans": list(_HOURS),
        "levels": _LEVELS,
        "wrong": "",
        "missing": (),
        "lines": 0,
        "found": (),
        "unusual": (),
    }
    try:
        if asked["q"]:
            said = await search_logs(visit.house, question)
        else:
            said = await log_templates(visit.house, question)
            values["unusual"] = [
                {**a, "began": datetime.fromisoformat(a["began"])}
                for a in (await log_anomalies(visit.house, question))["items"]
            ]
    except WatchkeeperError as error:
        return {**values, "wrong": f"{error}. {error.hint}".strip()}
    return {
        **values,
        "found": [_row(item) for item in said["items"]],
        "missing": said["could_not_see"],
        "lines": said["lines"],
    }


def _row(item: Mapping[str, object]) -> dict[str, object]:
    at = {name: datetime.fromisoformat(str(item[name])) for name in ("first_seen", "last_seen")}
    return {"because": (), "rows": (), **item, **at}


PAGE = Page("/logs", "Logs", "logs.html", _show, order=60, icon="logs")
