"""Every shipped policy has an example that breaks it and one that keeps it."""

import json
from datetime import date

import pytest
import yaml

from watchkeeper.domain.errors import InvalidInput, PolicyBroken
from watchkeeper.policy.review import ChangeReview, Waiver, load_policies, load_waivers, review_change, risk, sarif

TODAY = date(2026, 3, 1)
DIGEST = "@sha256:" + "a" * 64


def workload(container: str = "", pod: str = "", kind: str = "Deployment", replicas: int = 2) -> str:
    made = {
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "web", "image": "web:1.2"} | (yaml.safe_load(container) or {})]} | (yaml.safe_load(pod) or {})}},
    }  # fmt: skip
    return yaml.safe_dump(made)


def thing(api: str, kind: str, rest: str = "{}") -> str:
    return yaml.safe_dump({"apiVersion": api, "kind": kind, "metadata": {"name": "thing"}} | yaml.safe_load(rest))


def flow(step: str, head: str = "on: push\npermissions: {contents: read}", job: str = "timeout-minutes: 5") -> str:
    return f"{head}\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    {job}\n    steps:\n    - {step}\n"


FLOW, PLAN = ".github/workflows/a.yml", "plan.json"
IMAGE = "FROM python:3.12\n"


def plan(actions: list[str]) -> str:
    change = {"address": "aws_db.a", "type": "aws_db", "change": {"actions": actions, "after": {}}}
    return json.dumps({"resource_changes": [change]})


