"""Writers: the smallest diff whose effects, rendered for everything deployed, are exactly those that were meant."""

from typing import Any

import pytest
import yaml

from watchkeeper.domain.remediation import FieldChange, FileEdit
from watchkeeper.domain.topology import Workload
from watchkeeper.estate.effects import Intent
from watchkeeper.estate.hcl import blocks
from watchkeeper.estate.owners import owner_of
from watchkeeper.estate.scripts import script
from watchkeeper.estate.units import units
from watchkeeper.estate.valid import problem_of
from watchkeeper.estate.writer import HelmPlace, Rules, write

WEB = Workload("shop", "Deployment", "web")
DEPLOYMENT = """# web: ask the web team
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2 # two are enough
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: registry.example/web:1.0
          resources:
            limits: {memory: 256Mi} # raise with the heap
"""
REPLICAS = (FieldChange("spec.replicas", 2, 3),)
MEMORY = (FieldChange("spec.template.spec.containers[name=web].resources.limits.memory", "256Mi", "384Mi"),)


def base(**overlays: str) -> dict[str, str]:
    files = {"base/web.yaml": DEPLOYMENT, "base/kustomization.yaml": "resources: [web.yaml]\n"}
    for name, more in overlays.items():
        files[f"overlays/{name}/kustomization.yaml"] = f"# {name}\nresources:\n  - ../../base\nnamespace: shop\n{more}"
    return files


def intent(fields: Any = REPLICAS, environment: str = "production", target: Workload = WEB) -> Intent:
    return Intent(target, fields, environment)


def one(made: Any) -> FileEdit:
    assert isinstance(made, tuple), made
    [edit] = made
    return edit


def lines_changed(edit: FileEdit) -> int:
    old, new = edit.before.splitlines(), edit.after.splitlines()
    return len(set(new) - set(old))


def test_a_base_that_one_overlay_uses_is_edited_where_it_stands() -> None:
    edit = one(write(base(production=""), intent()))
    assert edit.path == "base/web.yaml"
    assert "replicas: 3 # two are enough" in edit.after
    assert lines_changed(edit) == 1


def test_a_shared_base_is_left_alone_and_the_overlay_gets_a_patch() -> None:
    files = base(production="", staging="")
    edit = one(write(files, intent(MEMORY)))
    assert edit.path == "overlays/production/kustomization.yaml"
    assert edit.after.startswith(edit.before)
    rendered = {u.name: u.objects[0] for u in units({**files, edit.path: edit.after})}
    limits = {n: o["spec"]["template"]["spec"]["containers"][0]["resources"] for n, o in rendered.items()}
    assert limits == {
        "overlays/production": {"limits": {"memory": "384Mi"}}, "overlays/staging": {"limits": {"memory": "256Mi"}},
    }  # fmt: skip
    again = one(write({**files, edit.path: edit.after}, intent((FieldChange("spec.replicas", 2, 3),))))
    assert again.path == edit.path
    assert again.after.count("- target:") == 2


def test_a_patch_the_overlay_has_is_edited_before_anything_is_added() -> None:
    patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2 # by ann\n"
    files = base(production="patches:\n  - path: size.yaml\n", staging="") | {"overlays/production/size.yaml": patch}
    edit = one(write(files, intent()))
    assert (edit.path, edit.after) == ("overlays/production/size.yaml", patch.replace("2 # by", "3 # by"))


@pytest.mark.parametrize(
    ("more", "fields", "line"),
    [
        ("replicas:\n  - {name: web, count: 2}\n", REPLICAS, "  - {name: web, count: 3}"),
        (
            "images:\n  - name: registry.example/web\n    newTag: '1.1' # released by ann\n",
            (FieldChange("spec.template.spec.containers[name=web].image", "registry.example/web:1.1", "registry.example/web:1.0"),),
            "    newTag: '1.0' # released by ann",
        ),
    ],
)  # fmt: skip
def test_the_transformers_of_a_kustomization_are_edited(more: str, fields: Any, line: str) -> None:
    edit = one(write(base(production=more, staging=""), intent(fields)))
    assert line in edit.after.splitlines()
    assert lines_changed(edit) == 1


