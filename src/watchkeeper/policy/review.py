"""A change against the policies: findings with reason and fix, waivers that expire, SARIF, and what the change can hit."""

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from regopy import Interpreter, RegoError

from watchkeeper.domain.errors import InvalidInput, PolicyBroken
from watchkeeper.policy.documents import documents

SHIPPED = Path(__file__).parent / "rego" / "change"
_PACKAGE = "watchkeeper.change"
_HINT = "see docs/reference/change-policies.md"
EXPIRED = "WK-WAIVER-001"
UNREADABLE = "WK-READ-001"
_OWN = {
    EXPIRED: {"title": "waiver has expired", "severity": "warning", "reason": "An exception was agreed to for a time, which is over.", "fix": "Mend what it excused, or agree anew."},
    UNREADABLE: {"title": "file cannot be read", "severity": "warning", "reason": "What cannot be read cannot be reviewed.", "fix": "Mend its syntax."},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PolicyFinding:
    """One policy broken at one place. `severity`: error, warning, note. `waived`: the reason of a waiver that holds, else ""."""

    policy: str
    title: str
    severity: str
    path: str
    line: int
    what: str
    reason: str
    fix: str
    waived: str = ""


@dataclass(frozen=True, slots=True)
class Waiver:
    """An exception to one policy for files that match, until a day (included)."""

    policy: str
    path: str
    reason: str
    owner: str
    expires: date


@dataclass(frozen=True, slots=True)
class Touched:
    """What the change reaches."""

    objects: tuple[str, ...]
    services: tuple[str, ...]
    destroyed: tuple[str, ...]
    production: bool


@dataclass(frozen=True, slots=True)
class ChangeReview:
    """The whole answer."""

    findings: tuple[PolicyFinding, ...]
    touched: Touched
    files: int

    @property
    def blocking(self) -> tuple[PolicyFinding, ...]:
        """Errors that no waiver excuses: the change must not be merged."""
        return tuple(f for f in self.findings if f.severity == "error" and not f.waived)


def load_policies(extra: Path | None = None) -> dict[str, str]:
    """The shipped Rego files and those of a folder of the user's. Raises PolicyBroken."""
    try:
        paths = sorted(SHIPPED.glob("*.rego"))
        paths += sorted(p for p in extra.glob("*.rego") if not p.stem.endswith("_test")) if extra else []
        found = {str(p): p.read_text(encoding="utf-8") for p in paths}
    except OSError as error:
        raise PolicyBroken(f"policies cannot be read: {error}", hint=_HINT) from None
    if not any(str(SHIPPED) in name for name in found):
        raise PolicyBroken(f"{SHIPPED} holds no policies", hint=_HINT)
    return found


def load_waivers(text: str) -> tuple[Waiver, ...]:
    """From `policies/waivers.yaml`: a list of policy, path, reason, owner, expires. Raises InvalidInput naming the entry."""
    try:
        rows = yaml.safe_load(text) or []
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # A ValueError is a date that no calendar has.
        raise InvalidInput(f"the waivers are not YAML: {str(error).splitlines()[0]}", field="waivers") from None
    out = []
    for number, row in enumerate(rows if isinstance(rows, list) else [rows]):
        where = f"waivers[{number}]"
        if not isinstance(row, dict) or set(row) != {"policy", "path", "reason", "owner", "expires"}:
            raise InvalidInput("a waiver has exactly policy, path, reason, owner and expires", field=where)
        if not isinstance(row["expires"], date):
            raise InvalidInput("expires is a day such as 2030-01-31", field=f"{where}.expires")
        words = [str(row[k]).strip() for k in ("policy", "path", "reason", "owner")]
        if not all(words):
            raise InvalidInput("nothing of a waiver may be empty", field=where)
        out.append(Waiver(words[0], words[1], words[2], words[3], row["expires"]))
    return tuple(out)


def review_change(
    files: Mapping[str, str],
    policies: Mapping[str, str],
    waivers: Sequence[Waiver],
    today: date,
    *,
    production: bool = False,
) -> ChangeReview:
    """Every finding, worst first. Raises PolicyBroken where a policy does not load."""
    docs, problems = documents(files, production=production)
    answer = _evaluate(policies, docs)
    about = {**answer["about"], **_OWN}
    rows = {(f["id"], f["document"], str(f["what"]), str(f["at"])) for f in answer["finding"]}
    found = [_finding(about, docs[int(n)], files, policy, what, at) for policy, n, what, at in sorted(rows)]
    found += [_own(UNREADABLE, path, why) for path, why in problems]
    found = [_waived(f, waivers, today) for f in found]
    found += [_own(EXPIRED, w.path, f"{w.policy}, {w.owner}: {w.reason}") for w in waivers if w.expires < today]
    rank = {"error": 0, "warning": 1, "note": 2}
    found.sort(key=lambda f: (rank[f.severity], f.path, f.line, f.policy))
    return ChangeReview(tuple(found), _touched(docs), len(files))


def _evaluate(policies: Mapping[str, str], docs: list[dict[str, Any]]) -> dict[str, Any]:
    interpreter = Interpreter()
    try:
        for name, text in policies.items():
            interpreter.add_module(name, text)
        interpreter.set_input({"documents": _plain_json(docs)})
        said = {rule: _answer(interpreter, rule) for rule in ("about", "finding")}
    except (RegoError, ValueError, TypeError, IndexError) as error:
        raise PolicyBroken(f"a policy does not load: {str(error).splitlines()[0]}", hint=_HINT) from None
    if not isinstance(said["about"], dict) or not isinstance(said["finding"], list):
        raise PolicyBroken(f"package {_PACKAGE} does not define about and finding", hint=_HINT)
    unknown = {str(f["id"]) for f in said["finding"]} - set(said["about"])
    if unknown:
        raise PolicyBroken(f"no `about` for {', '.join(sorted(unknown))}", hint=_HINT)
    return said


def _answer(interpreter: Interpreter, rule: str) -> Any:
    result = interpreter.query(f"data.{_PACKAGE}.{rule}")
    return _unquoted(result.results[0].expressions[0]) if result.ok() and result.results else None


# The interpreter does not escape quotes in the text it answers with, so none are shown to it.
_QUOTES = str.maketrans({'"': "\ue000", "\\": "\ue001", "\n": "\ue002", "\r": "\ue003", "\t": "\ue004"})
_BACK = str.maketrans({"\ue000": '"', "\ue001": "\\", "\ue002": "\n", "\ue003": "\r", "\ue004": "\t"})


def _unquoted(value: Any) -> Any:
    if isinstance(value, dict):
        return {_unquoted(k): _unquoted(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [_unquoted(v) for v in value]
    return value.translate(_BACK) if isinstance(value, str) else value


def _plain_json(value: Any) -> Any:
    """Dates and other values of YAML become text; keys are text."""
    if isinstance(value, str):
        return "".join(c if c >= " " or c in "\n\r\t" else "\ufffd" for c in value).translate(_QUOTES)
    if isinstance(value, dict):
        return {_plain_json(str(k)): _plain_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_json(v) for v in value]
    return value if isinstance(value, int | float | bool) or value is None else str(value)


def _finding(
    about: Mapping[str, Any], doc: Mapping[str, Any], files: Mapping[str, str], policy: str, what: str, at: str
) -> PolicyFinding:
    said = about[policy]
    line = _line(files[doc["path"]], int(doc["line"]), at)
    return PolicyFinding(policy, said["title"], said["severity"], doc["path"], line, what, said["reason"], said["fix"])


def _line(text: str, start: int, at: str) -> int:
    """The first line from the document's start on that holds the text, else that start."""
    wanted = at.splitlines()[0][:80].partition("\ufffd")[0] if at else ""
    rows = text.splitlines()
    return next((n + 1 for n in range(start - 1, len(rows)) if wanted and wanted in rows[n]), start)


def _own(policy: str, path: str, what: str) -> PolicyFinding:
    said = _OWN[policy]
    return PolicyFinding(policy, said["title"], said["severity"], path, 1, what, said["reason"], said["fix"])


def _waived(finding: PolicyFinding, waivers: Sequence[Waiver], today: date) -> PolicyFinding:
    held = next(
        (
            w
            for w in waivers
            if w.policy == finding.policy and fnmatch.fnmatchcase(finding.path, w.path) and w.expires >= today
        ),
        None,
    )
    return (
        PolicyFinding(**{**asdict(finding), "waived": f"{held.reason} ({held.owner}, until {held.expires})"})
        if held
        else finding
    )


def _touched(docs: Sequence[Mapping[str, Any]]) -> Touched:
    objects, services, destroyed = [], [], []
    for doc in docs:
        if doc["type"] == "kubernetes":
            metadata = doc["object"].get("metadata") or {}
            objects.append(f"{doc['object']['kind']} {metadata.get('namespace', 'default')}/{metadata.get('name', '')}")
            if doc["pod"]:
                services.append(str(metadata.get("name", "")))
        objects += [r["name"] for r in doc.get("resources") or []] + [c["address"] for c in doc.get("changes") or []]
        destroyed += [c["address"] for c in doc.get("changes") or [] if "delete" in c["actions"]]
    return Touched(
        tuple(dict.fromkeys(objects)), tuple(sorted(set(services) - {""})), tuple(destroyed), any(d["production"] for d in docs)
    )  # fmt: skip


def risk(review: ChangeReview, incidents: Mapping[str, int]) -> tuple[str, tuple[str, ...]]:
    """(low, medium or high; words): from rules alone. `incidents`: how many each touched service had lately."""
    touched, because = review.touched, []
    points = 0
    if review.blocking:
        points += 2
        because.append(f"{len(review.blocking)} policies are broken that must hold")
    if touched.destroyed:
        points += 3
        because.append(f"{len(touched.destroyed)} objects are destroyed or replaced")
    if touched.production:
        points += 1
        because.append("it reaches production")
    if len(touched.objects) > 10:
        points += 1
        because.append(f"{len(touched.objects)} objects are touched")
    unsteady = {s: n for s, n in incidents.items() if n and s in touched.services}
    if unsteady:
        points += 1
        because.append("incidents lately: " + ", ".join(f"{s} {n}" for s, n in sorted(unsteady.items())))
    return ("high" if points >= 3 else "medium" if points else "low"), tuple(because)


def sarif(review: ChangeReview, about_url: str = "https://watchkeeper.dev/policies") -> dict[str, Any]:
    """SARIF 2.1.0; what is waived is there, suppressed."""
    rules = {f.policy: f for f in review.findings}
    results = [
        {
            "ruleId": f.policy, "level": f.severity, "message": {"text": f"{f.title}: {f.what}. {f.reason} {f.fix}"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": f.path}, "region": {"startLine": f.line}}}],
            **({"suppressions": [{"kind": "external", "status": "accepted", "justification": f.waived}]} if f.waived else {}),
        }
        for f in review.findings
    ]  # fmt: skip
    described = [
        {"id": f.policy, "shortDescription": {"text": f.title}, "fullDescription": {"text": f.reason}, "help": {"text": f.fix}, "defaultConfiguration": {"level": f.severity}}
        for f in rules.values()
    ]  # fmt: skip
    driver = {"name": "Watchkeeper", "informationUri": about_url, "rules": described}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }  # fmt: skip
