"""Text to comparable words: camelCase, paths and under_scores split, endings taken off, character n-grams."""

import re
from collections.abc import Iterator
from functools import lru_cache

_RUNS = re.compile(r"[A-Za-z][A-Za-z0-9]*|\d{3}\b|\d+[A-Za-z]\w*")
_HUMPS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_VOWEL = re.compile(r"[aeiouy]")
_APOSTROPHE = re.compile(r"(?<=[a-z])['’](?=[a-z])")
_LONGEST = 4000
"""Characters of a text that are looked at: what a line is about stands in front."""
STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "being",
        "but",
        "by",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "having",
        "he",
        "her",
        "his",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "me",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "our",
        "she",
        "so",
        "some",
        "such",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "too",
        "up",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "whom",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
        "can",
        "could",
        "may",
        "might",
        "shall",
        "should",
        "must",
        "about",
        "after",
        "before",
        "because",
        "during",
        "how",
        "any",
        "all",
        "each",
        "every",
        "only",
        "own",
        "same",
        "than",
        "very",
        "just",
    ]
)
"""Words that tell nothing alone; phrases may still contain them."""


def words(text: str) -> list[str]:
    """The words of a text without their endings, in order, stop words included. A joined name gives itself and its parts."""
    return list(_words(_APOSTROPHE.sub("", text[:_LONGEST])))


def telling(stems: list[str]) -> list[str]:
    """Those that tell what a text is about."""
    return [s for s in stems if len(s) > 1 and s not in STOP_WORDS]


def _words(text: str) -> Iterator[str]:
    for run in _RUNS.findall(text):
        parts = _HUMPS.findall(run)
        if len(parts) > 1:
            yield stem(run.lower())
            yield from (stem(p.lower()) for p in parts if len(p) > 1 and not p.isdigit())
        else:
            yield stem(run.lower())


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """A lower-case word without its ending: mounted, mounting and mounts are one. Rough on purpose, the same for both sides."""
    if len(word) <= 3 or not word.isascii() or word in STOP_WORDS:
        return word
    word = _plural(word)
    for ending in ("edly", "ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and _VOWEL.search(rest):
            word = _undoubled(rest)
            break
    for ending, put in _ENDINGS:
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 4:
            word = rest + put
            break
    if word.endswith("e") and len(word) > 3:
        word = word[:-1]
    if word.endswith("y") and len(word) > 3:
        word = word[:-1] + "i"
    return _undoubled(word)


_ENDINGS = (
    ("ization", "iz"), ("isation", "iz"), ("ational", ""), ("ication", "ic"), ("ation", ""), ("ition", "it"), ("ivity", ""),
    ("ment", ""), ("ness", ""), ("able", ""), ("ible", ""), ("ally", "al"), ("ful", ""), ("ly", ""), ("ize", "iz"), ("ise", "iz"),
    ("ate", ""), ("at", ""), ("sion", "s"), ("tion", "t"), ("ity", ""), ("ive", ""), ("ure", ""), ("ors", ""), ("or", ""), ("er", ""),
)  # fmt: skip
"""ending -> what takes its place, where at least four letters stay"""


def _plural(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _undoubled(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouslz" else word


def grams(stems: list[str], sizes: tuple[int, ...] = (3, 4)) -> Iterator[str]:
    """Character n-grams of each word with its borders: they find what is misspelt, joined or cut."""
    for word in stems:
        framed = f"^{word}$"
        for size in sizes:
            yield from (framed[at : at + size] for at in range(len(framed) - size + 1))