def test_prefixes_and_namespaces_join_when_it_is_rendered() -> None:
    files = base(production="namePrefix: eu-\n", staging="namePrefix: test-\n")
    edit = one(write(files, intent(target=Workload("shop", "Deployment", "eu-web"))))
    assert edit.path == "overlays/production/kustomization.yaml"
    assert 'target: {kind: Deployment, name: "web"}' in edit.after


def refused(files: dict[str, str], words: str, **more: Any) -> None:
    said = write(files, intent(**more))
    assert isinstance(said, str)
    assert words in said


def test_what_the_renderer_does_not_know_is_a_suggestion() -> None:
    refused(base(production="components: [../../debug]\n"), "uses components")
    refused(base(production="transformers: [x.yaml]\n"), "uses transformers")
    refused(base(production="patches:\n  - path: gone.yaml\n"), "not in this repository")


def test_two_documents_that_define_one_object_are_a_suggestion() -> None:
    web = DEPLOYMENT.replace("name: web\nspec", "name: web\n  namespace: shop\nspec")
    refused({"a/web.yaml": web, "b/web.yaml": web}, "declared twice")
    refused({"a/web.yaml": f"{web}---\n{web}"}, "declared twice")
    refused(base(production="", canary="", environment=""), "declared twice", environment="nowhere")


def test_an_anchor_that_others_use_is_a_suggestion() -> None:
    anchored = DEPLOYMENT.replace(
        "name: web\nspec", "name: web\n  namespace: shop\n  annotations: {pods: &two '2', also: *two}\nspec"
    )
    fields = (FieldChange('metadata.annotations["pods"]', "2", "3"),)
    refused({"web.yaml": anchored}, "", fields=fields)
    assert isinstance(write({"web.yaml": anchored}, intent(fields)), str)


SET = """apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: web}
spec:
  generators:
    - list:
        elements: [{cluster: eu}, {cluster: us}]
  template:
    spec:
      source: {path: overlays/production, repoURL: x}
"""


def test_a_folder_that_a_set_deploys_to_several_clusters_is_a_suggestion() -> None:
    files = base(production="", staging="") | {"argo/set.yaml": SET}
    refused(files, "ApplicationSet web deploys overlays/production to several places")
    split = SET.replace("overlays/production", "overlays/{{cluster}}").replace("cluster: eu", "cluster: production")
    assert isinstance(write(files | {"argo/set.yaml": split}, intent()), tuple)


VALUES = "# umbrella\nweb:\n  replicaCount: 2 # capacity sheet\npayment:\n  replicaCount: 2\n"
CHART = {
    "charts/shop/Chart.yaml": "name: shop\nversion: 1.0.0\n", "charts/shop/values.yaml": VALUES,
    "charts/shop/charts/web/Chart.yaml": "name: web\nversion: 1.0.0\n",
    "charts/shop/templates/web.yaml": "kind: Deployment\nspec: {replicas: {{ .Values.web.replicaCount }} }\n",
}  # fmt: skip
PLACE = HelmPlace("shop/Deployment/web", "spec.replicas", "charts/shop/values.yaml", "web.replicaCount")


def test_an_umbrella_charts_values_are_edited_where_a_person_said_what_they_mean() -> None:
    edit = one(write(CHART, intent(), Rules((PLACE,))))
    assert edit.after == VALUES.replace("2 # capacity", "3 # capacity")
    refused(CHART, "a chart is rendered by helm only")


def test_values_that_mean_more_than_one_thing_are_a_suggestion() -> None:
    also = HelmPlace("shop/Deployment/worker", "spec.replicas", PLACE.file, PLACE.path)
    for files, rules, words in (
        (CHART, Rules((PLACE, also)), "made from the same value"),
        (CHART | {"argo.yaml": SET.replace("path: overlays/production, repoURL: x", "helm: {valueFiles: [values.yaml]}")}, Rules((PLACE,)), "several releases"),
        (CHART | {PLACE.file: VALUES.replace("2 # cap", "5 # cap")}, Rules((PLACE,)), "but the live object has 2"),
    ):  # fmt: skip
        said = write(files, intent(), rules)
        assert isinstance(said, str)
        assert words in said


