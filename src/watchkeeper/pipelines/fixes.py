"""A suggestion as a patch, where it is mechanical: one line that can only be changed in one way."""

import difflib
import re
from collections.abc import Mapping

from watchkeeper.pipelines.review import Finding

_IMPORT = re.compile(r"^\s*(?:import [\w.]+(?: as \w+)?|from [\w.]+ import \w+(?: as \w+)?)\s*(?:#.*)?$")


def wanted(finding: Finding) -> tuple[str, ...]:
    """Paths of the files a patch needs to see, relative to the repository; () where no patch can be made."""
    if finding.pattern == "python_module":
        return ("requirements.txt",)
    file = finding.fields.get("file", "").removeprefix("./")
    if not file or file.startswith("/") or ".." in file.split("/"):
        return ()
    return (file,) if _MENDERS.get(_kind(finding)) else ()


def patch_of(finding: Finding, files: Mapping[str, str]) -> str:
    """A unified diff, "" where the file is not what the log says."""
    for path in wanted(finding):
        text = files.get(path)
        mend = _MENDERS.get(_kind(finding))
        after = mend(text, finding) if text is not None and mend else None
        if text is not None and after is not None and after != text:
            return "".join(
                difflib.unified_diff(text.splitlines(True), after.splitlines(True), f"a/{path}", f"b/{path}")
            )
    return ""


def _kind(finding: Finding) -> str:
    code = finding.fields.get("code", "")
    return code if code in ("W291", "W293", "W292", "F401", "MD009") else finding.pattern


def _at(text: str, finding: Finding) -> tuple[list[str], int] | None:
    lines = text.splitlines(keepends=True)
    number = int(finding.fields.get("line", "0") or 0) - 1
    return (lines, number) if 0 <= number < len(lines) else None


def _trim(text: str, finding: Finding) -> str | None:
    found = _at(text, finding)
    if found is None:
        return None
    lines, n = found
    end = "\n" if lines[n].endswith("\n") else ""
    lines[n] = lines[n].rstrip() + end
    return "".join(lines)


def _drop_import(text: str, finding: Finding) -> str | None:
    found = _at(text, finding)
    if found is None or not _IMPORT.match(found[0][found[1]].rstrip("\n")):
        return None
    del found[0][found[1]]
    return "".join(found[0])


def _drop_go_import(text: str, finding: Finding) -> str | None:
    found = _at(text, finding)
    package = finding.fields.get("package", "")
    if found is None or not package or f'"{package}"' not in found[0][found[1]] or "(" in found[0][found[1]]:
        return None
    del found[0][found[1]]
    return "".join(found[0])


def _end_line(text: str, finding: Finding) -> str | None:
    return text.rstrip("\n") + "\n"


def _require(text: str, finding: Finding) -> str | None:
    package = finding.fields.get("package", "").split(".")[0]
    if not re.fullmatch(r"[A-Za-z0-9_]{2,60}", package) or re.search(rf"(?im)^{package}\b", text):
        return None
    return text.rstrip("\n") + f"\n{package}\n"


_MENDERS = {
    "W291": _trim, "W293": _trim, "MD009": _trim, "trailing": _trim, "W292": _end_line, "F401": _drop_import,
    "go_imported": _drop_go_import, "python_module": _require,
}  # fmt: skip
