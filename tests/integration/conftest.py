"""`--kube-config=PATH`: the Kubernetes suites run against the cluster the user names, read-only unless `--allow-changes`."""

import asyncio
import os
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from watchkeeper.simulate import shop
from watchkeeper.simulate.cluster import api
from watchkeeper.simulate.serve import serving
from watchkeeper.simulate.world import World


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("kubernetes")
    group.addoption(
        "--kube-config", default="", help="Kubeconfig of a real cluster (~ expanded); default: the simulated one"
    )
    group.addoption("--allow-changes", action="store_true", help="May write to that cluster, in a namespace of its own")


@dataclass
class Cluster:
    """Where kubectl and Watchkeeper look."""

    kubeconfig: Path
    real: bool
    writable: bool
    world: World | None = None

    async def kubectl(self, *arguments: str, fails: bool = False, stdin: str = "") -> str:
        """Its output. No test of a real cluster reaches beyond reading without being allowed to."""
        assert self.writable or arguments[0] in ("get", "version", "auth", "api-resources"), arguments
        process = await asyncio.create_subprocess_exec(
            "kubectl", "--kubeconfig", str(self.kubeconfig), *arguments, stdin=-1, stdout=-1, stderr=-1,
            env={"HOME": str(self.kubeconfig.parent), "PATH": os.environ["PATH"]},
        )  # fmt: skip
        out, err = await process.communicate(stdin.encode())
        assert (process.returncode != 0) is fails, f"{arguments}: {out.decode()} {err.decode()}"
        return out.decode() + err.decode()


@pytest.fixture
async def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cluster]:
    named = str(request.config.getoption("--kube-config"))
    if named:
        path = Path(named).expanduser()
        if not path.exists():
            pytest.fail(f"--kube-config: {path} does not exist")
        yield Cluster(path, True, bool(request.config.getoption("--allow-changes")))
        return
    world = World(start=time.time(), startup=0.2)
    for text in shop.manifests().values():
        for document in yaml.safe_load_all(text):
            world.cluster.apply(document, manager="setup", now=world.now)

    async def live() -> None:
        while True:
            world.advance(max(time.time() - world.now, 0.01))
            await asyncio.sleep(0.1)

    async with serving({"kubernetes": api.app(world.cluster, lambda: world.now)}) as urls:
        (tmp_path / "kubeconfig").write_text(api.kubeconfig(urls["kubernetes"]))
        task = asyncio.create_task(live())
        yield Cluster(tmp_path / "kubeconfig", False, True, world)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def own_namespace(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[str]:
    """A namespace that the test may fill; it is removed, whatever happens. Only where changes are allowed."""
    if not cluster.writable:
        pytest.skip("changes to this cluster are not allowed (--allow-changes)")
    name = f"watchkeeper-test-{uuid.uuid4().hex[:8]}"
    yield name
    if cluster.real:
        subprocess.run(
            ["kubectl", "--kubeconfig", str(cluster.kubeconfig), "delete", "namespace", name, "--ignore-not-found", "--wait=false"],
            check=True, capture_output=True,
        )  # fmt: skip
