"""How this installation is set up, whether its connections hold, and the brake."""

from collections.abc import Mapping

from watchkeeper.console.page import Page, Visit
from watchkeeper.domain.severity import Role
from watchkeeper.settings import flatten
from watchkeeper.workflows.doctor import examine


async def _show(visit: Visit) -> Mapping[str, object]:
    checked = visit.query.get("check") == "1"
    async with visit.house.store.transaction() as tx:
        stopped = bool(await tx.flag("kill_switch"))
    given = {key: value for key, _, value, _ in flatten(visit.house.settings)}
    usual = {key: value for key, _, value, _ in flatten()}
    rows = [(key, value, value != usual.get(key)) for key, value in given.items()]
    return {
        "probes": await examine(visit.house) if checked else [], "checked": checked, "rows": rows, "stopped": stopped,
        "brake_key": visit.key("kill_switch", "all") if visit.may(Role.ADMIN) else "",
    }  # fmt: skip


PAGE = Page("/settings", "Settings", "settings.html", _show, order=100, icon="settings", role=Role.RESPONDER)
