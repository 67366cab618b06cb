"""Say why a build failed, from its log."""

import gzip
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.console import Console

from watchkeeper.cli._shown import plain
from watchkeeper.codehosts.test_reports import read
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.domain.failed_test import FailedTest
from watchkeeper.domain.redaction import redact
from watchkeeper.pipelines.categories import CATEGORIES
from watchkeeper.pipelines.rank import Known
from watchkeeper.pipelines.review import Review, review, templates_of

BLOCK = 1024 * 1024


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("review-log")(review_log)


def review_log(
    file: Annotated[Path, typer.Argument(help="The log, plain or gzip; - reads standard input.")],
    green: Annotated[Path | None, typer.Option(help="The log of the last run that passed, to compare with.")] = None,
    report: Annotated[
        list[Path] | None, typer.Option(help="A test report, JUnit XML or TAP; may be given more than once.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Find the failing step, the lines that say why, their category and a fix."""
    tests = [test for path in report or () for test in read(path.name, b"".join(blocks(path)))]
    known = Known(templates_of(blocks(green)) if green else frozenset(), failed_tests=[t.name for t in tests])
    said = review(blocks(file), known)
    if as_json:
        listed = [{**asdict(t), "name": redact(t.name), "message": redact(t.message)} for t in tests]
        typer.echo(json.dumps({**asdict(said), "fix": said.fix, "tests": listed}, indent=1))
    else:
        show(said, tests, Console(highlight=False, markup=False, soft_wrap=True))


def blocks(path: Path) -> Iterator[bytes]:
    """The log in blocks, unpacked where it is gzip. Raises InvalidInput where it cannot be read."""
    try:
        with ExitStack() as open_files:
            raw: IO[bytes] = sys.stdin.buffer if str(path) == "-" else open_files.enter_context(path.open("rb"))
            first = raw.read(BLOCK)
            if first[:2] == b"\x1f\x8b":
                yield from _unpacked(first, raw)
                return
            while first:
                yield first
                first = raw.read(BLOCK)
    except (OSError, EOFError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}", field="file") from None


def _unpacked(first: bytes, raw: IO[bytes]) -> Iterator[bytes]:
    import zlib

    unpack = zlib.decompressobj(31)
    block = first
    while block:
        try:
            out = unpack.decompress(block, BLOCK)
        except zlib.error as error:
            raise gzip.BadGzipFile(str(error)) from None
        if out:
            yield out
        if unpack.eof:
            block = unpack.unused_data
            unpack = zlib.decompressobj(31)
            if not block:
                block = raw.read(BLOCK)
            if block[:2] != b"\x1f\x8b":
                return
        else:
            block = unpack.unconsumed_tail or raw.read(BLOCK)


def show(said: Review, tests: Sequence[FailedTest], console: Console) -> None:
    """As a person reads it."""
    for test in tests:
        console.print(f"failed test {plain(redact(test.name))}: {plain(redact(test.message))}")
    if not said.findings:
        console.print("the log holds nothing that could be a cause")
        return
    meaning = CATEGORIES.get(said.category, "nothing in the log says which kind of failure it is")
    console.print(f"{said.category or 'unknown'}: {meaning}")
    code = f", exit code {said.exit_code}" if said.exit_code else ""
    step = f" {plain(said.step)!r}" if said.step else ""
    console.print(f"failing step{step}: lines {said.step_start} to {said.step_end}{code}")
    for finding in said.findings:
        console.print(f"  line {finding.line}: {plain(finding.text)}")
        if finding.fix:
            console.print(f"    {plain(finding.fix)}", style="green")