POOL = """# machines for the shop
resource "azurerm_kubernetes_cluster_node_pool" "workers" {
  name      = "workers"
  max_count = 5 // agreed with finance
  labels    = { max_count = "5" }
}
"""
GROW = (FieldChange("resource.azurerm_kubernetes_cluster_node_pool.workers.max_count", 5, 7),)
NODES = Workload("", "NodePool", "workers")


def test_terraform_is_edited_in_place() -> None:
    edit = one(write({"infra/pool.tf": POOL}, intent(GROW, target=NODES)))
    assert edit.after == POOL.replace("max_count = 5 //", "max_count = 7 //")


def test_terraform_that_several_places_use_or_that_is_no_literal_is_a_suggestion() -> None:
    module = 'module "{0}" {{\n  source = "./pool"\n}}\n'
    files = {"pool/main.tf": POOL, "main.tf": module.format("eu") + module.format("us")}
    refused(files, "a module that several places use", fields=GROW, target=NODES)
    refused({"main.tf": POOL.replace("= 5 //", "= var.most //")}, "as a literal", fields=GROW, target=NODES)


def test_hcl_is_scanned_around_strings_comments_and_heredocs() -> None:
    text = 'a "b" {\n  x = "}{" # }\n  /* y = 1 */\n  z = <<EOT\nq = 2 }\nEOT\n  inner {\n    n = 3\n  }\n}\n'
    [block] = blocks(text)
    assert {k: v.literal for k, v in block.values.items()} == {"x": "}{", "z": None, "inner.n": 3}


OWNED: list[dict[str, Any]] = [
    {"kind": "HorizontalPodAutoscaler", "metadata": {"namespace": "shop", "name": "web"}, "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}},
    {"kind": "VerticalPodAutoscaler", "metadata": {"namespace": "shop", "name": "v"}, "spec": {"targetRef": {"kind": "Deployment", "name": "web"}}},
]  # fmt: skip


def test_a_field_that_something_else_owns_is_never_edited() -> None:
    keda = {
        "kind": "ScaledObject",
        "metadata": {"namespace": "shop", "name": "k"},
        "spec": {"scaleTargetRef": {"name": "web"}},
    }
    updater = {"metadata": {"annotations": {"argocd-image-updater.argoproj.io/image-list": "web"}}}
    managed = {
        "metadata": {"managedFields": [{"manager": "keda-operator", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]}
    }
    heals = {
        "kind": "Application",
        "metadata": {"namespace": "argo", "name": "shop"},
        "spec": {"syncPolicy": {"automated": {"selfHeal": True}}},
    }
    tracked = {"metadata": {"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}}}
    image = "spec.template.spec.containers[name=web].image"
    assert owner_of("spec.replicas", WEB, {}, OWNED) == "the autoscaler web"
    assert owner_of("spec.replicas", WEB, {}, [keda]) == "KEDA's k"
    assert owner_of("spec.replicas", WEB, managed, []) == "KEDA"
    assert "vertical" in owner_of(MEMORY[0].path, WEB, {}, OWNED)
    assert "image updater" in owner_of(image, WEB, updater, [])
    assert "heals itself" in owner_of("spec.replicas", WEB, tracked, [heals], direct=True)
    assert owner_of("spec.replicas", WEB, tracked, [heals]) == ""
    assert owner_of(image, WEB, {}, OWNED) == ""


def test_the_schema_of_kubernetes_is_asked() -> None:
    good = yaml.safe_load(DEPLOYMENT)
    assert problem_of(good) == ""
    assert "replicas" in problem_of({**good, "spec": {**good["spec"], "replicas": "many"}})
    assert problem_of({"apiVersion": "example/v1", "kind": "Widget", "metadata": {}}) == ""


def test_scripts_for_people_quote_everything_and_refuse_what_points_elsewhere() -> None:
    text = script("drain\nit; rm -rf /", [["kubectl", "drain", "node; rm -rf /"]])
    assert "kubectl drain 'node; rm -rf /'" in text
    assert "# drain it; rm -rf /" in text.splitlines()
    for flag in ("--kubeconfig=x", "--context", "--token=t", "--as=admin", "--server"):
        with pytest.raises(ValueError, match="refused"):
            script("x", [["kubectl", "get", "pods", flag]])
