"""What stands on the shelf of scenarios."""

from collections.abc import Callable
from dataclasses import dataclass

from watchkeeper.simulate.shop import Shop
from watchkeeper.simulate.world import World

Begin = Callable[[World, float, str], None]


def any_service(shop: Shop, name: str) -> bool:
    """A service of the middle: somebody calls it, and it is no store of data."""
    return not shop.services[name].role and bool(shop.callers(name))


def role(wanted: str) -> Callable[[Shop, str], bool]:
    """Services of one role."""
    return lambda shop, name: shop.services[name].role == wanted


@dataclass(frozen=True, slots=True)
class Scenario:
    """A way to break the world. `begin(world, pace, service)`: pace is about how many seconds it takes to hurt."""

    name: str
    kind: str
    """as the table of fault kinds names it; "none" where nothing is broken"""
    service: str
    """which service is struck, unless another is chosen; "" where none of ours is"""
    action: str
    """the repair that cures it, "" where people must act"""
    begin: Begin
    cures: tuple[str, ...] = ()
    """further repairs that cure it"""
    also: tuple[str, ...] = ()
    """further kinds that say the same"""
    cause: str = ""
    """what is at fault where that is not the service struck: a node, a job, the DNS"""
    incident: int = 0
    """its number in the map of Kubernetes incidents; 0: none"""
    suits: Callable[[Shop, str], bool] = any_service
    """may this service be struck?"""

    def start(self, world: World, pace: float, service: str = "") -> None:
        """Strike a service, or the usual one."""
        self.begin(world, pace, service or self.service)

    def truth(self, service: str = "") -> str:
        """The name that must come first; "" where nobody is at fault."""
        return self.cause or service or self.service

    @property
    def kinds(self) -> frozenset[str]:
        """What may be said of it."""
        return frozenset((self.kind, *self.also))
