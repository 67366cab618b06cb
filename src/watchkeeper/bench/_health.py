"""How the world itself feels: asked of the engine and the controllers, never of Watchkeeper."""

from dataclasses import dataclass

from watchkeeper.simulate.world import World
from watchkeeper.store.port import PlanRecord

_ERRORS = 0.03
_SLOWER = 2.5


@dataclass(frozen=True, slots=True)
class Health:
    """What was normal: seconds of latency by service."""

    latency: dict[str, float]

    @classmethod
    def of(cls, world: World) -> "Health":
        """As it is now."""
        return cls({name: state.latency for name, state in world.engine.states.items()})


def ailing(world: World, health: Health) -> tuple[str, ...]:
    """What is not as it was, in words; nothing where all is well."""
    out = []
    for name, state in world.engine.states.items():
        if state.errors > _ERRORS:
            out.append(f"{name} fails {100 * state.errors:.0f} %")
        elif state.latency > _SLOWER * health.latency[name] + 0.1:
            out.append(f"{name} takes {state.latency:.2g} s")
    for thing in world.cluster.find("Deployment"):
        wanted, status = int(thing["spec"].get("replicas", 1)), thing.get("status", {})
        if min(int(status.get("readyReplicas", 0)), int(status.get("updatedReplicas", 0))) < wanted:
            out.append(f"{thing['metadata']['name']} lacks pods")
        elif wanted == 0:
            out.append(f"{thing['metadata']['name']} is off")
    for thing in world.cluster.find("Job"):
        if any(c["type"] == "Failed" for c in thing.get("status", {}).get("conditions", [])):
            out.append(f"{thing['metadata']['name']} failed")
    out += [f"{n} is silent" for n in sorted(world.cluster.silent_nodes)]
    out += [
        f"{p.container.owner} was killed for memory"
        for p in world.engine.pods.values()
        if p.exit is not None and p.container.namespace == world.shop.namespace
    ]
    return tuple(out)


def harmed(record: PlanRecord, truth: str) -> bool:
    """Was this done to something that is not the cause? Objects that belong to it (its Service, claim, policy) are it."""
    target = record.plan.target.name
    mine = target in (truth, f"{truth}-data", f"{truth}-tls") or target.endswith(f"-to-{truth}")
    return bool(truth) and not mine and not _of_team(record)


def _of_team(record: PlanRecord) -> bool:
    return record.plan.target.kind in ("ResourceQuota", "NodePool")
