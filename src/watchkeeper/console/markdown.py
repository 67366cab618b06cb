"""Markdown of people and of ours as a page: every word escaped, no HTML of its own, links only to where a browser may go, no pictures."""

import re
from functools import cache

import mistune
from markupsafe import Markup, escape

from watchkeeper.console.visible import visible


class _Renderer(mistune.HTMLRenderer):
    """`lower`: how many levels headings go down; a page has its own first one."""

    def __init__(self, lower: int) -> None:
        super().__init__(escape=True)
        self._lower = lower

    def heading(self, text: str, level: int, **attrs: object) -> str:
        low = min(level + self._lower, 6)
        return f"<h{low}>{text}</h{low}>\n"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return f"[picture: {escape(text)}]"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if not re.match(r"https?://|/(?!/)|#", url):
            return text
        return f'<a rel="noreferrer noopener" href="{escape(url)}">{text or escape(url)}</a>'

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre>{escape(code)}</pre>\n"


def _head(renderer: object, text: str) -> str:
    """A head without a word is none."""
    return f"<thead><tr>{text}</tr></thead>\n" if re.sub(r"<[^>]*>", "", text).strip() else ""


def _cell(renderer: object, text: str, align: str | None = None, head: bool = False) -> str:
    return f'<th scope="col">{text}</th>' if head and text.strip() else f"<td>{text}</td>"


@cache
def _made(lower: int) -> mistune.Markdown:
    renderer = _Renderer(lower)
    made = mistune.create_markdown(renderer=renderer, plugins=["table", "strikethrough"])
    renderer.register("table_head", _head)
    renderer.register("table_cell", _cell)
    return made


def rendered(text: str, lower: int = 1) -> Markup:
    """Safe to put into a page. `lower` is 0 for a text whose own title is the page's."""
    return Markup(_made(lower)(visible(text)))  # noqa: S704 - written by the renderer above, which escapes
