"""Findings of clusters as text for people, JSON, SARIF 2.1.0 and JUnit XML."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from watchkeeper.cli._shown import plain
from watchkeeper.diagnose.cluster.findings import ClusterFinding
from watchkeeper.diagnose.cluster.rule import Level
from watchkeeper.workflows.check_clusters import Checked

_SARIF_LEVEL = {Level.BROKEN: "error", Level.AT_RISK: "warning", Level.ADVICE: "note"}
_MOST_CONSEQUENCES = 5


def text(checked: Sequence[Checked]) -> str:
    """One paragraph a finding, numbered."""
    lines: list[str] = []
    for cluster in checked:
        name = cluster.context or "cluster"
        if cluster.failed:
            lines.append(f"{name}: could not look: {plain(cluster.failed)}")
            continue
        count = len(cluster.findings)
        lines.append(f"{name}: {cluster.objects} objects, {count or 'no'} finding{'' if count == 1 else 's'}")
        for number, found in enumerate(cluster.findings, 1):
            lines += _paragraph(number, found)
        lines += [f"  could not list {kind}: {plain(why)[:160]}" for kind, why in sorted(cluster.denied.items())]
    return "\n".join(lines)


def _paragraph(number: int, found: ClusterFinding) -> list[str]:
    out = [f"{number}. [{found.level.replace('_', ' ')}] {found.kind}: {plain(found.words)}"]
    out += [f"     seen: {plain(p.text)}{'' if p.trusted else ' (said by others)'}" for p in found.proofs]
    if found.edit is not None:
        out.append(f"     changed before: {plain(found.edit.words)} at {found.edit.at:%Y-%m-%d %H:%M:%S}Z")
    out += [f"     follows: {plain(c)}" for c in found.consequences[:_MOST_CONSEQUENCES]]
    if len(found.consequences) > _MOST_CONSEQUENCES:
        out.append(f"     follows: and {len(found.consequences) - _MOST_CONSEQUENCES} more")
    return [*out, f"     way out: {plain(found.fix)}"]


def as_json(checked: Sequence[Checked]) -> str:
    """Everything, one object a cluster."""
    return json.dumps([_cluster(c) for c in checked], indent=1)


def _cluster(cluster: Checked) -> dict[str, Any]:
    return {
        "context": cluster.context, "objects": cluster.objects, "failed": cluster.failed, "denied": dict(cluster.denied),
        "findings": [_finding(f) for f in cluster.findings],
    }  # fmt: skip


def _finding(found: ClusterFinding) -> dict[str, Any]:
    edit = found.edit
    return {
        "rule": found.rule, "kind": found.kind, "level": str(found.level), "weight": found.weight,
        "cause": _named(found.cause), "workload": _named(found.workload), "words": found.words, "fix": found.fix,
        "evidence": [{"text": p.text, "trusted": p.trusted} for p in found.proofs],
        "subjects": [_named(s) for s in found.subjects], "consequences": list(found.consequences),
        "since": found.since.isoformat() if found.since else None,
        "changed_before": {"object": _named(edit.what), "at": edit.at.isoformat(), "words": edit.words} if edit else None,
    }  # fmt: skip


def _named(who: Any) -> dict[str, str]:
    return {"kind": who.kind, "namespace": who.namespace, "name": who.name}


def sarif(checked: Sequence[Checked]) -> str:
    """One run a cluster; a location is a logical one, for the object lies in no file."""
    return json.dumps(
        {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
            "runs": [_run(c) for c in checked],
        },
        indent=1,
    )  # fmt: skip


def _run(cluster: Checked) -> dict[str, Any]:
    rules = sorted({f.rule for f in cluster.findings})
    notes = [f"could not list {k}: {w}" for k, w in sorted(cluster.denied.items())]
    notes += [cluster.failed] if cluster.failed else []
    return {
        "tool": {"driver": {"name": "watchkeeper", "rules": [{"id": r} for r in rules]}},
        "automationDetails": {"id": f"watchkeeper/{cluster.context or 'cluster'}"},
        "invocations": [
            {
                "executionSuccessful": not cluster.failed,
                "toolExecutionNotifications": [{"level": "warning", "message": {"text": n}} for n in notes],
            }
        ],
        "results": [
            {
                "ruleId": f.rule, "level": _SARIF_LEVEL[f.level], "message": {"text": f"{f.words}. {f.fix}."},
                "locations": [{"logicalLocations": [{"fullyQualifiedName": str(f.cause), "kind": "resource"}]}],
                "partialFingerprints": {"watchkeeper/v1": f"{f.rule}:{f.kind}:{f.cause}"},
            }
            for f in cluster.findings
        ],
    }  # fmt: skip


def junit(checked: Sequence[Checked]) -> str:
    """A suite a cluster; a finding is a failed case, advice a passed one, a cluster that does not answer an error."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n' + "".join(_suite(c) for c in checked) + "</testsuites>"
    )


def _suite(cluster: Checked) -> str:
    cases = [_case(f) for f in cluster.findings]
    failures = sum(f.level is not Level.ADVICE for f in cluster.findings)
    if cluster.failed:
        error = f"<error message={quoteattr(_xml(cluster.failed))}/>"
        cases.append(f'  <testcase classname="watchkeeper" name="reach the cluster">{error}</testcase>\n')
    if not cases:
        cases.append('  <testcase classname="watchkeeper" name="no findings"/>\n')
    head = f'<testsuite name={quoteattr(_xml(cluster.context or "cluster"))} tests="{len(cases)}" failures="{failures}" errors="{int(bool(cluster.failed))}">'
    return f"{head}\n{''.join(cases)}</testsuite>\n"


def _case(found: ClusterFinding) -> str:
    name = quoteattr(_xml(f"{found.kind}: {found.cause}"))
    if found.level is Level.ADVICE:
        return f"  <testcase classname={quoteattr(found.rule)} name={name}/>\n"
    body = "\n".join(_paragraph(1, found))
    failure = f"<failure type={quoteattr(str(found.level))} message={quoteattr(_xml(found.words))}>{escape(_xml(body))}</failure>"
    return f"  <testcase classname={quoteattr(found.rule)} name={name}>{failure}</testcase>\n"


def _xml(words: str) -> str:
    """Without characters that XML forbids."""
    return "\n".join(plain(line) for line in words.splitlines())


WRITERS: Mapping[str, Callable[[Sequence[Checked]], str]] = {
    "text": text, "json": as_json, "sarif": sarif, "junit": junit,
}  # fmt: skip
