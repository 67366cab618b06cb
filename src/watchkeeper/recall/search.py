"""Texts by meaning, without a model: words, concepts and character n-grams, each by its rarity, joined into one score.

BM25 knows the words that are said. The thesaurus knows that "nobody can get in" and "authentication failure" are about the same
thing. N-grams find what is joined or misspelt. Vectors of an embedder, where there are any, join as a fourth opinion.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from watchkeeper.recall.thesaurus import concepts
from watchkeeper.recall.words import grams, telling, words

_WORDS, _CONCEPTS, _GRAMS, _VECTORS = 1.0, 1.6, 0.4, 1.5
"""What each opinion counts; each is first brought to at most 1."""
_K, _B = 1.2, 0.4
"""BM25: how fast a repeated word stops counting, how much a long text loses."""
_CONTEXT = 0.5
"""What a word of the context (service, component, level) counts beside one of the text itself."""

Floats = npt.NDArray[np.float64]
Bag = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Document:
    """Something that can be found. `context`: where it comes from, such as its service and component."""

    id: str
    text: str
    context: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A document with its score; `because` names the words and concepts it shares with the question."""

    id: str
    score: float
    because: tuple[str, ...]


class SearchIndex:
    """Immutable once built. Cost: O(words) to build, O(documents that share anything) a question."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._ids = [d.id for d in documents]
        both = [(words(d.text), words(d.context)) for d in documents]
        self._words = _Postings([_weighed(telling(t), telling(c)) for t, c in both])
        self._concepts = _Postings([_joined(concepts(t), concepts(c)) for t, c in both])
        self._grams = _Postings([_weighed(list(grams(telling(t))), list(grams(telling(c)))) for t, c in both])

    def search(self, question: str, limit: int = 10, similarity: Floats | None = None) -> list[Hit]:
        """Best first. `similarity`: what an embedder thinks of each document, in their order, -1 to 1."""
        stems = words(question)
        said, meant = dict.fromkeys(telling(stems), 1.0), concepts(stems)
        score = (
            _WORDS * _to_one(self._words.score(said))
            + _CONCEPTS * _to_one(self._concepts.score(meant))
            + _GRAMS * _to_one(self._grams.score(Counter(grams(telling(stems)))))
        )
        if similarity is not None:
            score = score + _VECTORS * _to_one(np.maximum(similarity, 0.0))
        best = np.lexsort((np.arange(len(score)), -score))[:limit]
        return [
            Hit(self._ids[n], round(float(score[n]), 4), self._because(int(n), said, meant))
            for n in best
            if score[n] > 0
        ]

    def bm25(self, question: str, limit: int = 10) -> list[str]:
        """Ids by the words alone: what benchmarks compare with."""
        score = self._words.score(dict.fromkeys(telling(words(question)), 1.0))
        return [self._ids[n] for n in np.lexsort((np.arange(len(score)), -score))[:limit] if score[n] > 0]

    def _because(self, number: int, said: Bag, meant: Bag) -> tuple[str, ...]:
        return (*self._words.shared(number, said), *(f"~{c}" for c in self._concepts.shared(number, meant)))[:6]


class _Postings:
    """An inverted index over weighted terms, scored as BM25."""

    def __init__(self, bags: Sequence[Bag]) -> None:
        self._bags = bags
        lengths = np.array([sum(b.values()) for b in bags]) if bags else np.zeros(0)
        usual = float(lengths.mean()) if len(lengths) and lengths.any() else 1.0
        self._damp = _K * (1 - _B + _B * lengths / usual)
        places: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, bag in enumerate(bags):
            for term, weight in bag.items():
                places[term].append((number, weight))
        self._places = {
            term: (np.array([n for n, _ in at]), np.array([w for _, w in at])) for term, at in places.items()
        }

    def score(self, question: Bag) -> Floats:
        """One number a document."""
        score = np.zeros(len(self._bags))
        for term, weight in question.items():
            if term in self._places:
                numbers, counts = self._places[term]
                score[numbers] += weight * self._rarity(term) * counts * (_K + 1) / (counts + self._damp[numbers])
        return score

    def shared(self, number: int, question: Bag) -> list[str]:
        """Terms of the question that the document has, those that tell most first."""
        both = [t for t in question if t in self._bags[number]]
        return sorted(both, key=lambda t: (-question[t] * self._rarity(t) * self._bags[number][t], t))

    def _rarity(self, term: str) -> float:
        having = len(self._places[term][0])
        return float(np.log(1 + (len(self._bags) - having + 0.5) / (having + 0.5)))


def _weighed(text: list[str], context: list[str]) -> dict[str, float]:
    bag: dict[str, float] = defaultdict(float)
    for term in text:
        bag[term] += 1.0
    for term in set(context):
        bag[term] += _CONTEXT
    return dict(bag)


def _joined(text: Bag, context: Bag) -> dict[str, float]:
    return {c: text.get(c, 0.0) + _CONTEXT * context.get(c, 0.0) for c in text.keys() | context.keys()}


def _to_one(score: Floats) -> Floats:
    most = float(score.max()) if len(score) else 0.0
    return score / most if most > 0 else score
