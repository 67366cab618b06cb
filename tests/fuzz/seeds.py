"""Texts a fuzzer begins with: recorded answers of real servers, and one short example of each language."""

import json
from pathlib import Path

from wire import FOLDER

_ROOT = Path(__file__).parents[2]
_EXAMPLES: dict[str, tuple[str, ...]] = {
    "webhook-cloudevents": ('x\n{"specversion": "1.0", "type": "a.b", "source": "/s", "id": "1", "time": "2026-01-01T00:00:00Z", "data": {"severity": "high"}}',),
    "webhook-grafana": ('x\n{"alerts": [{"status": "firing", "labels": {"alertname": "A"}, "startsAt": "2026-01-01T00:00:00Z", "valueString": "[ var=\'A\' ]"}], "status": "firing", "orgId": 1}',),
    "webhook-pagerduty": ('x\n{"routing_key": "r", "event_action": "trigger", "dedup_key": "d", "payload": {"summary": "s", "source": "x", "severity": "critical"}}',),
    "webhook-generic": ('x\n{"alerts": [{"name": "A", "status": "firing", "severity": "High", "at": 1767225600, "id": 3, "labels": {"service": "s"}}]}',),
    "webhook-kubernetes": ('x\n{"items": [{"metadata": {"name": "e", "namespace": "n"}, "involvedObject": {"kind": "Pod", "name": "p"}, "reason": "BackOff", "type": "Warning", "lastTimestamp": "2026-01-01T00:00:00Z"}]}',),
    "ci-github-actions": ('{"action": "completed", "workflow_run": {"id": 1, "run_attempt": 1}, "repository": {"full_name": "a/b"}}',),
    "ci-azure-pipelines": ('{"eventType": "build.complete", "id": "x", "resource": {"id": 1, "url": "https://x"}, "resourceContainers": {"project": {"id": "p"}}}',),
    "ci-jenkins": ('{"name": "job", "build": {"number": 3, "phase": "FINALIZED", "full_url": "https://x"}}',),
    "ci-logs": ("2026-01-01T00:00:00.0000000Z ##[group]Run make\n\x1b[31mE   AssertionError\x1b[0m\n##[error]Process completed with exit code 1.\n",),
    "test-reports": ('<testsuite><testcase classname="a" name="b" time="1.5"><failure message="no"/></testcase></testsuite>', "ok 1\nnot ok 2 - b # TODO x\n"),
    "manifests": ("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: checkout, namespace: shop}\nspec:\n  replicas: 2\n---\nresources: [a.yaml]\nimages: [{name: a, newTag: b}]\n",),
    "changes": ("FROM python:3.12 AS x\nUSER 0\nRUN echo a \\\n  b\n", "kind: Pod\nspec: {containers: [{image: a}]}\n"),
    "terraform": ('resource "a" "b" {\n  x = "${var.y}"\n  z { t = [1, { u = true }] }\n  h = <<EOT\nq\nEOT\n}\n',),
    "credentials": ("wk_abc", "eyJhIjogMX0", "http://169.254.169.254/", "//evil.example"),
    "markdown": ("# A\n\n* [x](javascript:y) ![i](http://z)\n\n| a | b |\n|---|---|\n| `c` | <b> |\n\n```sh\nls\n```\n",),
    "runbooks": ("---\nalertname: [A]\nlabels: {a: b}\nactions: [restart]\n---\n# Title\ntext\n",),
    "waivers": ("- {policy: WK001, path: a.yaml, reason: r, owner: o, expires: 2030-01-31}\n",),
    "questions": ("cpu of checkout above 80 % between 9:00 and 10:30 yesterday", "scale checkout to 4 replicas", "why is payment slow since monday?"),
    "configuration": ('{"sources": {"prometheus": {"url": "http://x"}}, "notify": {"routes": [{"to": ["webhook"]}]}}',),
    "telemetry": ("2026-01-01 ERROR order 17 failed token=abc a@b.c 10.0.0.1\norder 18 failed\n",),
    "promql": ('sum by (pod) (rate(http_requests_total{job=~"a|b"}[5m] offset 1h)) > 0.5',),
}  # fmt: skip
_RECORDED = {"traces": "tempo", "webhook-alertmanager": "alertmanager", "webhook-kubernetes": "kubernetes"}


def seeds_of(parser: str) -> list[bytes]:
    """At least one."""
    found = [text.encode() for text in _EXAMPLES.get(parser, ())]
    if folder := _RECORDED.get(parser):
        for file in sorted((FOLDER / folder).glob("*.json")):
            said = json.loads(file.read_text())
            for side in ("request", "response"):
                body = (said.get(side) or {}).get("body")
                if body:
                    text = body if isinstance(body, str) else json.dumps(body)
                    found.append(("x\n" * parser.startswith("webhook") + text).encode()[:20_000])
    return found or [b'x\n{"version": "4", "alerts": []}']


def kept(parser: str) -> list[Path]:
    """Inputs that broke it once."""
    return sorted((_ROOT / "tests/fixtures/fuzz" / parser).glob("*"))
