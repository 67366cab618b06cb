"""Files of a change as documents that policies can look at: what is tedious to say in Rego is read out here. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

_PRODUCTION = re.compile(r"(?:^|[/_.-])prod(?:uction)?(?:$|[/_.-])", re.IGNORECASE)
_SECRET_NAME = re.compile(
    r"(?:password|passwd|secret|token|api_?key|access_?key|private_?key|credential)s?$", re.IGNORECASE
)
_REFERENCE = re.compile(
    r"^\s*$|\$\{|\$\(|\{\{|^\$|^<.*>$|^(?:changeme|example|placeholder|none|null|true|false|x+|\*+)$|^(?:var|local|data|module)\.",
    re.IGNORECASE,
)
_KNOWN_SECRET = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----|\bxox[abp]-[A-Za-z0-9-]{10,}"
)
_PINNED_ACTION = re.compile(r"@(?:[0-9a-f]{40}|v?\d+(?:\.\d+){0,3}(?:-[\w.]+)?)$")
_STRANGER = re.compile(
    r"\$\{\{\s{0,4}(github\.(?:event\.(?:issue\.(?:title|body)|pull_request\.(?:title|body|head\.ref|head\.label)|comment\.body|review\.body|head_commit\.message|discussion\.(?:title|body)|pages|commits)|head_ref)[\w.\[\]*]{0,60})\s{0,4}\}\}"
)
_FLOATING = frozenset({"latest", "master", "main", "edge", "stable", "dev", "nightly", "canary"})
LARGEST = 4 * 1024 * 1024
_PODS = {"Pod": ("spec",), "CronJob": ("spec", "jobTemplate", "spec", "template", "spec")}
_TEMPLATED = ("spec", "template", "spec")


def documents(
    files: Mapping[str, str], *, production: bool = False
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """(documents, problems): problems are (path, why it could not be read). Each document has type, path, line, production."""
    out: list[dict[str, Any]] = []
    problems: list[tuple[str, str]] = []
    for path, text in sorted(files.items()):
        if len(text) > LARGEST:
            problems.append((path, "larger than 4 MiB"))
            continue
        try:
            found = list(_read(path, text))
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            problems.append((path, str(error).splitlines()[0][:200] if str(error) else type(error).__name__))
            continue
        for document in found:
            document.setdefault("line", 1)
            document["path"] = path
            document["production"] = production or bool(_PRODUCTION.search(path)) or _in_production(document)
            out.append(document)
    return out, problems


def wanted(path: str) -> bool:
    """Can a policy look at such a file?"""
    name = path.rsplit("/", 1)[-1]
    return is_dockerfile(name) or name.endswith((".yaml", ".yml", ".tf", ".tfplan.json", "plan.json"))


def is_dockerfile(name: str) -> bool:
    """Dockerfile, Dockerfile.dev, app.Dockerfile, Containerfile."""
    return name in ("Dockerfile", "Containerfile") or name.startswith("Dockerfile.") or name.endswith(".Dockerfile")


def _read(path: str, text: str) -> Iterator[dict[str, Any]]:
    name = path.rsplit("/", 1)[-1]
    if is_dockerfile(name):
        yield _dockerfile(text)
    elif name.endswith(".tf"):
        yield _terraform(text)
    elif name.endswith(".json"):
        yield from _plan(text)
    elif "/.github/workflows/" in f"/{path}" or "/github-actions/" in f"/{path}":
        yield from _workflow(text)
    elif name == "Chart.yaml":
        yield from _chart(text)
    elif re.fullmatch(r"values[\w.-]*\.ya?ml", name):
        yield from _values(text)
    elif "/templates/" not in f"/{path}":
        yield from _manifests(text)


def _in_production(document: Mapping[str, Any]) -> bool:
    metadata = (document.get("object") or {}).get("metadata") or {}
    labels = metadata.get("labels") or {} if isinstance(metadata, dict) else {}
    words = (
        [metadata.get("namespace", ""), labels.get("environment", ""), labels.get("env", "")]
        if isinstance(metadata, dict) and isinstance(labels, dict)
        else []
    )
    return any(_PRODUCTION.search(str(w)) for w in words)


def floating(image: str) -> bool:
    """Does the image name no fixed version? Names that a template fills in are not judged."""
    if "${" in image or "{{" in image or "$(" in image or "@sha256:" in image:
        return False
    tag = image.rsplit("/", 1)[-1].partition(":")[2]
    return not tag or tag in _FLOATING


def _manifests(text: str) -> Iterator[dict[str, Any]]:
    nodes = [n for n in yaml.compose_all(text, Loader=yaml.SafeLoader) if n is not None]
    for node, value in zip(nodes, [v for v in yaml.safe_load_all(text) if v is not None], strict=False):
        if not isinstance(value, dict) or "kind" not in value or "apiVersion" not in value:
            continue
        line = node.start_mark.line + 1
        items = value.get("items") if str(value["kind"]).endswith("List") else None
        for one in items if isinstance(items, list) else [value]:
            if isinstance(one, dict) and "kind" in one:
                yield _kubernetes(one, line)


def _kubernetes(value: dict[str, Any], line: int) -> dict[str, Any]:
    pod = _at(value, _PODS.get(str(value["kind"]), _TEMPLATED))
    containers = [
        {
            **c,
            "init": field == "initContainers",
            "image": str(c.get("image", "")),
            "unpinned": bool(c.get("image")) and floating(str(c["image"])),
        }
        for field in ("containers", "initContainers")
        for c in pod.get(field) or []
        if isinstance(c, dict)
    ]
    env = {
        str(e["name"]): str(e["value"]) for c in containers for e in c.get("env") or [] if isinstance(e, dict) and "name" in e and e.get("value") is not None
    }  # fmt: skip
    plain = sorted(name for name, content in env.items() if _is_secret(name, content))
    if value["kind"] == "Secret" and any((value.get("stringData") or {}).values()):
        plain.append("stringData")
    if value["kind"] == "ConfigMap":
        plain += sorted(str(k) for k, v in (value.get("data") or {}).items() if _is_secret(str(k), str(v)))
    return {
        "type": "kubernetes",
        "line": line,
        "object": value,
        "pod": pod,
        "containers": containers,
        "plain_secrets": plain,
    }


def _at(value: Any, path: tuple[str, ...]) -> dict[str, Any]:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _is_secret(name: str, content: str) -> bool:
    return bool(_KNOWN_SECRET.search(content)) or bool(
        _SECRET_NAME.search(name) and len(content) >= 4 and not _REFERENCE.search(content)
    )


def _walk(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """(name, text) of every string under its nearest key."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, name)
    elif isinstance(value, str):
        yield name, value


