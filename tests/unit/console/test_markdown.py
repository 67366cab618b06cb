"""Markdown of strangers: formatted, never obeyed."""

import pytest

from watchkeeper.console.markdown import rendered


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](data:text/html,hi)",
        "![x](http://elsewhere/p.png)", "[x](//elsewhere)", '[x](https://a" onclick="alert(1))', "<https://a.b\"onx=1>",
    ],
)  # fmt: skip
def test_nothing_of_it_runs_or_is_fetched(text: str) -> None:
    shown = str(rendered(text))
    assert "<script" not in shown
    assert "<img" not in shown
    assert 'onclick="' not in shown
    assert not any(f'href="{scheme}' in shown for scheme in ("javascript", "data", "//"))


def test_what_runbooks_use_is_shown() -> None:
    shown = str(
        rendered(
            "# Title\n\nDo **this**, see [there](https://a.b/c).\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```sh\nls <x>\n```"
        )
    )
    for part in (
        "<h2>Title</h2>",
        "<strong>this</strong>",
        'href="https://a.b/c"',
        '<th scope="col">a</th>',
        "<pre>ls &lt;x&gt;",
    ):
        assert part in shown


def test_a_table_without_words_in_its_head_has_none() -> None:
    assert "<th" not in rendered("| | |\n| --- | --- |\n| a | b |")


def test_directions_are_shown_not_obeyed() -> None:
    assert "\\u202e" in rendered("evil \u202e text")
