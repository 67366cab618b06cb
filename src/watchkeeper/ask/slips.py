"""Short forms and slips of the hand, mended before anything is read. What was mended is told with the answer."""

import re
from types import MappingProxyType

from rapidfuzz.distance import DamerauLevenshtein

from watchkeeper.ask.phrases import VOCABULARY
from watchkeeper.ask.question import Known

SHORT = MappingProxyType({
    "rn": "right now", "lat": "latency", "err": "error", "errs": "errors", "wtf": "what", "u": "you", "ur": "your", "r": "are", "dep": "deploy",
    "plz": "please", "thx": "thanks", "ty": "thanks", "svc": "service", "svcs": "services", "util": "utilization", "w/": "with", "w/o": "without", "conns": "connections",
    "conn": "connection", "reqs": "requests", "req": "requests", "resp": "response", "avail": "availability", "cfg": "config", "deps": "dependencies",
    "yday": "yesterday", "mins": "minutes", "hrs": "hours", "dunno": "", "lol": "", "pls": "please", "cuz": "because", "whats": "what is",
    "hows": "how is", "wheres": "where is", "whos": "who is", "whens": "when is", "whys": "why is", "dbs": "databases", "cont": "container", "num": "number of",
    "thru": "through", "b4": "before", "asap": "", "wanna": "want to", "gimme": "give me", "lemme": "let me", "vs.": "vs", "gonna": "going to",
})  # fmt: skip
"""Said short -> said in full."""

WORDS = frozenset(
    [
        "latency",
        "memory",
        "errors",
        "error",
        "traffic",
        "throughput",
        "requests",
        "request",
        "restarts",
        "restarted",
        "restarting",
        "container",
        "containers",
        "replicas",
        "deployed",
        "deploy",
        "deployment",
        "deployments",
        "release",
        "released",
        "releases",
        "incident",
        "incidents",
        "connections",
        "connection",
        "utilization",
        "saturation",
        "availability",
        "bandwidth",
        "throttled",
        "throttling",
        "percentile",
        "average",
        "maximum",
        "minimum",
        "yesterday",
        "minutes",
        "minute",
        "services",
        "service",
        "production",
        "staging",
        "approval",
        "approvals",
        "waiting",
        "approved",
        "dependencies",
        "depends",
        "unhealthy",
        "healthy",
        "happened",
        "happening",
        "highest",
        "lowest",
        "slowest",
        "fastest",
        "anomalies",
        "anomaly",
        "unusual",
        "version",
        "versions",
        "similar",
        "runbook",
        "postmortem",
        "forecast",
        "predict",
        "compared",
        "compare",
        "before",
        "during",
        "between",
        "response",
        "current",
        "currently",
        "running",
        "failing",
        "failures",
        "failure",
        "latencies",
        "repairs",
        "alerts",
        "firing",
        "outage",
        "outages",
        "trending",
        "endpoints",
        "endpoint",
        "morning",
        "afternoon",
        "evening",
        "status",
        "busiest",
        "peak",
        "usage",
        "queue",
        "network",
        "storage",
        "duration",
        "database",
        "capacity",
        "overview",
        "problem",
        "problems",
        "responding",
        "crashing",
        "crashed",
        "killed",
        "pending",
        "threshold",
        "everything",
        "anything",
    ]
)
"""Words worth mending to: a slip in any other word leaves the question unclear."""
_LEAST = 6


def mended(text: str, known: Known) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The text with short forms in full and slips mended, and the slips. Names, numbers and quoted text stay as they are."""
    flat = " ".join(text.replace("\u2019", "'").split())
    names = {part for n in (*known.services, *known.aliases, *known.alerts, *known.namespaces) for part in _parts(n)}
    slips: list[tuple[str, str]] = []

    def one(found: re.Match[str]) -> str:
        word = found.group(0)
        low = word.lower()
        if low in names:
            return word
        if low in SHORT:
            return SHORT[low]
        near = _near(low) if low not in VOCABULARY and not _like_a_name(low, names) else ""
        if near:
            slips.append((word, near))
        return near or word

    # What is quoted is looked for as it is written.
    parts = re.split(r"([\"\u201c][^\"\u201d]*[\"\u201d])", flat)
    out = [
        p if n % 2 else re.sub(r"(?<![\w.:/'-])(?:w/o?|[A-Za-z][A-Za-z0-9]*)(?![\w/:'-])", one, p)
        for n, p in enumerate(parts)
    ]
    return "".join(out), tuple(slips)


def _parts(name: str) -> set[str]:
    return {name.lower(), *re.split(r"[-_ ]", name.lower())}


def _like_a_name(word: str, names: set[str]) -> bool:
    return any(
        abs(len(n) - len(word)) <= 1 and DamerauLevenshtein.distance(word, n, score_cutoff=1) <= 1
        for n in names
        if len(n) > 3
    )


def _near(word: str) -> str:
    """The one word a single slip away that begins alike; "" where there is none or more than one."""
    if len(word) < _LEAST or not word.isalpha() or {word, word + "s", word.removesuffix("s"), word + "ed"} & WORDS:
        return ""
    near = [
        w
        for w in WORDS
        if w[0] == word[0]
        and abs(len(w) - len(word)) <= 1
        and DamerauLevenshtein.distance(word, w, score_cutoff=1) == 1
    ]
    stems = {w.rstrip("s") for w in near}
    return min(near, key=lambda w: (abs(len(w) - len(word)), w)) if len(stems) == 1 else ""
