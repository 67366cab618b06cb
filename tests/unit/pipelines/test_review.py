"""A log in, why it failed out: steps, ranking, green runs, chance, patches, words for people."""

from collections.abc import Iterator

import pytest

from watchkeeper.pipelines import words
from watchkeeper.pipelines.fixes import patch_of, wanted
from watchkeeper.pipelines.flaky import Flakiness, History, judge
from watchkeeper.pipelines.rank import Known
from watchkeeper.pipelines.review import Review, review, templates_of
from watchkeeper.pipelines.scan import scan


def said(*lines: str, known: Known | None = None) -> Review:
    return review(["\n".join([*lines, ""]).encode()], known)


def test_an_empty_log_has_no_finding() -> None:
    assert review([]).findings == ()
    assert (review([b""]).category, review([b"\n\n"]).category) == ("", "")


def test_the_failing_step_comes_first_and_what_is_cleaned_up_later_does_not_count() -> None:
    found = said(
        "##[group]Run npm ci", "npm WARN deprecated foo", "error: a leftover of an earlier step", "##[group]Run npm test", "  1 failing",
        "  1) cart adds up:", "##[error]Process completed with exit code 1.", "Post job cleanup.", "fatal: not a git repository",
    )  # fmt: skip
    assert (found.step, found.step_start, found.step_end, found.exit_code) == ("npm test", 4, 7, "1")
    assert (found.category, found.findings[0].line) == ("test", 6)
    assert 9 not in [f.line for f in found.findings]


def test_a_headline_is_not_the_cause() -> None:
    found = said(
        "[ERROR] COMPILATION ERROR :",
        "[ERROR] /w/A.java:[3,1] cannot find symbol",
        "[INFO] BUILD FAILURE",
        "[ERROR] Failed to execute goal x: Compilation failure",
    )
    assert found.findings[0].line == 2
    assert found.fix == "Mend /w/A.java line 3."


def test_time_stamps_job_names_and_colours_are_looked_through() -> None:
    plain = "src/a.c:3:1: error: expected ';'"
    for line in (
        f"2026-03-01T03:00:01.1234567Z {plain}",
        f"build\tcompile\t2026-03-01T03:00:01.1Z {plain}",
        f"\x1b[31m{plain}\x1b[0m\r",
        f"#12 3.45 {plain}",
    ):
        assert said("start", line).findings[0].fields["file"] == "src/a.c"


def test_what_the_last_green_run_has_too_is_no_cause() -> None:
    lines = ["error: cannot reach 10.0.0.1: connection refused", "x", "y", "the widget failed to load after 3 s"]
    assert said(*lines).findings[0].line == 1
    green = templates_of([b"error: cannot reach 10.0.0.9: connection refused\n"])
    assert said(*lines, known=Known(green)).findings[0].line == 4


def test_a_file_of_the_change_is_preferred() -> None:
    lines = ["a/one.py:1: error: bad type", "x", "x", "x", "b/two.py:1: error: bad type"]
    assert said(*lines, known=Known(changed=("b/two.py",))).findings[0].line == 5


def test_secrets_do_not_leave_the_log() -> None:
    found = said("fatal: Authentication failed for 'https://me:hunter22@example.com/a.git/'")
    assert "hunter22" not in repr(found)
    assert found.category == "auth"


def blocks(total: int, size: int) -> Iterator[bytes]:
    line = b"2026-03-01 error: %d this happens all the time: failed to do it\n"
    sent, n = 0, 0
    while sent < total:
        block = b"".join(line % (n + i) for i in range(size // 70))
        sent, n = sent + len(block), n + size // 70
        yield block
    yield b"Killed\n"


def test_what_is_kept_of_a_long_log_does_not_grow_with_it() -> None:
    small, large = scan(blocks(200_000, 70_000)), scan(blocks(8_000_000, 70_000))
    assert large.lines > 29 * small.lines
    assert len(large.candidates) <= len(small.candidates) + 1
    assert len(large.tail) == len(small.tail)
    assert large.candidates[-1].text == "Killed"


def test_lines_are_numbered_the_same_however_the_blocks_are_cut() -> None:
    log = "".join(f"line {n}\n" for n in range(500)) + "E" * 200_000 + "\n" + "--- FAIL: TestIt (0.1s)\nlast"
    whole = scan([log.encode()])
    cut = scan(log.encode()[n : n + 777] for n in range(0, len(log), 777))
    assert whole.lines == cut.lines == 503
    assert [c.line for c in whole.candidates] == [c.line for c in cut.candidates] == [502]


@pytest.mark.parametrize(
    ("history", "retry", "flaky"),
    [(History(), False, False), (History(), True, True), (History(3, 1, 1), False, True), (History(3, 2, 0), False, True), (History(3, 1, 0), False, False)],
)  # fmt: skip
def test_chance_is_told_from_history(history: History, retry: bool, flaky: bool) -> None:
    assert judge("test", history, retry_succeeded=retry).flaky is flaky


def test_a_compile_error_on_two_branches_is_not_chance() -> None:
    assert not judge("compile", History(9, 9, 0)).flaky


@pytest.mark.parametrize(
    ("log", "path", "before", "change"),
    [
        ("a/b.py:2:5: W291 trailing whitespace", "a/b.py", "x\ny  \n", "-y  \n+y\n"),
        ("./a.py:1:1: F401 'os' imported but unused", "a.py", "import os\nx = 1\n", "-import os\n"),
        ('a.go:2:2: "fmt" imported and not used', "a.go", 'import (\n\t"fmt"\n)\n', '-\t"fmt"\n'),
        ("ModuleNotFoundError: No module named 'yaml_thing'", "requirements.txt", "a==1\n", "+yaml_thing\n"),
    ],
)  # fmt: skip
def test_a_mechanical_fix_is_a_patch(log: str, path: str, before: str, change: str) -> None:
    finding = said(log).findings[0]
    assert wanted(finding) == (path,)
    assert change in patch_of(finding, {path: before})


def test_no_patch_where_the_file_is_not_what_the_log_says_or_lies_outside() -> None:
    assert (
        patch_of(said("a.py:1:1: F401 'os' imported but unused").findings[0], {"a.py": "from os import path, sep\n"})
        == ""
    )
    assert wanted(said("../../etc/a.py:1:1: W291 trailing whitespace").findings[0]) == ()


def test_a_test_that_a_report_lists_makes_its_line_the_cause() -> None:
    log = b"FAIL: price_of_basket\nall is well here\nand here as well\nFAIL: another_one\n"
    assert review([log]).findings[0].line == 1
    after = review([log], Known(failed_tests=["shop.Cart.another_one[1]"])).findings[0]
    assert after.line == 4
    assert "it names a test that a report lists as failed" in after.because


def test_a_comment_gives_no_power_to_what_stood_in_the_log() -> None:
    hostile = "error: @everyone `x` ``` <img src=x> [a](http://evil) \u202e"
    shown = words.failed(
        "a `b`", [("job", said(hostile))], Flakiness(False, ""), "```\n@you", "javascript:alert(1)", []
    )
    line = next(row for row in shown.splitlines() if "everyone" in row)
    fence = line.partition(": ")[2].split(" ")[0]
    assert set(fence) == {"`"}
    assert fence not in hostile
    assert "\u202e" not in shown
    assert "javascript" not in shown
    assert "````diff" in shown
