"""Test reports kept beside the log: JUnit XML (most runners write it) and TAP. Which tests failed, and with what words."""

import re
from dataclasses import dataclass
from xml.etree import ElementTree

from watchkeeper.domain.errors import InvalidInput

LARGEST = 20 * 1024 * 1024
_TAP = re.compile(r"^\s{0,8}(not )?ok(?: \d+)?(?: -)? ?([^#]*)(?:#\s*(\w+))?")


@dataclass(frozen=True, slots=True)
class FailedTest:
    """One test that did not pass."""

    name: str
    message: str
    file: str = ""
    seconds: float = 0.0


def junit(content: bytes) -> list[FailedTest]:
    """Failures and errors of a JUnit XML file. Raises InvalidInput for what is no such file, or declares entities."""
    if len(content) > LARGEST:
        raise InvalidInput("the report is larger than 20 MiB", field="report")
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise InvalidInput("a test report declares no document type", field="report")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - without a DOCTYPE there is nothing to expand
    except ElementTree.ParseError as error:
        raise InvalidInput(f"not a JUnit report: {error}", field="report") from None
    return [_failed(case, bad) for case in root.iter("testcase") for bad in case if bad.tag in ("failure", "error")]


def _failed(case: ElementTree.Element, bad: ElementTree.Element) -> FailedTest:
    names = [case.get("classname", ""), case.get("name", "")]
    words = bad.get("message") or (bad.text or "").strip().partition("\n")[0]
    seconds = case.get("time", "0").replace(",", "")
    return FailedTest(
        ".".join(n for n in names if n), words[:500], case.get("file", ""), float(seconds) if re.fullmatch(r"[\d.]{1,20}", seconds) else 0.0
    )  # fmt: skip


def tap(text: str) -> list[FailedTest]:
    """`not ok` lines that are neither TODO nor SKIP."""
    out = []
    for line in text.splitlines():
        match = _TAP.match(line[:600])
        if match and match[1] and (match[3] or "").upper() not in ("TODO", "SKIP"):
            out.append(FailedTest(match[2].strip(), ""))
    return out
