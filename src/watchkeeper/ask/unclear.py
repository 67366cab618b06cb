"""What is said of words that were not understood, and what is near to them."""

import re

from watchkeeper.ask import phrases
from watchkeeper.ask.names import nearest_services
from watchkeeper.ask.question import Intent, Known, Question, Unclear
from watchkeeper.ask.signals import SIGNALS

EXAMPLES = (
    "show me CPU usage for all services in the last hour",
    "why did latency spike at 2 PM?",
    "which services have errors above 1 %?",
    "what was deployed today?",
    "is anything waiting for approval?",
)


def says_nothing(word: str) -> bool:
    return (
        word in phrases.FILLERS
        or word.strip(".%/:'-") in phrases.FILLERS
        or bool(re.fullmatch(r"['s.\-:/%]*", word))
        or word in ("n't", "isn't", "aren't", "not", "no", "doesn't", "didn't", "never")
    )


def not_understood(left: list[str], known: Known, question: Question) -> Unclear:
    """Names what was not understood, and what is close to it."""
    words = ", ".join(f"'{w}'" for w in left[:4])
    close = [s for w in left for s in nearest_services(w, known)][:2]
    said = f"I do not know what {words} means here"
    if not question.services and close:
        said += f"; did you mean {' or '.join(close)}?"
    elif not question.services and known.services:
        said += f". Services I see: {', '.join(known.services[:12])}"
    return Unclear(said, tuple(dict.fromkeys((affirmative(question), *EXAMPLES[:2]))), model_may_read=True)


def affirmative(question: Question) -> str:
    """A question near to it that is certainly understood."""
    who = " and ".join(question.services) or "all services"
    if question.signals:
        title = SIGNALS[question.signals[0]].title
        title = title if title[:2].isupper() else title[0].lower() + title[1:]
        return f"show {title} of {who} in the last hour"
    match question.intent:
        case Intent.LOGS:
            return f"show error logs of {who}"
        case Intent.CHANGES:
            return f"what was deployed to {who} today?"
        case Intent.CALLS:
            return f"who calls {question.services[0] if question.services else 'SERVICE'}?"
        case Intent.INCIDENTS | Intent.ALERTS | Intent.PLANS:
            return "which incidents are open?"
        case Intent.WHY:
            return f"why is {who} slow?"
        case _:
            return f"how is {question.services[0]}?" if question.services else EXAMPLES[0]
