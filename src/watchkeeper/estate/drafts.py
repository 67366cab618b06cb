"""Is a file that a model wrote fit to be shown to people as a suggestion? Parsed, held against schemas, never run.

A draft that fails stays words on the timeline. One that passes is still only a suggestion: policies and people come after.
"""

import shlex
import unicodedata
from collections.abc import Callable, Mapping

from watchkeeper.domain.redaction import redact
from watchkeeper.estate.documents import documents
from watchkeeper.estate.hcl import leaves
from watchkeeper.estate.scripts import REFUSED
from watchkeeper.estate.valid import problem_of

LARGEST = 64 * 1024
_ENDINGS = {"manifest": (".yaml", ".yml"), "helm": (".yaml", ".yml"), "terraform": (".tf",), "script": (".sh",)}
_POWERS = frozenset(
    {"Secret", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "CustomResourceDefinition"}
)  # fmt: skip
"""Kinds that give rights or hold secrets: no model words those."""


def problems_of(kind: str, path: str, before: str, text: str, under: str = "") -> tuple[str, ...]:
    """Why the draft is refused, () where nothing speaks against showing it. `before`: the file as it is, "" for a new one."""
    found = [*_of_path(kind, path, under), *_of_text(before, text)]
    return tuple(found or _FORMS[kind](text))


def _of_path(kind: str, path: str, under: str) -> list[str]:
    parts = path.split("/")
    if (
        not path
        or path.startswith("/")
        or any(p in ("", ".", "..") or p.startswith(".") for p in parts)
        or "\\" in path
    ):
        return [f"{path!r} is no plain path inside the repository"]
    if not path.endswith(_ENDINGS[kind]):
        return [f"a {kind} draft does not belong into {path!r}"]
    if under and not path.startswith(under.rstrip("/") + "/"):
        return [f"{path!r} lies outside {under!r}"]
    return []


def _of_text(before: str, text: str) -> list[str]:
    found = []
    if not text.strip() or text == before:
        found.append("it changes nothing")
    if len(text.encode()) > LARGEST:
        found.append(f"it is longer than {LARGEST // 1024} KiB")
    if redact(text) != text:
        found.append("it holds what looks like a secret")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs") and c not in "\n\t" for c in text):
        found.append("it holds characters that cannot be seen")
    return found


def _manifest(text: str) -> list[str]:
    found = documents(text)
    if found is None or not found:
        return ["it is no YAML"]
    out = []
    for thing in found:
        if not isinstance(thing, Mapping) or not thing.get("kind") or not thing.get("apiVersion"):
            out.append("a document in it is no Kubernetes object")
        elif thing["kind"] in _POWERS:
            out.append(f"it words a {thing['kind']}")
        elif problem := problem_of(thing):
            out.append(f"{thing['kind']}: {problem}")
    return out


def _helm(text: str) -> list[str]:
    found = documents(text)
    return [] if found is not None and len(found) == 1 and isinstance(found[0], Mapping) else ["it is no values file"]


def _terraform(text: str) -> list[str]:
    return [] if leaves(text) is not None else ["it is no HCL"]


def _script(text: str) -> list[str]:
    if not text.startswith("#!/bin/sh\n"):
        return ["it does not begin with #!/bin/sh"]
    for line in text.splitlines()[1:]:
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            return [f"a line of it cannot be read: {line[:80]!r}"]
        if bad := [w for w in words if w.split("=", 1)[0] in REFUSED]:
            return [f"it points a command elsewhere: {bad[0]}"]
    return []


_FORMS: Mapping[str, Callable[[str], list[str]]] = {
    "manifest": _manifest,
    "helm": _helm,
    "terraform": _terraform,
    "script": _script,
}
