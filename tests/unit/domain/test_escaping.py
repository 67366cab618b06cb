"""Hostile text is text wherever it is shown."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.domain.escaping import (
    for_adaptive_card,
    for_html,
    for_markdown,
    for_markdown_line,
    for_slack,
    for_terminal,
)

HOSTILE = "<!channel> <@U123> <https://evil.example|Approve> @team [Approve](https://evil.example) https://evil.example evil.example \x1b[31m\u202e\u200b *b* `c` #12 &lt;"
ALL = [for_slack, for_adaptive_card, for_markdown, for_markdown_line, for_terminal, for_html]
TEXT = st.one_of(st.text(), st.lists(st.sampled_from(HOSTILE.split(" ")), max_size=8).map(" ".join))


@given(TEXT)
def test_no_control_or_direction_mark_gets_through(text: str) -> None:
    for escape in ALL:
        left = [c for c in escape(text) if unicodedata.category(c) in ("Cc", "Cf") and c not in "\n\u2060\u200b"]
        assert left == []


@given(TEXT)
def test_slack_pings_nobody_links_nothing(text: str) -> None:
    shown = for_slack(text)
    assert "<" not in shown
    assert ">" not in shown
    assert re.search(r"&(?!amp;|lt;|gt;)", shown) is None or shown.endswith("…")
    assert re.search(r"@[\w]", shown) is None
    assert re.search(r"https?:", shown, re.IGNORECASE) is None
    assert re.search(r"\w\.\w", shown) is None


@given(TEXT)
def test_cards_and_markdown_have_no_link_and_no_mention(text: str) -> None:
    assert re.search(r"(?<!\\)\[[^\]]*(?<!\\)\]\(", for_adaptive_card(text)) is None
    assert re.search(r"https?:/", for_adaptive_card(text), re.IGNORECASE) is None
    assert re.search(r"@\w", for_markdown(text)) is None
    assert re.search(r"https?:/", for_markdown(text), re.IGNORECASE) is None


@given(TEXT)
def test_a_line_of_markdown_is_one_line_without_power(text: str) -> None:
    shown = for_markdown_line(text)
    assert "\n" not in shown
    assert re.search(r"@\w", shown) is None
    assert "://" not in shown
    assert re.search(r"(?<!\\)(?:\\\\)*[\[<`*]", shown) is None
    assert re.match(r"\s*([-+=]|\d{1,9}[.)])", shown) is None


@pytest.mark.parametrize("escape", [for_slack, for_adaptive_card, for_markdown])
def test_limits_hold_after_escaping(escape: object) -> None:
    assert callable(escape)
    assert len(escape("<&>*" * 1000, 100)) <= 100
