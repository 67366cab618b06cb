"""A person takes an incident over for a time, or hands it back."""

from collections.abc import Mapping

from watchkeeper.console.page import Form, Visit
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.domain.severity import Role
from watchkeeper.workflows.take_over import hand_back, take_over


async def _act(visit: Visit, subject: str, form: Mapping[str, str]) -> str:
    if form.get("word") == "hand back":
        await hand_back(visit.house, subject, by=visit.principal.name, door="console")
        return f"/incidents/{subject}"
    try:
        minutes = float(form.get("minutes", "60"))
    except ValueError:
        raise InvalidInput("how many minutes?", field="minutes") from None
    await take_over(
        visit.house,
        subject,
        by=visit.principal.name,
        door="console",
        minutes=minutes,
        reason=form.get("reason", "")[:500],
    )
    return f"/incidents/{subject}"


FORM = Form(Role.RESPONDER, _act)
