"""Stop every repair at once, or let them go on."""

from collections.abc import Mapping

from watchkeeper.console.page import Form, Visit
from watchkeeper.domain.severity import Role


async def _act(visit: Visit, subject: str, form: Mapping[str, str]) -> str:
    on = form.get("word") == "stop"
    async with visit.house.store.transaction() as tx:
        await tx.set_flag("kill_switch", "on" if on else "")
        await tx.audit(visit.principal.name, "kill_switch", "on" if on else "off", {"door": "console"}, visit.now)
    return "/settings"


FORM = Form(Role.ADMIN, _act)
