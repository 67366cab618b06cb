"""Alerts that belong elsewhere: an incident merged into another one, alerts moved or split off. Remembered for later alerts."""

from collections.abc import Mapping

from watchkeeper.console.page import Form, Visit
from watchkeeper.domain.severity import Role
from watchkeeper.workflows.regroup import merge, move


async def _act(visit: Visit, subject: str, form: Mapping[str, str]) -> str:
    to, reason, by = form.get("to", "").strip(), form.get("reason", "")[:500], visit.principal.name
    if form.get("word") == "merge":
        kept = await merge(visit.house, subject, to, by=by, reason=reason)
    else:
        chosen = [name.removeprefix("alert:") for name in form if name.startswith("alert:")]
        kept = await move(visit.house, chosen, subject, to, by=by, reason=reason)
    return f"/incidents/{kept.id}"


FORM = Form(Role.RESPONDER, _act)
