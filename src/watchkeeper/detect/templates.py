"""Log lines to templates, as they come: what the statement in the code says, and where its variables are.

Most lines have a shape that was seen before (the line without its digits): one dictionary look-up. A new shape is masked
word by word, and joined with its like: a position at which lines that agree everywhere else have several different words is
a variable. One setting for every system; memory is bounded by the number of shapes kept. Cost: O(length) a line for known
shapes, O(words) for a new one.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice, pairwise

ANY = "<*>"
_MOST_SHAPES = 200_000
_CHUNK = 4096
_LONGEST = 400
"""Words from which a line is taken as it is: no position of it is generalised."""
_ENOUGH = 8
"""Different words at a position that are remembered."""
_MOST_PATTERNS = 50_000
_DIGITS = b"0123456789"
_FRESH_ID = re.compile(
    r"(?<![^\s=,;()\[\]{}\"'])(?=[A-Za-z_\-]*\d[A-Za-z0-9_\-])[A-Za-z0-9_\-]{6,}(?![^\s=,;()\[\]{}\"'])"
)
"""A whole word that `mask` makes a variable whatever it is: with a digit that is not its last letter, and without other signs."""
_ID = "00000000"
_DATE = re.compile(
    r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*,? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w* +\d+ [\d:]+(?: \d{4})?"
)
_SIZE = re.compile(
    r"<?\b\d+(?:\.\d+)? ?(?:bytes(?= \(| sent| received|[,;)]|$)|B|KB|MB|GB|TB|KiB|MiB|GiB|secs?)\b(?: \([\d.]+ ?[KMGT]i?B\))?"
)
_EMPTY = re.compile(r"(?<=\s)\(\)")
_PARTS = re.compile(r"\s+|[=,;()\[\]{}<>\"']|:(?=\s|$)|(?:(?!:(?:\s|$))[^\s=,;()\[\]{}<>\"'])+")
_NAME_THEN_NUMBER = re.compile(r"([A-Za-z\-]+\.+)\d+")
_DOTTED = re.compile(r"[a-z][a-z\-]*(?:\.[a-z\-]+){2,}")
"""Host and package names; class names have capitals."""
_HEX = re.compile(r"[0-9a-fA-F]{8,}")
_WORD_WITH_VERSION = re.compile(r"[A-Za-z]{3,}\d|[A-Za-z]\d")
_PATH = re.compile(r"(?:/|\.{1,2}/|~/)(?:[\w.\-+]+/)*[\w.\-+*]*")
_RESOURCE = re.compile(r"[\w\-]+(?:\.[\w\-]+)+/[\w.\-/$]+")
"""A name below a dotted name, such as a component of a package or a file of a host."""
_BYTES = re.compile(r"[0-9a-fA-F]{2}(?:[:\-][0-9a-fA-F]{2}){3,}")
_NUMBERED = re.compile(r"([A-Za-z]*)#\d+([.:!?]?)")
_QUOTED = re.compile(r'(?<==)"[^"]*"')
_OBJECT = re.compile(r"(?<==)\w+\{[^{}=]*\}")
_FLAGS = frozenset(("true", "false", "null", "None", "True", "False", "nil"))
_LEADS = frozenset(("=", "user", "for", "from", "to", "host", "server", "by", "rhost", "caller"))
_WHO = frozenset(("user", "rhost", "host", "hostname", "name", "client", "ip"))
_DELIMITERS = frozenset("=,;()[]{}<>\"':")

Pattern = tuple[str, ...]


class TemplateMiner:
    """Learns as it reads. A template may become more general later: ask for it by number at the end."""

    def __init__(self) -> None:
        self._shapes: dict[bytes, int] = {}
        """lines without their digits"""
        self._bare: dict[str, int] = {}
        """lines without what can only be ids"""
        self._patterns: list[Pattern] = []
        self._numbers: dict[Pattern, int] = {}
        self._words: dict[int, set[str]] = {}
        """place (`_places`) -> words seen there"""
        self._resolved: dict[int, str] = {}

    def add(self, line: str) -> int:
        """The number of the line's pattern."""
        return self.add_all((line,))[0]

    def add_all(self, lines: Iterable[str]) -> list[int]:
        """The number of each line's pattern, in order."""
        out: list[int] = []
        rest = iter(lines)
        while chunk := list(islice(rest, _CHUNK)):
            try:
                shapes = [line.encode().translate(None, _DIGITS) for line in chunk]
            except UnicodeEncodeError:
                shapes = [line.encode("utf-8", "replace").translate(None, _DIGITS) for line in chunk]
            known = list(map(self._shapes.get, shapes))
            if None in known:
                out += [
                    self._unseen(line, shape) if number is None else number
                    for line, shape, number in zip(chunk, shapes, known, strict=True)
                ]
            else:
                out += known  # type: ignore[arg-type]
        return out

    def _unseen(self, line: str, shape: bytes) -> int:
        """A line of a new shape: perhaps only its ids are new."""
        if (seen := self._shapes.get(shape)) is not None:
            return seen
        bare = _FRESH_ID.sub(_ID, line)
        number = self._bare.get(bare)
        if number is None:
            number = self._learn(line)
            if len(self._bare) < _MOST_SHAPES:
                self._bare[bare] = number
        if len(self._shapes) < _MOST_SHAPES:
            self._shapes[shape] = number
        return number

    def template(self, number: int) -> str:
        """Its template, as far as was learnt by now."""
        found = self._resolved.get(number)
        if found is None:
            found = self._resolved[number] = _text(self._general(self._patterns[number]))
        return found

    def _learn(self, line: str) -> int:
        pattern = mask(line)
        known = self._numbers.get(pattern)
        if known is None and len(self._patterns) >= _MOST_PATTERNS:
            pattern = (ANY,)
            known = self._numbers.get(pattern)
        if known is not None:
            return known
        number = self._numbers[pattern] = len(self._patterns)
        self._patterns.append(pattern)
        self._resolved.clear()
        self._note(pattern)
        return number

    def _note(self, pattern: Pattern) -> None:
        """Count the words that stand at each position between the same neighbours; generalise where they are many."""
        todo = [pattern]
        while todo:
            here = todo.pop()
            for at, key in _places(here):
                word, words = here[at], self._words.setdefault(key, set())
                if word in words or len(words) >= _ENOUGH:
                    continue
                before = len(words)
                words.add(word)
                if _may_vary(word) and before < _needed(here, at) <= len(words):
                    todo.append((*here[:at], ANY, *here[at + 1 :]))

    def _general(self, pattern: Pattern) -> Pattern:
        """The pattern with every position made a variable that was found to be one."""
        at: int | None = -1
        while at is not None:
            at = next((at for at, key in _places(pattern) if self._varies(pattern, at, key)), None)
            if at is not None:
                pattern = (*pattern[:at], ANY, *pattern[at + 1 :])
        return pattern

    def _varies(self, pattern: Pattern, at: int, key: int) -> bool:
        words = self._words.get(key, ())
        return pattern[at] != ANY and (ANY in words or len(words) >= _needed(pattern, at))


