"""Log lines to templates."""

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.detect.templates import TemplateMiner, mask, mine


def test_numbers_addresses_paths_and_flags_are_variables() -> None:
    lines = [
        "opened file /var/lib/data/17.db in 35 ms from 10.2.3.4:9000",
        "opened file /var/lib/other/9.db in 7 ms from 10.9.9.9:80",
        "cache enabled=true size=6.0 KB",
        "cache enabled=false size=12 MB",
    ]
    assert mine(lines) == [
        "opened file <*> in <*> ms from <*>", "opened file <*> in <*> ms from <*>",
        "cache enabled=<*> size=<*>", "cache enabled=<*> size=<*>",
    ]  # fmt: skip


def test_a_word_is_a_variable_once_lines_that_agree_otherwise_have_several() -> None:
    lines = [f"order of {name} was shipped" for name in ("apples", "pears", "plums", "figs")]
    assert set(mine(lines)) == {"order of <*> was shipped"}
    assert mine(lines[:2]) == lines[:2]


def test_after_a_lead_two_words_are_enough_and_users_are_variables_at_once() -> None:
    assert set(mine(["login from paris ok", "login from rome ok"])) == {"login from <*> ok"}
    assert mine(["failure; user=root"]) == ["failure; user=<*>"]


def test_different_statements_stay_apart() -> None:
    lines = ["session opened", "session closed", "started", "stopped", "reloaded", "paused", "resumed", "ended"]
    assert mine(lines) == lines


def test_early_lines_get_the_template_that_later_lines_taught() -> None:
    miner = TemplateMiner()
    first = miner.add("worker alpha is idle")
    assert miner.template(first) == "worker alpha is idle"
    for name in ("beta", "gamma"):
        miner.add(f"worker {name} is idle")
    assert miner.template(first) == "worker <*> is idle"


def test_a_list_of_any_length_is_one_variable() -> None:
    assert set(mine(["delete b1x b2x b3x", "delete b4x b5x b6x b7x"])) == {"delete <*>"}


@given(st.lists(st.text(max_size=80), max_size=40))
def test_any_text_is_taken_and_equal_lines_get_equal_templates(lines: list[str]) -> None:
    found = mine([*lines, *lines])
    assert len(found) == 2 * len(lines)
    assert found[: len(lines)] == found[len(lines) :]


@given(st.text(max_size=200))
def test_masking_twice_changes_nothing_more(line: str) -> None:
    once = "".join(mask(line))
    assert "".join(mask(once)).count("<*>") >= once.count("<*>") - 1
