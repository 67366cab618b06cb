"""Terraform's language, read far enough to replace one literal and nothing else.

A scanner finds where blocks, attributes and their values stand; python-hcl2 parses both texts afterwards, and exactly the
intended leaf may differ.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_HEAD = re.compile(r'([A-Za-z_][\w-]*)((?:\s+(?:"[^"]*"|[A-Za-z_][\w-]*))*)\s*\{')
_ATTRIBUTE = re.compile(r"([A-Za-z_][\w-]*)\s*=(?!=)\s*")
_LABEL = re.compile(r'"([^"]*)"|([A-Za-z_][\w-]*)')
_LITERAL = re.compile(r'-?\d+(?:\.\d+)?|"[^"$%\\]*"|true|false')


@dataclass(frozen=True, slots=True)
class Value:
    """The text of an attribute's value and where it stands."""

    start: int
    end: int
    text: str

    @property
    def literal(self) -> Any:
        """The number, string or boolean, None for an expression."""
        if not _LITERAL.fullmatch(self.text):
            return None
        if self.text in ("true", "false"):
            return self.text == "true"
        return (
            self.text[1:-1] if self.text.startswith('"') else float(self.text) if "." in self.text else int(self.text)
        )


@dataclass(frozen=True, slots=True)
class Block:
    """A block with its labels; `name` joins them, such as `resource.kind.pool`."""

    name: str
    values: Mapping[str, Value]
    """attribute -> value; those of inner blocks as `scaling_config.max_size`"""
    start: int
    end: int


def blocks(text: str) -> list[Block]:
    """The outermost blocks of a file."""
    return [Block(n, dict(_values(text, i, e, "")), s, e) for n, s, i, e in _heads(text, 0, len(text))]


def _heads(text: str, start: int, end: int) -> Iterator[tuple[str, int, int, int]]:
    """(name, start, inside, end) of the blocks between two places, inner ones left out."""
    at = start
    while at < end:
        at = _skipped(text, at, end)
        found = _HEAD.match(text, at, end)
        if found:
            labels = [a or b for a, b in _LABEL.findall(found.group(2))]
            close = _closing(text, found.end() - 1, end)
            yield ".".join([found.group(1), *labels]), at, found.end(), close
            at = close + 1
        else:
            attribute = _ATTRIBUTE.match(text, at, end)
            at = _value_end(text, attribute.end(), end) if attribute else at + 1


def _values(text: str, start: int, end: int, prefix: str) -> Iterator[tuple[str, Value]]:
    at = start
    while at < end:
        at = _skipped(text, at, end)
        block = _HEAD.match(text, at, end)
        attribute = None if block else _ATTRIBUTE.match(text, at, end)
        if block:
            close = _closing(text, block.end() - 1, end)
            yield from _values(text, block.end(), close, f"{prefix}{block.group(1)}.")
            at = close + 1
        elif attribute:
            stop = _value_end(text, attribute.end(), end)
            raw = text[attribute.end() : stop]
            yield (
                f"{prefix}{attribute.group(1)}",
                Value(attribute.end(), attribute.end() + len(raw.rstrip()), raw.rstrip()),
            )
            at = stop
        else:
            at += 1


def _skipped(text: str, at: int, end: int) -> int:
    """Past white space and comments."""
    while at < end:
        if text[at].isspace():
            at += 1
        elif text[at] == "#" or text.startswith("//", at):
            at = _line_end(text, at, end)
        elif text.startswith("/*", at):
            close = text.find("*/", at + 2)
            at = end if close < 0 else close + 2
        else:
            break
    return at


def _line_end(text: str, at: int, end: int) -> int:
    found = text.find("\n", at, end)
    return end if found < 0 else found


def _string_end(text: str, at: int, end: int) -> int:
    """Past a quoted string with its interpolations."""
    at += 1
    while at < end and text[at] != '"':
        if text[at] == "\\":
            at += 1
        elif text.startswith("${", at) or text.startswith("%{", at):
            at = _closing(text, at + 1, end)
        at += 1
    return at + 1


def _closing(text: str, at: int, end: int) -> int:
    """The place of the bracket that closes the one at `at`."""
    depth = 0
    while at < end:
        if text[at] == '"':
            at = _string_end(text, at, end)
            continue
        if text[at] in "#" or text.startswith("//", at) or text.startswith("/*", at):
            at = _skipped(text, at, end)
            continue
        heredoc = re.compile(r"<<-?([A-Za-z_]\w*)\n").match(text, at, end)
        if heredoc:
            at = _heredoc_end(text, heredoc, end)
            continue
        depth += (text[at] in "{[(") - (text[at] in "}])")
        if depth == 0:
            return at
        at += 1
    return end


def _heredoc_end(text: str, head: re.Match[str], end: int) -> int:
    close = re.compile(rf"^[ \t]*{re.escape(head.group(1))}[ \t]*$", re.MULTILINE).search(text, head.end(), end)
    return close.end() if close else end


def _value_end(text: str, at: int, end: int) -> int:
    """Where an attribute's value ends: its line's end, brackets, strings and heredocs jumped over."""
    while at < end and text[at] != "\n":
        heredoc = re.compile(r"<<-?([A-Za-z_]\w*)\n").match(text, at, end)
        if heredoc:
            at = _heredoc_end(text, heredoc, end)
        elif text[at] == '"':
            at = _string_end(text, at, end)
        elif text[at] in "{[(":
            at = _closing(text, at, end) + 1
        elif text[at] in "#}" or text.startswith("//", at) or text.startswith("/*", at):
            break
        else:
            at += 1
    return at


def leaves(text: str) -> dict[str, Any] | None:
    """path -> value of everything python-hcl2 finds, None for what does not parse."""
    import hcl2

    try:
        return dict(_leaves(hcl2.loads(text if text.endswith("\n") else f"{text}\n"), ""))
    except (ValueError, TypeError, KeyError, hcl2_errors()):
        return None


def hcl2_errors() -> type[Exception]:
    """What its parser raises."""
    from lark.exceptions import LarkError

    error: type[Exception] = LarkError
    return error


def _leaves(thing: Any, at: str) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, Mapping):
        for key, value in thing.items():
            yield from _leaves(value, f"{at}.{str(key).strip(chr(34))}")
    elif isinstance(thing, list):
        for number, value in enumerate(thing):
            yield from _leaves(value, f"{at}[{number}]")
    else:
        yield at, thing