def _plain(value: Any) -> list[str]:
    return sorted({name for name, content in _walk(value) if _is_secret(name, content)})


def _dockerfile(text: str) -> dict[str, Any]:
    steps: list[dict[str, Any]] = []
    stages: set[str] = set()
    user = ""
    for number, line in _joined(text):
        word, _, rest = line.strip().partition(" ")
        word, rest = word.upper(), rest.strip()
        step: dict[str, Any] = {
            "word": word,
            "text": rest[:300],
            "line": number,
            "secret": "",
            "unpinned": False,
            "piped": False,
        }
        if word == "FROM":
            parts = [p for p in rest.split() if not p.startswith("--")]
            image = parts[0] if parts else ""
            step["unpinned"] = image not in stages and image != "scratch" and floating(image)
            if len(parts) == 3 and parts[1].lower() == "as":
                stages.add(parts[2])
            user = ""
        elif word == "USER":
            user = rest
        elif word in ("ENV", "ARG"):
            step["secret"] = next((k for k, v in _pairs(rest) if _is_secret(k, v)), "")
        elif word == "RUN":
            step["piped"] = bool(re.search(r"(?:curl|wget)\b[^|;&]{0,300}\|\s{0,4}(?:sudo )?(?:ba|z)?sh\b", rest))
        steps.append(step)
    return {"type": "dockerfile", "instructions": steps, "last_user": user}


def _joined(text: str) -> Iterator[tuple[int, str]]:
    held, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if not held and (not line.strip() or line.lstrip().startswith("#")):
            continue
        start = start if held else number
        held += line.rstrip().removesuffix("\\") + " "
        if not line.rstrip().endswith("\\"):
            yield start, held
            held = ""
    if held:
        yield start, held


def _pairs(rest: str) -> list[tuple[str, str]]:
    if "=" not in rest:
        name, _, value = rest.partition(" ")
        return [(name, value.strip())]
    return [
        (m[1], m[2].strip("\"'"))
        for m in re.finditer(r"([\w.-]{1,80})=(\"[^\"]{0,300}\"|'[^']{0,300}'|\S{0,300})", rest)
    ]


def _workflow(text: str) -> Iterator[dict[str, Any]]:
    value = yaml.safe_load(text)
    if not isinstance(value, dict) or not isinstance(value.get("jobs"), dict):
        return
    # YAML 1.1 reads the key `on` as true.
    raw = value.get("on", value.get(True)) or []
    triggers = [raw] if isinstance(raw, str) else [str(t) for t in raw]
    jobs = {str(k): j for k, j in value["jobs"].items() if isinstance(j, dict)}
    steps = [
        _step(name, s)
        for name, job in jobs.items()
        for s in [*(job.get("steps") or []), *([{"uses": job["uses"]}] if job.get("uses") else [])]
        if isinstance(s, dict)
    ]
    permissions = [value.get("permissions"), *(j.get("permissions") for j in jobs.values())]
    limited = value.get("permissions") is not None or (
        bool(jobs) and all(j.get("permissions") is not None for j in jobs.values())
    )
    yield {
        "type": "workflow", "triggers": triggers, "steps": steps, "limited": limited, "write_all": "write-all" in permissions,
        "plain_secrets": _plain(_without_permissions(value)), "jobs_without_limit": sorted(n for n, j in jobs.items() if "timeout-minutes" not in j and not j.get("uses")),
    }  # fmt: skip


