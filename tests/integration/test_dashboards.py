"""Dashboards and alert rules: every expression parses, and asks for nothing that we or the usual exporters do not tell."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import promql_parser
import pytest
import yaml

from watchkeeper import observe

ROOT = Path(__file__).parents[2]
DASHBOARDS = sorted((ROOT / "observability/grafana/dashboards").glob("*.json"))
RULES = sorted((ROOT / "observability/prometheus/alerts").glob("*-alerts.yaml"))


def own_series() -> set[str]:
    """Names of the series we expose, with the suffixes of counters and histograms."""
    names = set()
    for family in observe.REGISTRY.collect():
        names |= {family.name} | {
            f"{family.name}{s}"
            for s in {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [])
        }
    return names


def selected(expression: str) -> set[str]:
    """Metric names a PromQL expression reads."""
    found: set[str] = set()

    def walk(node: object) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.add(node.name or "")
        for part in ("expr", "lhs", "rhs", "vector_selector", "param"):
            inner = getattr(node, part, None)
            if inner is not None:
                walk(inner)
        for argument in getattr(node, "args", None) or []:
            walk(argument)

    walk(promql_parser.parse(expression))
    return found


def panels() -> Iterator[tuple[str, str]]:
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{path.stem}: {panel['title']}", target["expr"]


@pytest.mark.parametrize(("where", "expression"), list(panels()), ids=[w for w, _ in panels()])
def test_every_panel_is_backed_by_a_metric_of_ours(where: str, expression: str) -> None:
    read = selected(expression)
    assert read, where
    assert read <= own_series(), where


@pytest.mark.parametrize("path", RULES, ids=lambda p: p.stem)
def test_every_rule_parses_and_its_runbook_is_there(path: Path) -> None:
    rules = [r for g in yaml.safe_load(path.read_text())["groups"] for r in g["rules"]]
    assert rules
    for rule in rules:
        read = selected(rule["expr"])
        # The watchdog reads nothing: it fires as long as rules are evaluated at all.
        assert read or rule["expr"] == "vector(1)", rule["alert"]
        assert {n for n in read if n.startswith("aiops_")} <= own_series()
        page = rule["annotations"].get("runbook_url")
        assert page is None or rule["alert"] in (ROOT / page).read_text()


def test_the_specifications_panels_are_there() -> None:
    overview = {
        p["title"]
        for p in json.loads((ROOT / "observability/grafana/dashboards/aiops-overview.json").read_text())["panels"]
    }
    assert {"Incident detection rate", "Auto-remediation success rate", "AI model confidence scores"} <= overview
    assert any(t.startswith("MTTR") for t in overview)
    timeline = {
        p["title"]
        for p in json.loads((ROOT / "observability/grafana/dashboards/incident-timeline.json").read_text())["panels"]
    }
    assert {"Real-time incident feed", "RCA summaries", "Fix deployment status"} <= timeline


def test_panels_do_not_overlap_and_have_words() -> None:
    for path in DASHBOARDS:
        taken: set[tuple[int, int]] = set()
        for panel in json.loads(path.read_text())["panels"]:
            place = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert not cells & taken, panel["title"]
            assert place["x"] + place["w"] <= 24
            taken |= cells
            assert re.search(r"\w{3}", panel["description"])
