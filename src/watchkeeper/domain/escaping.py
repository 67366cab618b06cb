"""Text that others wrote, made harmless for each place it is shown in: nobody is pinged, nothing is a link, nothing is obeyed."""

import html
import re
import unicodedata

_SILENT = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
_MARKS = re.compile(r"([\\`*_{}\[\]()<>#!|~&^$])")
_LIST = re.compile(r"^(\s*)([-+=]|\d{1,9}[.)])")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~@:])")
_MENTION = re.compile(r"@(?=[\w-])")
_CUT = "…"


def pictured(character: str) -> str:
    """The character, or its escape where it has no picture of its own: control, format, surrogate, private, separators."""
    return f"\\u{ord(character):04x}" if unicodedata.category(character) in _SILENT else character


def visible(text: object, *, lines: bool = False) -> str:
    """Control, format and surrogate characters (ANSI, direction marks, zero widths) as escapes; tabs are spaces, line breaks kept only if asked."""
    out = []
    for c in str(text):
        if c in "\n\t":
            out.append(c if lines and c == "\n" else " ")
        else:
            out.append(pictured(c))
    return "".join(out)


def shortened(text: str, most: int) -> str:
    """At most `most` characters."""
    return text if len(text) <= most else text[: max(most - 1, 0)] + _CUT


def for_slack(text: object, most: int = 3000) -> str:
    """For mrkdwn and plain text: `&`, `<`, `>` escaped, `@` and bare addresses broken by a word joiner, formatting marks too."""
    clean = _MENTION.sub("@\u2060", visible(text, lines=True))
    clean = re.sub(r"(?i)\b(https?|ftp|mailto|slack|tel)(?=:)", "\\1\u2060", clean)
    clean = re.sub(r"(?<=\w)\.(?=\w)", ".\u2060", clean)
    clean = re.sub(r"([*_~`])", "\u2060\\1\u2060", clean)
    escaped: list[str] = []
    size = 0
    for piece in (c.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for c in clean):
        if size + len(piece) > most - 1:
            return "".join(escaped) + _CUT
        escaped.append(piece)
        size += len(piece)
    return "".join(escaped)


def for_adaptive_card(text: object, most: int = 3000) -> str:
    """Adaptive Cards read a little Markdown in every text: its marks are escaped; `<at>` mentions need entities we never send."""
    clean = _MENTION.sub("@\u2060", visible(text, lines=True))
    clean = re.sub(r"(?i)\b(https?|mailto)(?=:)", "\\1\u2060", clean)
    return shortened(re.sub(r"([\\*_\[\]()#~`<>])", r"\\\1", clean), most)


def for_markdown(text: object, most: int = 20_000) -> str:
    """For pull requests and Markdown pages: every mark escaped, `@team` and `#12` do not link."""
    clean = visible(text, lines=True)
    clean = re.sub(r"(?i)\b(https?|ftp|mailto|www)(?=[:.])", "\\1\u2060", clean)
    clean = re.sub(r"[@#](?=[\w])", lambda m: m.group(0) + "\u2060", clean)
    return shortened(_MARKDOWN.sub(r"\\\1", clean.replace("&", "&amp;")), most)


def for_markdown_line(text: object) -> str:
    """One line inside a Markdown text of ours, a pull request's or a page's: no links, mentions, lists, markup or HTML."""
    shown = _MARKS.sub(r"\\\1", visible(" ".join(str(text).split())))
    shown = shown.replace("://", ":\u200b//").replace("@", "@\u200b")
    shown = re.sub(r"\bwww\.", "www\u200b.", shown, flags=re.IGNORECASE)
    return _LIST.sub(lambda m: f"{m[1]}\\{m[2]}" if not m[2][0].isdigit() else f"{m[1]}{m[2][:-1]}\\{m[2][-1]}", shown)


def for_terminal(text: object) -> str:
    """One line, no control sequences."""
    return visible(text)


def for_html(text: object) -> str:
    """For pages."""
    return html.escape(visible(text, lines=True))
