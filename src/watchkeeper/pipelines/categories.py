"""The categories a failed run can have: the one table. A file of the shelf `pipelines.causes` stands for each."""

from collections.abc import Mapping
from types import MappingProxyType

CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        "auth": "credentials or permissions are missing, wrong or expired",
        "compile": "the code does not compile",
        "config": "a setting, a path, a command or a version of a tool is wrong",
        "dependency": "a package or tool cannot be found, resolved or installed",
        "disk": "the disk of the runner is full",
        "docker": "an image cannot be built, found or started",
        "git": "the sources cannot be fetched, merged or pushed",
        "infra": "the runner, agent or service of the CI system failed",
        "k8s_deploy": "the deploy to Kubernetes did not succeed",
        "lint": "a style, format or static analysis rule is broken",
        "network": "a server could not be reached",
        "oom": "memory ran out",
        "terraform": "Terraform cannot plan or apply",
        "test": "a test failed",
        "timeout": "it took too long",
    }
)

PASSING = frozenset({"network", "infra", "timeout", "oom", "disk"})
"""Often gone when the run is repeated: nothing in the change explains them."""
UNKNOWN = ""
"""No category: nothing in the log says why."""