EXAMPLES: dict[str, tuple[str, str, str]] = {
    "WK-K8S-001": ("a.yaml", workload("securityContext: {privileged: true}"), workload("securityContext: {privileged: false}")),
    "WK-K8S-002": ("a.yaml", workload(pod="hostPID: true"), workload(pod="hostPID: false")),
    "WK-K8S-003": ("a.yaml", workload("image: web:latest"), workload(f"image: web{DIGEST}")),
    "WK-K8S-004": ("a.yaml", workload(), workload("resources: {limits: {memory: 1Gi}}")),
    "WK-K8S-005": ("a.yaml", workload("resources: {requests: {cpu: 1}}"), workload("resources: {requests: {cpu: 1, memory: 1Gi}}")),
    "WK-K8S-006": ("a.yaml", workload(), workload("readinessProbe: {tcpSocket: {port: 1}}")),
    "WK-K8S-007": ("a.yaml", workload(), workload("livenessProbe: {tcpSocket: {port: 1}}")),
    "WK-K8S-008": ("a.yaml", workload("securityContext: {runAsUser: 0}", "securityContext: {runAsNonRoot: true}"), workload(pod="securityContext: {runAsNonRoot: true}")),
    "WK-K8S-009": ("a.yaml", workload("securityContext: {allowPrivilegeEscalation: true}"), workload("securityContext: {allowPrivilegeEscalation: false}")),
    "WK-K8S-010": ("a.yaml", workload("securityContext: {capabilities: {add: [SYS_ADMIN]}}"), workload("securityContext: {capabilities: {add: [CHOWN]}}")),
    "WK-K8S-011": ("a.yaml", workload(pod="volumes: [{name: a, hostPath: {path: /var/run}}]"), workload(pod="volumes: [{name: a, emptyDir: {}}]")),
    "WK-K8S-012": ("a.yaml", workload("env: [{name: DB_PASSWORD, value: hunter22}]"), workload("env: [{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: p}}}]")),
    "WK-K8S-013": ("a.yaml", thing("batch/v1beta1", "CronJob"), thing("batch/v1", "CronJob")),
    "WK-K8S-014": ("prod/a.yaml", workload(replicas=1), workload(replicas=2)),
    "WK-K8S-015": ("a.yaml", thing("v1", "Service", "spec: {type: LoadBalancer}"), thing("v1", "Service", "spec: {type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8]}")),
    "WK-K8S-016": ("a.yaml", thing("rbac.authorization.k8s.io/v1", "Role", "rules: [{verbs: ['*'], resources: ['*']}]"), thing("rbac.authorization.k8s.io/v1", "Role", "rules: [{verbs: [get], resources: ['*']}]")),
    "WK-K8S-017": ("a.yaml", thing("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "roleRef: {name: cluster-admin}"), thing("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "roleRef: {name: view}")),
    "WK-K8S-018": ("prod/a.yaml", workload(replicas=0), workload(replicas=2)),
    "WK-K8S-019": ("prod/a.yaml", thing("networking.k8s.io/v1", "Ingress", "spec: {rules: []}"), thing("networking.k8s.io/v1", "Ingress", "spec: {tls: [{hosts: [a]}]}")),
    "WK-DOC-001": ("Dockerfile", "FROM python:latest\nUSER 5\n", f"FROM python{DIGEST} AS a\nFROM a\nUSER 5\n"),
    "WK-DOC-002": ("Dockerfile", IMAGE, IMAGE + "USER 1000\n"),
    "WK-DOC-003": ("Dockerfile", IMAGE + "ENV API_KEY=abcdef12\n", IMAGE + "ARG API_KEY\nENV API_KEY=$API_KEY\n"),
    "WK-DOC-004": ("Dockerfile", IMAGE + "ADD https://example.com/a /a\n", IMAGE + "ADD a /a\n"),
    "WK-DOC-005": ("Dockerfile", IMAGE + "RUN curl https://example.com/a \\\n  | sh\n", IMAGE + "RUN curl -o a https://example.com/a\n"),
    "WK-GHA-001": (FLOW, flow("uses: a/b@main"), flow("uses: a/b@v4.1.0")),
    "WK-GHA-002": (FLOW, flow("{uses: actions/checkout@v4, with: {ref: '${{ github.event.pull_request.head.sha }}'}}", "on: [pull_request_target]"), flow("uses: actions/checkout@v4", "on: [pull_request_target]")),
    "WK-GHA-003": (FLOW, flow("run: echo ${{ github.event.issue.title }}"), flow("{run: 'echo \"$T\"', env: {T: '${{ github.event.issue.title }}'}}")),
    "WK-GHA-004": (FLOW, flow("run: make", "on: push"), flow("run: make")),
    "WK-GHA-005": (FLOW, flow("run: make", "on: push\npermissions: write-all"), flow("run: make")),
    "WK-GHA-006": (FLOW, flow("{run: make, env: {API_TOKEN: abcdef12}}"), flow("{run: make, env: {API_TOKEN: '${{ secrets.A }}'}}")),
    "WK-GHA-007": (FLOW, flow("run: make", job="name: x"), flow("run: make")),
    "WK-TF-001": ("a.tf", 'resource "aws_s3_bucket" "b" {\n  acl = "public-read"\n}\n', 'resource "aws_s3_bucket" "b" {\n  acl = "private"\n}\n'),
    "WK-TF-002": ("a.tf", 'resource "aws_security_group" "g" {\n  ingress {\n    from_port = 22\n    to_port = 22\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n}\n', 'resource "aws_security_group" "g" {\n  ingress {\n    from_port = 443\n    to_port = 443\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n}\n'),
    "WK-TF-003": ("a.tf", 'resource "a" "b" {\n  password = "hunter22"\n}\n', 'resource "a" "b" {\n  password = var.password\n}\n'),
    "WK-TF-004": ("prod/plan.json", plan(["delete"]), plan(["update"])),
    "WK-TF-005": ("prod/plan.json", plan(["delete", "create"]), plan(["create"])),
    "WK-TF-006": ("a.tf", 'resource "aws_ebs_volume" "v" {\n  size = 1\n}\n', 'resource "aws_ebs_volume" "v" {\n  encrypted = true\n}\n'),
    "WK-TF-007": ("a.tf", 'resource "aws_db_instance" "d" {\n  publicly_accessible = true\n}\n', 'resource "aws_db_instance" "d" {\n  publicly_accessible = false\n}\n'),
    "WK-TF-008": ("a.tf", 'resource "aws_iam_policy" "p" {\n  policy = jsonencode({ Statement = [{ "Action" = "*", "Resource" = "*" }] })\n}\n', 'resource "aws_iam_policy" "p" {\n  policy = jsonencode({ Statement = [{ "Action" = "s3:Get", "Resource" = "*" }] })\n}\n'),
    "WK-TF-009": ("a.tf", 'module "m" {\n  source = "acme/m/aws"\n}\n', 'module "m" {\n  source = "acme/m/aws"\n  version = "1.2.3"\n}\n'),
    "WK-TF-010": ("prod/a.tf", 'resource "aws_db_instance" "d" {\n  size = 1\n}\n', 'resource "aws_db_instance" "d" {\n  deletion_protection = true\n}\n'),
    "WK-HELM-001": ("chart/values.yaml", "image: {repository: web, tag: latest}\n", "image: {repository: web, tag: 1.2.3}\n"),
    "WK-HELM-002": ("chart/values.yaml", "db: {password: hunter22}\n", "db: {password: ''}\n"),
    "WK-HELM-003": ("chart/Chart.yaml", "dependencies: [{name: pg, version: '>=1'}]\n", "dependencies: [{name: pg, version: 1.2.3}]\n"),
}  # fmt: skip


