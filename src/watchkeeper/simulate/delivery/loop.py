"""Continuous delivery: what is merged is applied."""

import yaml

from watchkeeper.simulate.delivery.repository import GitRepository
from watchkeeper.simulate.ports import Cluster


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
