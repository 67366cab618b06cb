"""Test reports kept beside the log: JUnit XML (most runners write it) and TAP. Which tests failed, and with what words."""

import re
import zipfile
from collections.abc import Iterator
from typing import IO
from xml.etree import ElementTree

from watchkeeper.domain.errors import InvalidInput
from watchkeeper.domain.failed_test import FailedTest

LARGEST = 20 * 1024 * 1024
"""Bytes of one report"""
_MEMBERS = 200
"""Reports of one archive that are read"""
_TAP = re.compile(r"^\s{0,8}(not )?ok(?: \d+)?(?: -)? ?([^#]*)(?:#\s*(\w+))?")


def read(name: str, content: bytes) -> list[FailedTest]:
    """By the name of the file: TAP for `.tap`, else JUnit XML. Raises InvalidInput."""
    return tap(content.decode("utf-8", "replace")) if name.lower().endswith(".tap") else junit(content)


def read_archive(archive: IO[bytes]) -> Iterator[FailedTest]:
    """Every report of a zip file. What is in it that is no report, or too large, is passed over."""
    try:
        with zipfile.ZipFile(archive) as files:
            for name in [n for n in files.namelist() if n.lower().endswith((".xml", ".tap"))][:_MEMBERS]:
                with files.open(name) as member:
                    content = member.read(LARGEST + 1)
                try:
                    yield from read(name, content)
                except InvalidInput:
                    continue
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):
        return  # not a zip file, or packed in a way that cannot be read here


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
        ".".join(n for n in names if n), words[:500], case.get("file", ""), float(seconds) if re.fullmatch(r"\d{1,9}(?:\.\d{1,12})?", seconds) else 0.0
    )  # fmt: skip


def tap(text: str) -> list[FailedTest]:
    """`not ok` lines that are neither TODO nor SKIP."""
    out = []
    for line in text.splitlines():
        match = _TAP.match(line[:600])
        if match and match[1] and (match[3] or "").upper() not in ("TODO", "SKIP"):
            out.append(FailedTest(match[2].strip(), ""))
    return out
