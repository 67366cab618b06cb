"""The Argo CD and Flux objects behind live objects, read one by one: an installation may have thousands of them."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from watchkeeper.domain.deployers import Object, deployers_of, source_of

Get = Callable[[str, str, str], Awaitable[Object | None]]
"""(kind, namespace, name) -> the object, None where there is none or we may not read it"""
_MOST = 20
"""Deployers of one incident that are asked for"""


async def deployers(things: Iterable[Object], get: Get, argocd_namespace: str) -> list[dict[str, Any]]:
    """The deployers of these objects, and the repositories those read."""
    keys = (key for thing in things for key in deployers_of(thing))
    wanted = list(dict.fromkeys((kind, space or argocd_namespace, name) for kind, space, name in keys))[:_MOST]
    found = [{**o, "kind": key[0]} for key in wanted if (o := await get(*key)) is not None]
    sources = dict.fromkeys(key for o in found if (key := source_of(o)) is not None)
    return [*found, *[{**o, "kind": key[0]} for key in sources if (o := await get(*key)) is not None]]
