"""Files that a model wrote: which may be shown to people as a suggestion, and why the others may not."""

import pytest

from watchkeeper.estate.drafts import LARGEST, problems_of

MANIFEST = """apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: payment, namespace: shop}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: payment}}
"""
SCRIPT = "#!/bin/sh\nset -eu\nkubectl -n shop get pods  # look first\n"


@pytest.mark.parametrize(
    ("kind", "path", "text"),
    [
        ("manifest", "shop/payment-pdb.yaml", MANIFEST),
        ("helm", "shop/values.yaml", "payment:\n  pool: 8\n"),
        ("terraform", "shop/pool.tf", 'resource "x" "pool" {\n  size = 3\n}\n'),
        ("script", "shop/look.sh", SCRIPT),
    ],
)
def test_what_parses_and_fits_its_schema_may_be_shown(kind: str, path: str, text: str) -> None:
    assert problems_of(kind, path, "", text, "shop") == ()


@pytest.mark.parametrize(
    ("kind", "path", "text", "why"),
    [
        ("manifest", "../payment.yaml", MANIFEST, "no plain path"),
        ("manifest", ".github/workflows/ci.yaml", MANIFEST, "no plain path"),
        ("manifest", "/shop/payment.yaml", MANIFEST, "no plain path"),
        ("manifest", "other/payment.yaml", MANIFEST, "lies outside"),
        ("manifest", "shop/payment.tf", MANIFEST, "does not belong"),
        ("script", "shop/Jenkinsfile", SCRIPT, "does not belong"),
        ("manifest", "shop/a.yaml", "a: [", "no YAML"),
        ("manifest", "shop/a.yaml", "just words", "no Kubernetes object"),
        ("manifest", "shop/a.yaml", MANIFEST.replace("minAvailable", "minAvailble"), "PodDisruptionBudget"),
        ("manifest", "shop/a.yaml", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: x}\n", "ClusterRoleBinding"),
        ("helm", "shop/values.yaml", "- 1\n", "no values file"),
        ("terraform", "shop/a.tf", 'resource "x" {', "no HCL"),
        ("script", "shop/a.sh", "kubectl get pods\n", "does not begin"),
        ("script", "shop/a.sh", SCRIPT + "kubectl --token=abc get pods\n", "elsewhere"),
        ("script", "shop/a.sh", SCRIPT + "echo 'open\n", "cannot be read"),
        ("helm", "shop/values.yaml", "password: hunter2222222\n", "secret"),
        ("helm", "shop/values.yaml", "a: \u202ex\n", "cannot be seen"),
        ("helm", "shop/values.yaml", "a: " + "x" * LARGEST, "longer"),
        ("helm", "shop/values.yaml", "", "changes nothing"),
    ],
)  # fmt: skip
def test_what_does_not_is_refused_with_its_reason(kind: str, path: str, text: str, why: str) -> None:
    assert why in "; ".join(problems_of(kind, path, "", text, "shop"))


def test_the_same_again_changes_nothing() -> None:
    assert problems_of("helm", "shop/values.yaml", "a: 1\n", "a: 1\n") == ("it changes nothing",)
