"""Continuous delivery: what is merged is applied."""

import yaml

from watchkeeper.simulate import shop
from watchkeeper.simulate.delivery.repository import GitRepository
from watchkeeper.simulate.ports import Cluster


def release(repository: GitRepository, service: str, version: str) -> None:
    """Somebody commits a new image of a service."""
    path = f"apps/{service}.yaml"
    text = repository.read("main", path) or ""
    before = next(line for line in text.splitlines() if line.strip().startswith("image:"))
    after = before.split("image:")[0] + f"image: {shop.image(service, version)}"
    repository.commit("main", {path: text.replace(before, after)}, f"{service} {version}\n")


def edit(repository: GitRepository, service: str, before: str, after: str, why: str) -> None:
    """Somebody changes the manifests of a service by hand."""
    path = f"apps/{service}.yaml"
    text = repository.read("main", path) or ""
    repository.commit("main", {path: text.replace(before, after)}, f"{service}: {why}\n")


def declare(repository: GitRepository, path: str, text: str) -> None:
    """Somebody adds a file of manifests."""
    repository.commit("main", {path: text}, f"add {path}\n")


class ContinuousDelivery:
    """Looks at one branch; a new commit is applied whole."""

    def __init__(self, repository: GitRepository, cluster: Cluster, branch: str = "main") -> None:
        self._repository, self._cluster, self._branch = repository, cluster, branch
        self.deployed = ""

    def sync(self, now: float) -> bool:
        """Apply the branch's commit if it is new."""
        head = self._repository.head(self._branch)
        if head is None or head == self.deployed:
            return False
        for path, blob in self._repository.files(head).items():
            if path.endswith((".yaml", ".yml")):
                for document in yaml.safe_load_all(self._repository.text(blob)):
                    if document:
                        self._cluster.apply(document, manager="delivery", now=now)
        self.deployed = head
        return True
