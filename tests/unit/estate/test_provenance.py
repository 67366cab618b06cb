"""From a live object to the repository it is deployed from, and whether our edit would get there."""

from typing import Any

import pytest

from watchkeeper.estate.provenance import out_of_reach, provenances, same_repository
from watchkeeper.telemetry.gitops import deployers

OURS = "acme/manifests"
FILES = {
    "base/kustomization.yaml": "resources: [web.yaml]\n",
    "base/web.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n",
    "overlays/prod/kustomization.yaml": "resources: [../../base]\n",
}


def argo(*sources: dict[str, Any], name: str = "shop", namespace: str = "argocd") -> dict[str, Any]:
    spec = {"source": sources[0]} if len(sources) == 1 else {"sources": list(sources)}
    return {"kind": "Application", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def by_argo(mark: str = "shop:apps/Deployment:shop/web") -> dict[str, Any]:
    return {"kind": "Deployment", "metadata": {"annotations": {"argocd.argoproj.io/tracking-id": mark}}}


def source(path: str = "", url: str = "https://github.com/acme/manifests.git", revision: str = "HEAD", **more: Any) -> dict[str, Any]:  # fmt: skip
    return {"repoURL": url, "path": path, "targetRevision": revision, **more}


FLUX = {"kind": "Deployment", "metadata": {"labels": {
    "kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
}}}  # fmt: skip
KUSTOMIZATION = {
    "kind": "Kustomization", "metadata": {"name": "apps", "namespace": "flux-system"},
    "spec": {"path": "./overlays/prod", "sourceRef": {"kind": "GitRepository", "name": "fleet"}},
}  # fmt: skip


def repository(**ref: str) -> dict[str, Any]:
    spec = {"url": "ssh://git@github.com/acme/manifests", "ref": ref}
    return {"kind": "GitRepository", "metadata": {"name": "fleet", "namespace": "flux-system"}, "spec": spec}


def why(live: dict[str, Any], objects: list[dict[str, Any]], edited: str = "base/web.yaml") -> str:
    return out_of_reach(provenances(live, objects), FILES, OURS, "main", edited)


@pytest.mark.parametrize(
    ("live", "objects"),
    [
        (by_argo(), [argo(source("overlays/prod"))]),
        (by_argo(), [argo(source("base", revision="main"))]),
        (by_argo("team_shop:x"), [argo(source(), namespace="team"), argo(source("other"))]),
        (by_argo(), []),  # the application cannot be read: nobody knows
        ({"kind": "Deployment", "metadata": {}}, [argo(source("other"))]),
        (FLUX, [KUSTOMIZATION, repository(branch="main")]),
        (FLUX, [KUSTOMIZATION]),
    ],
)
def test_an_edit_that_gets_there(live: dict[str, Any], objects: list[dict[str, Any]]) -> None:
    assert why(live, objects) == ""


@pytest.mark.parametrize(
    ("live", "objects", "words"),
    [
        (by_argo(), [argo(source(url="https://github.com/acme/other"))], "not from acme/manifests"),
        (by_argo(), [argo(source(url="https://github.com/evil-acme/manifests-2"))], "not from acme/manifests"),
        (by_argo(), [argo(source("overlays/prod", revision="v1.2.3"))], "deploys revision v1.2.3"),
        (by_argo(), [argo(source("overlays/staging"))], "does not take in base/web.yaml"),
        (FLUX, [KUSTOMIZATION, repository(tag="v1")], "deploys revision v1"),
        (FLUX, [KUSTOMIZATION, repository(branch="main", semver=">=1")], "deploys revision >=1"),
    ],
)
def test_an_edit_that_would_change_nothing_is_not_proposed(
    live: dict[str, Any], objects: list[dict[str, Any]], words: str
) -> None:
    assert words in why(live, objects)


def test_values_files_beside_the_chart_are_taken_in_and_their_neighbours_are_not() -> None:
    one = [argo(source("charts/web", helm={"valueFiles": ["../../values/prod.yaml"]}))]
    assert why(by_argo(), one, "values/prod.yaml") == ""
    assert "does not take in" in why(by_argo(), one, "values/staging.yaml")
    lent = {"repoURL": "https://github.com/acme/manifests", "targetRevision": "main", "ref": "values"}
    chart = {"repoURL": "https://charts.example", "chart": "web", "helm": {"valueFiles": ["$values/values/prod.yaml"]}}
    assert why(by_argo(), [argo(chart, lent)], "values/prod.yaml") == ""
    assert "does not take in" in why(by_argo(), [argo(chart, lent)], "base/web.yaml")


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/Acme/Manifests.git",
        "git@github.com:acme/manifests.git",
        "ssh://git@github.com/acme/manifests/",
        "https://dev.azure.com/org/acme/_git/manifests",
    ],
)
def test_one_repository_has_many_addresses(url: str) -> None:
    assert same_repository(url, OURS)
    assert not same_repository(url, "acme/manifest")
    assert not same_repository(url, "")


async def test_only_what_the_marks_name_is_read() -> None:
    asked: list[tuple[str, str, str]] = []
    there = {
        ("Kustomization", "flux-system", "apps"): KUSTOMIZATION,
        ("GitRepository", "flux-system", "fleet"): repository(),
    }

    async def get(kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        asked.append((kind, namespace, name))
        return there.get((kind, namespace, name))

    found = await deployers([FLUX, FLUX, by_argo(), {"metadata": {}}], get, "gitops")
    assert [o["kind"] for o in found] == ["Kustomization", "GitRepository"]
    assert asked == [
        ("Kustomization", "flux-system", "apps"), ("Application", "gitops", "shop"), ("GitRepository", "flux-system", "fleet"),
    ]  # fmt: skip
