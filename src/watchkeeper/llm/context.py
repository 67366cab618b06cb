"""What goes to a model fits its budget whatever was read: sections by importance, cut at whole lines, redacted last."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.domain.redaction import redact
from watchkeeper.llm.port import estimated_tokens

_LINE = 600
"""Characters of one line that are sent."""


@dataclass(frozen=True, slots=True)
class Part:
    """A titled list of lines, most telling first."""

    title: str
    lines: Sequence[str]


def fit(parts: Sequence[Part], tokens: int) -> str:
    """As much as fits into `tokens`, earlier parts first; what was left out is counted. O(what is sent)."""
    out: list[str] = []
    left = tokens
    for part in parts:
        if not part.lines:
            continue
        head = f"## {part.title}"
        left -= estimated_tokens(head) + 12
        if left <= 0:
            break
        out.append(head)
        for number, line in enumerate(part.lines):
            clean = redact(" ".join(line[:_LINE].split()))
            cost = estimated_tokens(clean) + 1
            if cost > left:
                out.append(f"({len(part.lines) - number} more left out)")
                break
            out.append(clean)
            left -= cost
    return "\n".join(out)
