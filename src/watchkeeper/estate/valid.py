"""Is an object one that Kubernetes would accept? By the published schemas of its API, before anything is proposed."""

from collections.abc import Mapping
from typing import Any


def problem_of(thing: Mapping[str, Any]) -> str:
    """What the schema of its version objects to, "" where nothing is wrong or the kind has no published schema."""
    import kubernetes_validate

    try:
        kubernetes_validate.validate(dict(thing), kubernetes_validate.latest_version(), strict=True)
    except kubernetes_validate.ValidationError as error:
        where = ".".join(str(p) for p in error.path)
        return f"{where}: {str(error.message).splitlines()[0][:200]}"
    except (kubernetes_validate.SchemaNotFoundError, kubernetes_validate.InvalidSchemaError):
        return ""
    return ""
