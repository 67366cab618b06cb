"""A shelf is a package in which every module is one plugin; the module's name is the plugin's name.

Adding a thing is adding one file. Dashes in names (configuration, URLs) match underscores in file names.
Other distributions join a shelf through entry points of the group named like the package.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType, ModuleType
from typing import Any

from watchkeeper.domain.errors import ConfigurationError, PluginError


@cache
def plugins(shelf: str, attribute: str) -> Mapping[str, Any]:
    """Name -> the `attribute` each module of the package `shelf` must define.

    `shelf` is a dotted package such as `watchkeeper.diagnose.analyzers`; the result is ordered by name.
    """
    found = {module.__name__.rsplit(".", 1)[-1]: _member(module, attribute) for module in _modules(shelf)}
    for entry in entry_points(group=shelf):
        found[entry.name] = _member(entry.load(), attribute)
    return MappingProxyType(dict(sorted(found.items())))


def plugin(shelf: str, attribute: str, name: str) -> Any:
    """The plugin of that name, or a ConfigurationError that lists those there are."""
    known = plugins(shelf, attribute)
    try:
        return known[name.replace("-", "_")]
    except KeyError:
        what = shelf.rsplit(".", 1)[-1]
        raise ConfigurationError(f"no {what} named {name!r}", hint=f"there are: {', '.join(known)}") from None


def module_of(shelf: str, attribute: str, name: str) -> ModuleType:
    """The file of that plugin, for what it may define beside `attribute`; ConfigurationError as `plugin`."""
    member = plugin(shelf, attribute, name)
    return importlib.import_module(member.__module__)


def _modules(shelf: str) -> Iterator[ModuleType]:
    package = importlib.import_module(shelf)
    for info in pkgutil.iter_modules(package.__path__):
        if not info.name.startswith("_"):
            yield importlib.import_module(f"{shelf}.{info.name}")


def _member(module: ModuleType, attribute: str) -> Any:
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise PluginError(f"{module.__name__} does not define {attribute}") from None
