"""A question about an incident; its answer stands in the incident's conversation."""

from collections.abc import Mapping

from watchkeeper.console.page import Form, Visit
from watchkeeper.domain.severity import Role
from watchkeeper.workflows.converse import ask_about


async def _act(visit: Visit, subject: str, form: Mapping[str, str]) -> str:
    words = form.get("example") or form.get("words", "")
    await ask_about(visit.house, subject, words, by=visit.principal.name, door="console", zone=form.get("zone", ""))
    return f"/incidents/{subject}#conversation"


FORM = Form(Role.RESPONDER, _act)
