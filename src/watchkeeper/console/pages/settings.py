"""How this installation is set up, whether its connections hold, and the brake."""

import json
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
    # As values: a default of 30 that was read as 30.0 is the default.
    rows = [(key, value, _value(value) != _value(usual.get(key, "null"))) for key, value in given.items()]
    return {
        "probes": await examine(visit.house) if checked else [], "checked": checked, "rows": rows, "stopped": stopped,
        "brake_key": visit.key("kill_switch", "all") if visit.may(Role.ADMIN) else "",
    }  # fmt: skip


def _value(shown: str) -> object:
    return shown if shown == "(secret)" else json.loads(shown)


PAGE = Page("/settings", "Settings", "settings.html", _show, order=100, icon="settings", role=Role.RESPONDER)
