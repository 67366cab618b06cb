"""Close an incident that a person took over."""

from collections.abc import Mapping

from watchkeeper.console.page import Form, Visit
from watchkeeper.domain.severity import Role
from watchkeeper.workflows.close_incident import close_incident


async def _act(visit: Visit, subject: str, form: Mapping[str, str]) -> str:
    await close_incident(visit.house, subject, by=visit.principal.name, door="console", reason=form.get("reason", ""))
    return f"/incidents/{subject}"


FORM = Form(Role.RESPONDER, _act)
