"""The real kubectl reads and changes the simulated cluster."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from watchkeeper.simulate import shop
from watchkeeper.simulate.cluster import api
from watchkeeper.simulate.serve import serving
from watchkeeper.simulate.world import World

pytestmark = pytest.mark.server("kubectl")


class Kubectl:
    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder

    async def __call__(self, *arguments: str, fails: bool = False) -> str:
        process = await asyncio.create_subprocess_exec(
            "kubectl", "--kubeconfig", str(self.folder / "kubeconfig"), "-n", shop.NAMESPACE, *arguments,
            stdout=-1, stderr=-1, env={"HOME": str(self.folder), "PATH": os.environ["PATH"]},
        )  # fmt: skip
        out, err = await process.communicate()
        assert (process.returncode != 0) is fails, f"{arguments}: {out.decode()} {err.decode()}"
        return out.decode() + err.decode()

    async def json(self, *arguments: str) -> dict[str, object]:
        return json.loads(await self(*arguments, "-o", "json"))


@pytest.fixture
async def kubectl(tmp_path: Path) -> AsyncIterator[Kubectl]:
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
        tool = Kubectl(world, tmp_path)
        await tool("wait", "deployment/payment", "--for=condition=Available", "--timeout=60s")
        yield tool
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_it_reads(kubectl: Kubectl) -> None:
    assert "payment-" in await kubectl("get", "pods")
    assert "READY" in await kubectl("get", "deployments")
    described = await kubectl("describe", "deployment", "payment")
    assert "DB_POOL_SIZE:" in described
    assert "ScalingReplicaSet" in described
    assert "Scheduled" in await kubectl("get", "events")
    assert "node-1" in await kubectl("get", "nodes")
    assert "MEMORY" in await kubectl("top", "pods")
    assert "not found" in await kubectl("get", "pod", "nobody", fails=True)
    selected = await kubectl.json("get", "pods", "-l", "app=payment")
    assert len(selected["items"]) == 2  # type: ignore[arg-type]


async def test_it_scales_and_the_pods_follow(kubectl: Kubectl) -> None:
    await kubectl("scale", "deployment/payment", "--replicas=3")
    await kubectl("rollout", "status", "deployment/payment", "--timeout=90s")
    assert len(kubectl.world.engine.of("payment")) == 3


async def test_it_rolls_out_undoes_and_restarts(kubectl: Kubectl) -> None:
    await kubectl("set", "image", "deployment/cart", f"cart={shop.image('cart', '1.5.0')}")
    await kubectl("rollout", "status", "deployment/cart", "--timeout=90s")
    assert {p.container.image for p in kubectl.world.engine.of("cart")} == {shop.image("cart", "1.5.0")}
    assert "2" in await kubectl("rollout", "history", "deployment/cart")
    await kubectl("rollout", "undo", "deployment/cart")
    await kubectl("rollout", "status", "deployment/cart", "--timeout=90s")
    assert {p.container.image for p in kubectl.world.engine.of("cart")} == {shop.image("cart")}
    before = {p.container.uid for p in kubectl.world.engine.of("cart")}
    await kubectl("rollout", "restart", "deployment/cart")
    await kubectl("rollout", "status", "deployment/cart", "--timeout=90s")
    assert before.isdisjoint({p.container.uid for p in kubectl.world.engine.of("cart")})


async def test_it_patches_applies_logs_runs_and_deletes(kubectl: Kubectl) -> None:
    await kubectl("patch", "deployment", "payment", "-p", '{"spec":{"replicas":1}}')
    assert (await kubectl.json("get", "deployment", "payment"))["spec"]["replicas"] == 1  # type: ignore[index]
    manifest = kubectl.folder / "map.yaml"
    manifest.write_text('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {colour: "blue"}\n')
    assert "created" in await kubectl("apply", "-f", str(manifest))
    for _ in range(60):
        said = await kubectl("logs", "deployment/payment", "--tail=50")
        if "POST /charge" in said:
            break
        await asyncio.sleep(0.3)
    assert "POST /charge" in said
    assert "created" in await kubectl("run", "visitor", "--image=busybox")
    assert "deleted" in await kubectl("delete", "pod", "visitor")


async def test_an_impossible_image_is_shown_as_kubernetes_shows_it(kubectl: Kubectl) -> None:
    kubectl.world.engine.missing_images.add("nowhere.example/cart:9")
    await kubectl("set", "image", "deployment/cart", "cart=nowhere.example/cart:9")
    for _ in range(100):
        shown = await kubectl("get", "pods")
        if "ImagePullBackOff" in shown:
            break
        await asyncio.sleep(0.2)
    assert "ImagePullBackOff" in shown
    assert sum(" 1/1 " in line.replace("   ", " ") for line in shown.splitlines() if line.startswith("cart-")) >= 1
