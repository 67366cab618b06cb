"""What must hold on any cluster: kind, minikube, AKS, EKS, GKE, and the simulated one."""

import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING

import pytest

from watchkeeper.domain.clock import SystemClock
from watchkeeper.settings import EntitiesSettings, KubernetesSource
from watchkeeper.telemetry.budget import MemoryLedger
from watchkeeper.telemetry.port import SourceTools
from watchkeeper.telemetry.resolver import Resolver
from watchkeeper.telemetry.sources.kubernetes import Kubernetes

if TYPE_CHECKING:
    from tests.integration.conftest import Cluster

pytestmark = pytest.mark.server("kubectl")


async def watchkeeper(cluster: "Cluster", *arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "watchkeeper", "check", "--kubeconfig", str(cluster.kubeconfig), *arguments, stdout=-1, stderr=-1,
        cwd=cluster.kubeconfig.parent,
    )  # fmt: skip
    out, err = await process.communicate()
    return int(process.returncode or 0), out.decode(), err.decode()


async def findings(cluster: "Cluster", namespace: str) -> list[dict[str, object]]:
    status, out, err = await watchkeeper(cluster, "-n", namespace, "-o", "json")
    assert status in (0, 1), err
    return list(json.loads(out)[0]["findings"])


async def test_we_see_the_pods_that_kubectl_sees(cluster: "Cluster") -> None:
    source = Kubernetes(
        KubernetesSource(kubeconfig=str(cluster.kubeconfig)),
        SourceTools(SystemClock(), Resolver(EntitiesSettings()), MemoryLedger()),
    )
    seen = await source.inventory()
    [probe] = await source.probe()
    await source.close()
    assert probe.ok, probe.words
    listed = json.loads(await cluster.kubectl("get", "pods", "-A", "-o", "json"))
    assert {p["metadata"]["name"] for p in listed["items"]} & {
        o["metadata"]["name"] for o in seen.objects if o["kind"] == "Pod"
    }
    assert "Node" in seen.readable
    assert not [o for o in seen.objects if o["kind"] == "Secret" and "data" in o], (
        "the contents of secrets are never kept"
    )


@pytest.mark.parametrize("output", ["text", "sarif", "junit"])
async def test_the_cluster_is_checked_and_the_exit_status_is_for_pipelines(cluster: "Cluster", output: str) -> None:
    if not cluster.real:
        await cluster.kubectl("-n", "shop", "wait", "deployment/payment", "--for=condition=Available", "--timeout=60s")
    status, out, err = await watchkeeper(cluster, "-o", output)
    assert status in (0, 1), err
    if not cluster.real:
        assert status == 0, out
    assert {"text": "objects", "sarif": '"version": "2.1.0"', "junit": "<testsuite "}[output] in out


async def test_a_cluster_that_does_not_answer_is_status_two(cluster: "Cluster") -> None:
    dead = cluster.kubeconfig.parent / "dead-kubeconfig-of-a-test"
    if cluster.real:
        pytest.skip("nothing is written beside the kubeconfig of a real cluster")
    dead.write_text(cluster.kubeconfig.read_text().replace("server: http://127.0.0.1:", "server: http://127.0.0.1:9/"))
    cluster.kubeconfig = dead
    status, out, _ = await watchkeeper(cluster)
    assert status == 2
    assert "could not look" in out


async def test_what_is_broken_in_a_namespace_of_our_own_is_found(cluster: "Cluster", own_namespace: str) -> None:
    manifest = json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": own_namespace}})
    await cluster.kubectl("apply", "-f", "-", stdin=manifest)
    await cluster.kubectl("-n", own_namespace, "run", "nowhere", "--image=registry.invalid/nowhere:1")
    if cluster.world is not None:
        cluster.world.engine.missing_images.add("registry.invalid/nowhere:1")
    deadline = time.monotonic() + 90
    found: list[dict[str, object]] = []
    while time.monotonic() < deadline and not any(f["kind"] == "image" for f in found):
        await asyncio.sleep(1)
        found = await findings(cluster, own_namespace)
    [image] = [f for f in found if f["kind"] == "image"]
    assert image["workload"] == {"kind": "Pod", "namespace": own_namespace, "name": "nowhere"}
    await cluster.kubectl("-n", own_namespace, "delete", "pod", "nowhere", "--wait=false")