def reviewed(path: str, text: str, *waivers: Waiver) -> ChangeReview:
    return review_change({path: text}, load_policies(), waivers, TODAY)


@pytest.mark.parametrize("policy", EXAMPLES)
def test_a_policy_is_broken_by_its_bad_example_and_kept_by_its_good_one(policy: str) -> None:
    path, bad, good = EXAMPLES[policy]
    found = [f for f in reviewed(path, bad).findings if f.policy == policy]
    assert found
    assert all(f.reason and f.fix and f.title and f.line >= 1 for f in found)
    kept = reviewed(path, good).findings
    assert policy not in {f.policy for f in kept}
    assert "WK-READ-001" not in {f.policy for f in kept}


def test_every_shipped_policy_has_its_examples() -> None:
    from watchkeeper.policy.review import _evaluate

    assert set(_evaluate(load_policies(), [])["about"]) == set(EXAMPLES)
    assert len(EXAMPLES) >= 25


def test_a_waiver_excuses_until_its_day_and_is_told_when_it_is_over() -> None:
    bad = workload("securityContext: {privileged: true}")
    text = "- {policy: WK-K8S-001, path: 'a*.yaml', reason: node agent, owner: ops, expires: 2026-03-01}"
    held = reviewed("a.yaml", bad, *load_waivers(text))
    assert held.blocking == ()
    assert [f.waived for f in held.findings if f.policy == "WK-K8S-001"] == ["node agent (ops, until 2026-03-01)"]
    over = reviewed("a.yaml", bad, *load_waivers(text.replace("2026-03-01", "2026-02-28")))
    assert [f.policy for f in over.blocking] == ["WK-K8S-001"]
    assert "WK-WAIVER-001" in {f.policy for f in over.findings}
    assert reviewed("b.yaml", bad, *load_waivers(text)).blocking


@pytest.mark.parametrize(
    "text",
    [
        "- {policy: A}",
        "- {policy: A, path: b, reason: c, owner: d, expires: soon}",
        "- {policy: A, path: b, reason: '', owner: d, expires: 2026-01-01}",
        "a: [",
    ],
)
def test_a_waiver_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        load_waivers(text)


def test_a_policy_that_does_not_load_stops_the_review() -> None:
    with pytest.raises(PolicyBroken):
        review_change({}, {**load_policies(), "mine.rego": "package watchkeeper.change\nthis is no rego"}, (), TODAY)


def test_a_file_that_cannot_be_read_is_told_not_skipped() -> None:
    found = review_change({"a.yaml": "a: [", "b.tf": "resource {{{"}, load_policies(), (), TODAY).findings
    assert [(f.policy, f.path) for f in found] == [("WK-READ-001", "a.yaml"), ("WK-READ-001", "b.tf")]


def test_sarif_names_rule_place_and_waiver() -> None:
    waiver = Waiver("WK-K8S-001", "*", "node agent", "ops", TODAY)
    run = sarif(reviewed("a.yaml", workload("securityContext: {privileged: true}"), waiver))["runs"][0]
    result = next(r for r in run["results"] if r["ruleId"] == "WK-K8S-001")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a.yaml"
    assert result["suppressions"][0]["status"] == "accepted"
    assert {r["ruleId"] for r in run["results"]} == {r["id"] for r in run["tool"]["driver"]["rules"]}


def test_risk_grows_with_what_is_destroyed_and_with_incidents() -> None:
    assert risk(reviewed("a.yaml", workload("{image: 'web:1', resources: {limits: {memory: 1Gi}}}")), {})[0] == "low"
    steady = risk(reviewed("a.yaml", workload()), {"web": 3, "other": 9})
    assert steady == ("medium", ("incidents lately: web 3",))
    level, because = risk(reviewed("prod/plan.json", plan(["delete"])), {})
    assert level == "high"
    assert "1 objects are destroyed or replaced" in because


def test_text_with_quotes_and_control_characters_passes_through_the_interpreter() -> None:
    found = reviewed("Dockerfile", 'FROM a:1\nUSER 5\nADD "https://example.com/\\a\x01" /b\n').findings
    assert [(f.policy, f.line) for f in found] == [("WK-DOC-004", 3)]
    assert found[0].what.startswith('"https://example.com/\\a')
