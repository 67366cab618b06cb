"""Questions about runs of pipelines: why one broke, what is red, which failures are chance, what time they cost."""

from watchkeeper.ask import phrases
from watchkeeper.ask.names import read_services
from watchkeeper.ask.question import Intent, Known, Question, Span
from watchkeeper.ask.unclear import says_nothing
from watchkeeper.ask.unread import Unread

_RUNS = r"\b(?:pipelines?|ci(?:/cd)?|builds?|workflow(?: run)?s?|github actions|jenkins(?: jobs?)?|azure (?:devops )?pipelines?|(?:(?:unit|integration|e2e|ui|end-to-end) )?tests?)\b"
_STANDS = r"\b(?:fail(?:s|ed|ing|ures?)?|br(?:oke|oken|eaks?)|red|green|pass(?:es|ed|ing)?|flaky|flakes?|status|state|lost|lose|losing|wast(?:ed?|ing)|cost(?:s|ing)?|run|ran|last|latest)\b"
_NOT = r"\b(?:version|image|tag|cpu|memory|latency|errors?|pods?|restarts?|incidents?|alerts?|deploy(?:s|ed|ments?)?)\b"
_DETAILS = (
    ("flaky", r"\b(?:flaky|flakes?|by chance)\b"),
    ("lost", r"\b(?:time|hours|minutes|lost|lose|losing|wast(?:ed?|ing)|cost(?:s|ing)?)\b"),
    ("causes", r"\b(?:(?:top|main|usual|common(?:est)?|most) (?:causes?|reasons?)|causes|reasons)\b"),
    ("why", rf"(?:{phrases.WHY}|\bwhat (?:broke|breaks|failed)\b)"),
    ("failed", r"\b(?:fail(?:s|ed|ing|ures?)?|br(?:oke|oken|eaks?)|red)\b"),
)
_REST = r"\b(?:top|main|usual|common(?:est)?|most|often|tests?|runs?|reasons?|causes?|on|main branch|master|branch|happen(?:ed|s)?|did|much|time|hours|now|keeps?|always|by chance)\b"


def read_builds(unread: Unread, known: Known, span: Span) -> Question | None:
    """None where it is not about runs, or where a word is left that is not understood."""
    if not (unread.has(_RUNS) and unread.has(_STANDS)) or unread.has(_NOT):
        return None
    detail = next((name for name, words in _DETAILS if unread.has(words)), "state")
    asked = Unread(unread.text)
    services = read_services(asked, known, phrases.VOCABULARY | {"builds", "build", "tests", "pipeline", "failing"})
    for words in (_RUNS, _STANDS, *(words for _, words in _DETAILS), _REST):
        while asked.takes(words):
            pass
    if not all(says_nothing(w) for w in asked.words()):
        return None
    return Question(Intent.BUILDS, span, services=services, detail=detail)
