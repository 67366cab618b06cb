"""Terraform and Helm, as far as they can be checked without their programs (docs/how-to/install.md lists what is not run here)."""

import json
import re
from pathlib import Path
from typing import Any

import hcl2
import jsonschema
import kubernetes_validate
import pytest
import yaml

INFRA = Path(__file__).parents[2] / "infra"
TERRAFORM = INFRA / "terraform"
MODULES = sorted({p.parent for p in TERRAFORM.rglob("*.tf")})
CHARTS = sorted(p.parent for p in INFRA.glob("helm/*/Chart.yaml"))
FORBIDDEN_RESOURCES = {"secrets", "pods/exec", "pods/attach", "pods/portforward", "nodes/proxy", "services/proxy"}


def read(folder: Path) -> dict[str, list[Any]]:
    """Every block of a module, by kind."""
    out: dict[str, list[Any]] = {}
    for path in sorted(folder.glob("*.tf")):
        with path.open() as file:
            for kind, blocks in hcl2.load(file).items():
                if isinstance(blocks, list):
                    out.setdefault(kind, []).extend(blocks)
    return out


def named(blocks: list[Any]) -> dict[str, Any]:
    return {str(name).strip('"'): body for block in blocks for name, body in block.items() if name != "__is_block__"}


def plain(value: object) -> str:
    return str(value).strip('"')


@pytest.mark.parametrize("folder", MODULES, ids=lambda p: p.name)
def test_every_variable_is_described_used_and_known(folder: Path) -> None:
    declared = named(read(folder).get("variable", []))
    text = "\n".join(p.read_text() for p in folder.glob("*.tf"))
    used = set(re.findall(r"\bvar\.(\w+)", re.sub(r'variable "\w+" \{.*?\n\}\n', "", text, flags=re.DOTALL)))
    assert used == set(declared)
    assert [n for n, body in declared.items() if not plain(body.get("description", ""))] == []
    assert [n for n, body in named(read(folder).get("output", [])).items() if "description" not in body] == []


@pytest.mark.parametrize("folder", MODULES, ids=lambda p: p.name)
def test_every_reference_leads_somewhere(folder: Path) -> None:
    blocks = read(folder)
    known = {
        (kind.strip('"'), n)
        for block in blocks.get("resource", [])
        for kind, body in block.items()
        if kind != "__is_block__"
        for n in (str(k).strip('"') for k in body)
    }
    text = "\n".join(re.sub(r"#.*", "", p.read_text()) for p in folder.glob("*.tf"))
    referred = set(re.findall(r"(?<![\w.\"/])(azurerm_\w+)\.(\w+)", text))
    assert referred <= known
    modules = set(named(blocks.get("module", [])))
    assert set(re.findall(r"\bmodule\.(\w+)", text)) <= modules


def test_modules_are_given_exactly_what_they_ask_for() -> None:
    for name, body in named(read(TERRAFORM)["module"]).items():
        inner = read(TERRAFORM / plain(body["source"]))
        asked, optional = named(inner["variable"]), {n for n, b in named(inner["variable"]).items() if "default" in b}
        given = {k for k in body if k not in ("source", "count", "for_each", "__is_block__", "depends_on", "providers")}
        assert given <= set(asked), name
        assert set(asked) - optional <= given, name


def test_nothing_is_open_to_the_internet() -> None:
    text = "\n".join(p.read_text() for p in TERRAFORM.rglob("*.tf"))
    assert "public_network_access_enabled = true" not in re.sub(r" +", " ", text)
    assert not re.search(r'source_address_prefix\s*=\s*"(\*|0\.0\.0\.0/0)"', text)
    assert not re.search(r'(password|secret|token)\s*=\s*"[^"$]', text)


def test_the_specifications_files_are_there() -> None:
    assert {"main.tf", "monitoring.tf", "variables.tf", "outputs.tf"} <= {p.name for p in TERRAFORM.glob("*.tf")}
    assert (INFRA / "helm/app-chart/Chart.yaml").exists()


def merged(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, dict):
        return {**base, **{k: merged(base.get(k), v) for k, v in over.items()}}
    return over


@pytest.mark.parametrize("chart", CHARTS, ids=lambda p: p.name)
def test_values_fit_their_schema(chart: Path) -> None:
    schema = json.loads((chart / "values.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    values = yaml.safe_load((chart / "values.yaml").read_text())
    jsonschema.validate(values, schema)
    for path in (INFRA / "helm/values").glob("*.yaml"):
        if f"infra/helm/{chart.name} " in path.read_text():
            jsonschema.validate(merged(values, yaml.safe_load(path.read_text())), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**values, "imgae": {}}, schema)


@pytest.mark.parametrize("chart", CHARTS, ids=lambda p: p.name)
def test_templates_read_only_values_that_exist_and_close_what_they_open(chart: Path) -> None:
    values = yaml.safe_load((chart / "values.yaml").read_text())
    for path in sorted((chart / "templates").rglob("*.*")):
        text = path.read_text()
        for reference in set(re.findall(r"\.Values\.([\w.]+)", text)):
            at: Any = values
            for part in reference.split("."):
                assert isinstance(at, dict), f"{path.name}: .Values.{reference}"
                assert part in at, f"{path.name}: .Values.{reference}"
                at = at[part]
        opened = len(re.findall(r"\{\{-?\s*(?:if|range|with|define)\b", text))
        assert opened == len(re.findall(r"\{\{-?\s*end\b", text)), path.name
        assert "{{" not in re.sub(r"\{\{.*?\}\}", "", text), path.name
        defined = (
            set(re.findall(r'define "([\w.]+)"', (chart / "templates/_names.tpl").read_text()))
            if (chart / "templates/_names.tpl").exists()
            else set()
        )
        assert set(re.findall(r'include "([\w.]+)"', text)) <= defined, path.name


def rules(name: str) -> list[dict[str, list[str]]]:
    found: list[dict[str, list[str]]] = yaml.safe_load(
        (INFRA / f"helm/watchkeeper/files/{name}-rules.yaml").read_text()
    )
    return found


def test_the_reader_only_looks() -> None:
    for rule in rules("reader"):
        assert set(rule["verbs"]) == {"get", "list", "watch"}
        assert not FORBIDDEN_RESOURCES & set(rule["resources"])
        assert "*" not in rule["resources"] + rule["apiGroups"]


def test_the_executor_writes_what_is_published_and_nothing_else() -> None:
    writes = {
        (g, r, v)
        for rule in rules("executor")
        for g in rule["apiGroups"]
        for r in rule["resources"]
        for v in rule["verbs"]
        if v not in ("get", "list", "watch")
    }
    page = (INFRA.parent / "docs/reference/permissions.md").read_text()
    published = {tuple(row) for row in re.findall(r"^\| `([\w.]*)` \| `(\w+)` \| `(\w+)` \|", page, re.MULTILINE)}
    assert writes == published
    assert not FORBIDDEN_RESOURCES & {r for _, r, _ in writes}


@pytest.mark.parametrize("name", ["reader", "executor"])
def test_the_roles_are_roles(name: str) -> None:
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "watchkeeper"},
        "rules": rules(name),
    }
    kubernetes_validate.validate(role, "1.30", strict=True)
