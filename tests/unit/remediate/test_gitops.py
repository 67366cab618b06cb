"""From what Argo CD and Flux write on an object to the repository and folder it comes from."""

from typing import Any

import pytest
import yaml

from unit.remediate.web import declaration, deployment, plan_of
from watchkeeper.domain.topology import Workload
from watchkeeper.estate.gitops import Place, deployer_of, place_of, repository_of

URL = "https://git.example/shop/manifests.git"


def on(labels: Any = None, notes: Any = None) -> dict[str, Any]:
    return {"metadata": {"labels": labels or {}, "annotations": notes or {}}}


@pytest.mark.parametrize(
    ("live", "deployer"),
    [
        (on(notes={"argocd.argoproj.io/tracking-id": "web:apps/Deployment:shop/web"}), Workload("argocd", "Application", "web")),
        (on(notes={"argocd.argoproj.io/tracking-id": "team_web:apps/Deployment:shop/web"}), Workload("team", "Application", "web")),
        (on({"argocd.argoproj.io/instance": "web"}), Workload("argocd", "Application", "web")),
        (
            on({"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux"}),
            Workload("flux", "Kustomization", "apps"),
        ),
        (on({"helm.toolkit.fluxcd.io/name": "web"}), Workload("flux-system", "HelmRelease", "web")),
        (on({"app": "web"}), None),
    ],
)  # fmt: skip
def test_who_deploys_an_object(live: dict[str, Any], deployer: Workload | None) -> None:
    assert deployer_of(live) == deployer


def test_where_an_application_comes_from_and_where_that_is_not_one_place() -> None:
    source = {"repoURL": URL, "path": "./overlays/prod/", "targetRevision": "main"}
    said = {"kind": "Application", "metadata": {"name": "web"}, "spec": {"source": source}}
    assert place_of(said, None) == Place("Argo CD's application web", URL, "overlays/prod", "main")
    assert place_of({**said, "spec": {"sources": [source]}}, None) is None
    assert place_of({**said, "spec": {"source": {**source, "chart": "web"}}}, None) is None


def test_where_flux_reads_from() -> None:
    ref = {"kind": "GitRepository", "name": "manifests"}
    said = {
        "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux"},
        "spec": {"path": "./prod", "sourceRef": ref},
    }
    assert repository_of(said) == Workload("flux", "GitRepository", "manifests")
    assert place_of(said, {"spec": {"url": URL, "ref": {"branch": "main"}}}) == Place(
        "Flux's Kustomization apps", URL, "prod", "main"
    )
    assert place_of(said, None) is None
    assert repository_of({"spec": {"sourceRef": {"kind": "OCIRepository", "name": "x"}}}) is None


@pytest.mark.parametrize("url", [URL, "git@git.example:shop/manifests.git", "https://git.example/Shop/Manifests/"])
def test_one_repository_has_many_addresses(url: str) -> None:
    assert Place("", url, "").within("shop/manifests")
    assert not Place("", url, "").within("shop/other")
    assert not Place("", url, "").within("")
    assert not Place("", url.replace("hop/", "hop-b/"), "").within("shop/manifests")


def test_a_plan_follows_the_cluster_to_its_folder_and_never_into_another_repository() -> None:
    live = deployment()
    text = yaml.safe_dump(declaration(live))
    files = {"one/web.yaml": text, "two/web.yaml": text}
    twice = plan_of("scale_out", "cpu", live, files=files)
    assert "declared twice" in twice.suggestion[0]
    plan = plan_of("scale_out", "cpu", live, files=files, place=Place("Argo CD's application web", URL, "two"))
    assert [e.path for e in plan.edits] == ["two/web.yaml"]
    elsewhere = plan_of(
        "scale_out", "cpu", live, files=files, place=Place("Argo CD's application web", "https://x/y/z", "two")
    )
    assert "is not the repository" in elsewhere.suggestion[0]
