"""What people say and what machines write about the same thing: concepts with their words and phrases.

The concepts stand in `thesaurus.txt` beside this file; it is ours, general, and fitted to no data set.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from watchkeeper.recall.words import words

_RELATED = 0.4
"""What a word counts that is only about a concept."""
_LONGEST_PHRASE = 4

Phrase = tuple[str, ...]


@cache
def general() -> frozenset[str]:
    """Concepts of the first section: outcomes and movements, which nearly every line has and which tell little alone."""
    sections = _text().split("# ---")
    return frozenset(line.partition(":")[0] for line in sections[1].splitlines() if ":" in line)


@cache
def _text() -> str:
    return files("watchkeeper.recall").joinpath("thesaurus.txt").read_text(encoding="utf-8")


@cache
def lexicon() -> Mapping[Phrase, Mapping[str, float]]:
    """Phrase (words without endings) -> the concepts it stands for, with weights; one word of many concepts says little of each."""
    found: dict[Phrase, dict[str, float]] = defaultdict(dict)
    for line in _text().splitlines():
        if line and not line.startswith("#"):
            concept, _, said = line.partition(":")
            meaning, _, about = said.partition("|")
            for part, weight in ((about, _RELATED), (meaning, 1.0)):
                for phrase in part.split(","):
                    if stems := tuple(words(phrase)):
                        found[stems][concept] = max(weight, found[stems].get(concept, 0.0))
    return {phrase: _shared(concepts) for phrase, concepts in found.items()}


def _shared(concepts: Mapping[str, float]) -> Mapping[str, float]:
    total = sum(weight**2 for weight in concepts.values()) ** 0.5
    return {concept: weight / max(total, 1.0) for concept, weight in concepts.items()}


def concepts(stems: list[str]) -> dict[str, float]:
    """What a text is about: concept -> weight. A longer phrase counts before its words."""
    found: dict[str, float] = {}
    for phrase in _phrases(stems):
        for concept, weight in lexicon()[phrase].items():
            strong = weight * (1 + 0.3 * (len(phrase) - 1))
            found[concept] = max(found.get(concept, 0.0), strong) + 0.25 * min(found.get(concept, 0.0), strong)
    return found


def _phrases(stems: list[str]) -> Iterator[Phrase]:
    known = lexicon()
    for at in range(len(stems)):
        for size in range(_LONGEST_PHRASE, 0, -1):
            phrase = tuple(stems[at : at + size])
            if len(phrase) == size and phrase in known:
                yield phrase
