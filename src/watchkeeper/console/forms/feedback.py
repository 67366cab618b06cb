"""That was real, or that was noise: about a sighting, or about the incident it went to."""

from collections.abc import Mapping

from watchkeeper.console.page import Form, Visit
from watchkeeper.domain.severity import Role
from watchkeeper.workflows.give_feedback import give_feedback


async def _act(visit: Visit, subject: str, form: Mapping[str, str]) -> str:
    await give_feedback(
        visit.house, form.get("about", subject), real=form.get("word") == "real", by=visit.principal.name
    )
    if form.get("from") == "incident":
        return f"/incidents/{subject}"
    return f"/forecasts?service={subject}" if form.get("from") == "service" else "/forecasts"


FORM = Form(Role.RESPONDER, _act)