def _places(pattern: Pattern) -> Iterator[tuple[int, int]]:
    """Each position that may hold a variable, with a key that the same neighbours share. O(words)."""
    if len(pattern) > _LONGEST:
        return
    ends = [0]
    for word in reversed(pattern):
        ends.append(hash((ends[-1], word)))
    telling = sum(map(_telling, pattern))
    begun = 0
    for at, word in enumerate(pattern):
        if not word.isspace() and word not in _DELIMITERS and telling > _telling(word):
            yield at, hash((at, begun, ends[len(pattern) - at - 1]))
        begun = hash((begun, word))


def _needed(pattern: Pattern, at: int) -> int:
    """Different words that make a position a variable: fewer after a lead such as `=` or `user`."""
    before = next((w for w in reversed(pattern[:at]) if not w.isspace()), "")
    word = pattern[at]
    if before == "=" and _key(pattern, at) in _WHO:
        return 1
    if at == 0 and word.isalpha():
        return 6
    return 2 if before in _LEADS or "_" in word else 3


def mine(lines: Iterable[str]) -> list[str]:
    """A template for each line, in order, once all of them are known."""
    miner = TemplateMiner()
    return [miner.template(number) for number in miner.add_all(lines)]


def mask(line: str) -> Pattern:
    """Words and what stands between them, with obvious variables masked."""
    line = _SIZE.sub(ANY, _DATE.sub(ANY, line)) if any(c.isdigit() for c in line) else line
    line = _EMPTY.sub(f"({ANY})", line)
    if '="' in line:
        line = _QUOTED.sub(f'"{ANY}"', line)
    if "{" in line:
        line = _OBJECT.sub(ANY, line)
    parts = _PARTS.findall(line.replace(ANY, "\x00"))
    # The name before a `=` stays, whatever it looks like.
    return tuple(
        part if after == "=" and part.isidentifier() else _masked(part) for part, after in pairwise([*parts, ""])
    )


@lru_cache(maxsize=_MOST_SHAPES)
def _masked(part: str) -> str:
    if part.isspace():
        return " "
    if part in _DELIMITERS:
        return part
    if "\x00" in part:
        return part.replace("\x00", ANY)
    if part in _FLAGS:
        return ANY
    if _BYTES.fullmatch(part) or _RESOURCE.fullmatch(part) or (len(part) > 2 and _PATH.fullmatch(part)):
        return ANY
    if not any(c.isdigit() for c in part):
        if ":" in part and part.rsplit(":", 1)[1] in _FLAGS:
            return f"{part.rsplit(':', 1)[0]}:{ANY}"
        return ANY if _DOTTED.fullmatch(part) or _HEX.fullmatch(part) else part
    if (named := _NAME_THEN_NUMBER.fullmatch(part)) is not None:
        return named.group(1) + ANY
    if _WORD_WITH_VERSION.fullmatch(part):
        return part
    if (numbered := _NUMBERED.fullmatch(part)) is not None:
        return f"{numbered.group(1)}#{ANY}{numbered.group(2)}"
    tail = part[-1] if part[-1] in ".:!?%" and not part[-2:-1].isspace() else ""
    head = part[: len(part) - len(tail)]
    key, colon, value = head.rpartition(":")
    if colon and value.isalpha() and key[-1:].isdigit():
        return f"{ANY}:{value}{tail}"
    if colon and key.isalpha() and not value.startswith("//"):
        return f"{key}:{ANY}{tail}"
    return ANY + tail


def _may_vary(word: str) -> bool:
    return not word.isspace() and word not in _DELIMITERS and ANY not in word


def _key(pattern: Pattern, at: int) -> str:
    """The word before the `=` before a position."""
    before = [w for w in pattern[:at] if not w.isspace()][-2:]
    return before[0] if len(before) == 2 else ""


def _telling(word: str) -> bool:
    """Does it tell what the line is about? At least one such word must stay beside a variable."""
    return _may_vary(word) and word.isalpha()


_LIST = re.compile(r"<\*>(?:,? <\*>){2,}")


def _text(pattern: Pattern) -> str:
    """A list of variables is one variable."""
    return _LIST.sub(ANY, "".join(pattern)).strip()
