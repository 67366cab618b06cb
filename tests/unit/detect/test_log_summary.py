"""Files to templates in bounded memory: plain, gzip, zstd."""

import gzip
import tracemalloc
from pathlib import Path

import pytest
import zstandard

from watchkeeper.detect.log_summary import LogSummary, message_of, time_of
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.telemetry.log_files import chunks

TEXT = "".join(f"2026-03-01T03:{n // 60:02d}:{n % 60:02d}Z web request {n} took {n * 7} ms\n" for n in range(500))


@pytest.mark.parametrize("packed", [lambda b: b, gzip.compress, zstandard.ZstdCompressor().compress])
def test_each_packing_reads_the_same(tmp_path: Path, packed: object) -> None:
    path = tmp_path / "log"
    path.write_bytes(packed(TEXT.encode()))  # type: ignore[operator]
    lines = [line for found, _ in chunks(path) for line in found]
    assert lines == TEXT.splitlines()
    assert [taken for _, taken in chunks(path)][-1] == path.stat().st_size


@pytest.mark.parametrize("body", [b"\x1f\x8bnonsense", b"\x28\xb5\x2f\xfdnonsense"])
def test_a_damaged_file_is_an_error_of_ours(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "log"
    path.write_bytes(body)
    with pytest.raises(InvalidInput, match="log"):
        list(chunks(path))


def test_a_line_without_end_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 5_000_000 + b"\nshort\n")
    lines = [line for found, _ in chunks(path) for line in found]
    assert [len(line) for line in lines] == [16 * 1024, 5]


def test_counts_first_and_last_and_what_is_new() -> None:
    summary = LogSummary()
    summary.add_baseline([f"2026-03-01 02:00:{n:02d} request {n} served" for n in range(60)])
    summary.add([f"2026-03-01 03:00:{n:02d} request {n} served" for n in range(60)])
    summary.add(["2026-03-01 03:01:00 panic: out of memory", "2026-03-01 03:01:07 request 99 served"])
    rows = {r.template: r for r in summary.rows()}
    served = rows["request <*> served"]
    assert (served.count, served.first, served.last) == (61, "2026-03-01 03:00:00", "2026-03-01 03:01:07")
    assert not served.new
    panic = rows["panic: out of memory"]
    assert (panic.new, panic.count, panic.first_line, panic.last_line) == (True, 1, 61, 61)
    assert summary.lines == 62


def test_without_a_baseline_nothing_is_new() -> None:
    summary = LogSummary()
    summary.add(["a b c"])
    assert [r.new for r in summary.rows()] == [False]


@pytest.mark.parametrize(
    "line",
    [
        "2026-03-01T03:00:00.123Z up", "2026-03-01 03:00:00,123 up", "Mar  1 03:00:00 up", "[01/Mar/2026:03:00:00 +0000] up",
        "03-01 03:00:00.123 up", "1772334000 up", "1772334000.123 up", "Sun Mar  1 03:00:00 2026 up",
    ],
)  # fmt: skip
def test_times_are_seen_and_taken_off(line: str) -> None:
    assert time_of(line)
    assert message_of(line) == "up"


def test_memory_does_not_grow_with_the_lines(tmp_path: Path) -> None:
    """Forty times the lines, the same peak: what is kept is templates."""

    def peak(lines: int) -> int:
        path = tmp_path / f"{lines}.log"
        with path.open("w") as out:
            for n in range(lines):
                out.write(f"2026-03-01 03:00:00 worker-{n % 7} handled request {n} of user u{n * 31} in {n % 97} ms\n")
        tracemalloc.start()
        summary = LogSummary()
        for found, _ in chunks(path):
            summary.add(found)
        rows = summary.rows()
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert sum(r.count for r in rows) == lines
        return most

    small, large = peak(10_000), peak(160_000)
    assert large < small * 1.5 + 4_000_000, (small, large)
