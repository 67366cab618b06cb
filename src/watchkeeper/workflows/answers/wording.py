"""Incidents and repairs in words."""

from watchkeeper.ask.amounts import clock, length
from watchkeeper.ask.answer import Asker, Link
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.store.port import PlanRecord
from watchkeeper.workflows.house import House

_STAGE_WORDS = {
    Stage.OPENED: "being diagnosed", Stage.DIAGNOSED: "diagnosed", Stage.PROPOSED: "a repair is proposed", Stage.AWAITING_APPROVAL: "waiting for approval",
    Stage.APPLYING: "the repair is being applied", Stage.VERIFYING: "the repair is applied, recovery is being verified", Stage.ROLLING_BACK: "the repair is being taken back",
    Stage.RESOLVED: "resolved", Stage.ROLLED_BACK: "the repair was taken back; a person is needed", Stage.ESCALATED: "a person has been called",
}  # fmt: skip


def link_to(house: House, incident: Incident) -> Link:
    """The incident's page."""
    base = house.settings.server.public_url.rstrip("/")
    return Link(incident.id, f"{base}/incidents/{incident.id}")


def status_words(incident: Incident, asker: Asker, *, half_days: bool = False) -> str:
    """Where it stands."""
    if incident.stage is Stage.RESOLVED and incident.resolved_at is not None:
        return f"Resolved at {clock(incident.resolved_at, asker.zone, asker.now, half_days=half_days)}, after {length((incident.resolved_at - incident.opened_at).total_seconds())}"
    words = _STAGE_WORDS[incident.stage]
    return f"Open since {clock(incident.opened_at, asker.zone, asker.now, half_days=half_days)}: {words}"


def fix_words(record: PlanRecord) -> str:
    """What a plan does, with the values before and after."""
    plan = record.plan
    moves = [f"{_field(f.path)} {f.before} → {f.after}" for f in plan.fields[:3] if f.before is not None]
    return f"{plan.action.replace('_', ' ')} of {plan.target.name}" + (f": {'; '.join(moves)}" if moves else "")


def _field(path: str) -> str:
    return path.rsplit(".", 1)[-1] if "env" not in path else "setting"
