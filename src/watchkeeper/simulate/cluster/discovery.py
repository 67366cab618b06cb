"""What the API says of itself: versions, groups, resources, and schemas just big enough for kubectl."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from watchkeeper.simulate.cluster.kinds import KINDS, Kind

_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
# A swagger 2.0 document without definitions, as the protobuf message old clients ask for.
_OPENAPI_V2_PROTO = b"\n\x032.0\x12\x13\n\nKubernetes\x12\x05v1.32"


def routes() -> list[Route]:
    """Every discovery door."""
    return [
        Route("/version", _version),
        Route("/api", _core),
        Route("/apis", _groups),
        Route("/api/v1", _resources),
        Route("/apis/{group}/{version}", _resources),
        Route("/openapi/v2", _openapi_v2),
        Route("/openapi/v3", _openapi_v3),
        Route("/openapi/v3/{path:path}", _openapi_v3_of),
        Route("/healthz", _ok),
        Route("/livez", _ok),
        Route("/readyz", _ok),
    ]


async def _ok(request: Request) -> Response:
    return PlainTextResponse("ok")


async def _version(request: Request) -> Response:
    return JSONResponse({"major": "1", "minor": "32", "gitVersion": "v1.32.0+simulated", "gitCommit": "", "gitTreeState": "clean",
                         "buildDate": "2025-01-01T00:00:00Z", "goVersion": "", "compiler": "", "platform": "linux/amd64"})  # fmt: skip


async def _core(request: Request) -> Response:
    return JSONResponse({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})


async def _groups(request: Request) -> Response:
    groups = []
    for name, version in sorted({(k.group, k.version) for k in KINDS if k.group}):
        at = {"groupVersion": f"{name}/{version}", "version": version}
        groups.append({"name": name, "versions": [at], "preferredVersion": at})
    return JSONResponse({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})


async def _resources(request: Request) -> Response:
    group, version = request.path_params.get("group", ""), request.path_params.get("version", "v1")
    kinds = [k for k in KINDS if (k.group, k.version) == (group, version)]
    if not kinds:
        return PlainTextResponse("404 page not found\n", 404)
    resources = [r for k in kinds for r in _resource(k)]
    name = f"{group}/{version}" if group else version
    return JSONResponse({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": resources})


def _resource(kind: Kind) -> list[dict[str, Any]]:
    verbs = ["get", "list"] if kind.group == "metrics.k8s.io" else _VERBS
    rows: list[dict[str, Any]] = [
        {"name": kind.plural, "singularName": kind.kind.lower(), "namespaced": kind.namespaced, "kind": kind.kind, "verbs": verbs, "shortNames": list(kind.short)}
    ]  # fmt: skip
    if kind.scalable:
        rows.append(
            {
                "name": f"{kind.plural}/scale",
                "singularName": "",
                "namespaced": True,
                "group": "autoscaling",
                "version": "v1",
                "kind": "Scale",
                "verbs": ["get", "patch", "update"],
            }
        )
    if kind.kind == "Pod" and not kind.group:
        rows.append({"name": "pods/log", "singularName": "", "namespaced": True, "kind": "Pod", "verbs": ["get"]})
    return rows


async def _openapi_v2(request: Request) -> Response:
    if "protobuf" in request.headers.get("accept", ""):
        return Response(_OPENAPI_V2_PROTO, media_type="application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
    return JSONResponse(
        {"swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.32"}, "paths": {}, "definitions": {}}
    )


async def _openapi_v3(request: Request) -> Response:
    roots = sorted({k.root.strip("/") for k in KINDS})
    return JSONResponse({"paths": {r: {"serverRelativeURL": f"/openapi/v3/{r}?hash=1"} for r in roots}})


async def _openapi_v3_of(request: Request) -> Response:
    root = f"/{request.path_params['path']}"
    paths = {}
    for kind in (k for k in KINDS if k.root == root):
        gvk = {"group": kind.group, "version": kind.version, "kind": kind.kind}
        place = (
            f"{root}/namespaces/{{namespace}}/{kind.plural}/{{name}}"
            if kind.namespaced
            else f"{root}/{kind.plural}/{{name}}"
        )
        validation = [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}]
        operation = {"parameters": validation, "x-kubernetes-group-version-kind": gvk, "responses": {}}
        paths[place] = {"patch": {**operation, "x-kubernetes-action": "patch"}, "put": operation, "get": operation}
    return JSONResponse(
        {
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": "v1.32"},
            "paths": paths,
            "components": {"schemas": {}},
        }
    )
