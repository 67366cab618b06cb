"""Plain sentences without a model: each cites evidence that exists."""

from collections.abc import Sequence

from watchkeeper.domain.diagnosis import Hypothesis, Sentence
from watchkeeper.domain.evidence import Change, Missing
from watchkeeper.domain.faults import FAULTS

_SURE, _LIKELY, _WORTH_TELLING = 0.75, 0.4, 0.05


def explain(
    hypotheses: Sequence[Hypothesis], unseen: Sequence[Missing], changed: Sequence[Change], *, abstained: bool
) -> tuple[Sentence, ...]:
    """Cause first, then what supports it, whom it explains, and the runner-up."""
    if abstained or not hypotheses:
        missing = "; ".join(f"{m.signal}: {m.reason}" for m in unseen) or "everything asked for was read"
        changes = "; ".join(f"{c.service} {c.words} at {c.at:%H:%M}" for c in reversed(changed[:3]))
        said = f"Inconclusive: nothing measured stands out. What could not be seen: {missing}."
        return (Sentence(said + (f" Changed shortly before: {changes}." if changes else ""), ()),)
    first = hypotheses[0]
    out = [Sentence(_headline(first), _cites(first, 0))]
    for finding in first.findings[1:4]:
        out.append(Sentence(f"Also, {finding.summary}.", tuple(e.id for e in finding.evidence)))
    if first.explains:
        names = ", ".join(first.explains[:6])
        out.append(Sentence(f"This explains what is seen at {names}, which depend on it.", _cites(first, 0)))
        for victim in [h for h in hypotheses[1:4] if h.service in first.explains][:2]:
            out.append(Sentence(f"It follows from that: {victim.findings[0].summary}.", _cites(victim, 0)))
    second = next((h for h in hypotheses[1:] if h.service not in first.explains), None)
    if second is not None and second.confidence > _WORTH_TELLING:
        words = f"Less likely: {FAULTS[second.kind].title.lower()} in {second.service}; {second.findings[0].summary}."
        out.append(Sentence(words, _cites(second, 0)))
    known = {e.id for h in hypotheses for e in h.evidence}
    return tuple(s for s in out if s.cites and set(s.cites) <= known)


def _headline(cause: Hypothesis) -> str:
    sure = "" if cause.confidence >= _SURE else "Probably " if cause.confidence >= _LIKELY else "Perhaps "
    title = FAULTS[cause.kind].title
    title = title if not sure else title[0].lower() + title[1:] if not title[:2].isupper() else title
    return f"{sure}{title} in {cause.service}: {cause.findings[0].summary}."


def _cites(hypothesis: Hypothesis, number: int) -> tuple[str, ...]:
    return tuple(e.id for e in hypothesis.findings[number].evidence)