def _without_permissions(value: Any) -> Any:
    """What a workflow's own token may do is named like a secret, such as id-token, and is none."""
    if isinstance(value, dict):
        return {k: _without_permissions(v) for k, v in value.items() if k != "permissions"}
    return [_without_permissions(v) for v in value] if isinstance(value, list) else value


def _step(job: str, step: Mapping[str, Any]) -> dict[str, Any]:
    uses, run = str(step.get("uses") or ""), str(step.get("run") or "")
    script = run + str((step.get("with") or {}).get("script", "") if isinstance(step.get("with"), dict) else "")
    injected = _STRANGER.search(script)
    ref = str((step.get("with") or {}).get("ref", "")) if isinstance(step.get("with"), dict) else ""
    local = uses.startswith(("./", "docker://"))
    return {
        "job": job, "uses": uses, "unpinned": bool(uses) and not local and not _PINNED_ACTION.search(uses), "injected": injected[1] if injected else "",
        "checks_out_head": "actions/checkout" in uses and ("head" in ref or "pull_request" in ref),
    }  # fmt: skip


def _terraform(text: str) -> dict[str, Any]:
    import hcl2
    from lark.exceptions import LarkError

    try:
        value: dict[str, Any] = hcl2.loads(text)
    except LarkError as error:
        raise ValueError(f"not HCL: {str(error).splitlines()[0]}") from None
    resources = [
        {"type": _bare(kind), "name": f"{_bare(kind)}.{_bare(name)}", "body": _body(body)}
        for block in value.get("resource", [])
        for kind, named in block.items()
        for name, body in named.items()
        if isinstance(body, dict)
    ]
    modules = [(_bare(n), b) for block in value.get("module", []) for n, b in block.items() if isinstance(b, dict)]
    unpinned = [name for name, body in modules if not _module_pinned(body)]
    for block in value.get("terraform", []):
        for providers in block.get("required_providers", []) if isinstance(block, dict) else []:
            unpinned += [
                _bare(n)
                for n, p in providers.items()
                if isinstance(p, dict) and n not in ("__is_block__",) and not p.get("version")
            ]
    return {
        "type": "terraform",
        "resources": resources,
        "plain_secrets": _plain(_body(value)),
        "unpinned": unpinned,
        "changes": [],
    }


def _bare(name: object) -> str:
    return str(name).strip('"')


def _body(value: Any) -> Any:
    """python-hcl2 keeps quotes around strings; blocks are lists."""
    if isinstance(value, dict):
        return {_bare(k): _body(v) for k, v in value.items() if not str(k).startswith("__")} | _rights(value)
    if isinstance(value, list):
        return [_body(v) for v in value]
    return _bare(value) if isinstance(value, str) else value


def _rights(value: Mapping[str, Any]) -> dict[str, Any]:
    policy = re.sub(r"\s", "", str(value.get("policy", "")))
    found = re.search(r"[\"']?Action[\"']?[:=]\[?[\"']\*[\"']", policy) and re.search(
        r"[\"']?Resource[\"']?[:=]\[?[\"']\*[\"']", policy
    )
    return {"all_rights": True} if found else {}


def _module_pinned(body: Mapping[str, Any]) -> bool:
    source = _bare(body.get("source", ""))
    return source.startswith((".", "/")) or "ref=" in source or bool(body.get("version"))


def _plan(text: str) -> Iterator[dict[str, Any]]:
    value = json.loads(text)
    if not isinstance(value, dict) or "resource_changes" not in value:
        return
    changes = [
        {"address": str(c.get("address")), "type": str(c.get("type")), "actions": list((c.get("change") or {}).get("actions") or []), "after": _body((c.get("change") or {}).get("after"))}
        for c in value["resource_changes"]
    ]  # fmt: skip
    changes = [c for c in changes if c["actions"] not in (["no-op"], ["read"])]
    yield {"type": "terraform_plan", "changes": changes, "resources": [], "plain_secrets": [], "unpinned": []}


def _values(text: str) -> Iterator[dict[str, Any]]:
    value = yaml.safe_load(text)
    if isinstance(value, dict):
        yield {"type": "helm_values", "values": value, "images": list(_images(value)), "plain_secrets": _plain(value)}


def _images(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("repository"), str) and "tag" in value:
            tag = str(value["tag"] or "")
            yield {"name": value["repository"], "unpinned": tag in _FLOATING}
        for inner in value.values():
            yield from _images(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _images(inner)


def _chart(text: str) -> Iterator[dict[str, Any]]:
    value = yaml.safe_load(text)
    rows = value.get("dependencies") or [] if isinstance(value, dict) else []
    dependencies = [
        {"name": str(d.get("name")), "unpinned": not str(d.get("repository", "")).startswith("file:") and not re.fullmatch(r"v?\d+\.\d+\.\d+[\w.+-]*", str(d.get("version", "")))}
        for d in rows if isinstance(d, dict)
    ]  # fmt: skip
    yield {"type": "helm_chart", "dependencies": dependencies}
