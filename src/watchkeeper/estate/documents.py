"""YAML texts as documents. A repository is read several times for one plan; each text is parsed once."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@lru_cache(maxsize=4096)
def documents(text: str) -> tuple[Any, ...] | None:
    """Every document, None for what is not YAML. Shared: copy before you change anything."""
    try:
        return tuple(yaml.load_all(text, Loader=_LOADER))
    except (yaml.YAMLError, ValueError):
        # A ValueError is a date that no calendar has.
        return None


def mappings(text: str) -> list[Mapping[str, Any]]:
    """Those that are objects; none for what is not YAML."""
    return [d for d in documents(text) or () if isinstance(d, Mapping)]


def head_of(thing: Mapping[str, Any]) -> Mapping[str, Any]:
    """The metadata of an object; empty where a text stands in its place."""
    found = thing.get("metadata")
    return found if isinstance(found, Mapping) else {}
