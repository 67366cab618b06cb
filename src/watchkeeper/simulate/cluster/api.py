"""The simulated cluster over HTTP: as much of the Kubernetes API as the real kubectl and our adapter need."""

import asyncio
import copy
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from watchkeeper.simulate.cluster import discovery
from watchkeeper.simulate.cluster.cluster import SimulatedCluster
from watchkeeper.simulate.cluster.kinds import KINDS, Kind
from watchkeeper.simulate.cluster.objects import Object, iso
from watchkeeper.simulate.cluster.patch import PatchRefused, json_patch, merge, strategic
from watchkeeper.simulate.cluster.table import table

Now = Callable[[], float]


class Refused(Exception):
    """An error the API answers with: a Status object."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason = status, reason


def app(cluster: SimulatedCluster, now: Now) -> Starlette:
    """The server. `now` is the world's clock."""
    doors = _Doors(cluster, now)
    routes = discovery.routes()
    for kind in KINDS:
        if kind.group == "metrics.k8s.io":
            continue
        one = f"{kind.root}/namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else f"{kind.root}/{kind.plural}"
        if kind.namespaced:
            routes.append(Route(f"{kind.root}/{kind.plural}", doors.listing(kind)))
        routes += [
            Route(one, doors.collection(kind), methods=["GET", "POST", "DELETE"]),
            Route(f"{one}/{{name}}", doors.single(kind), methods=["GET", "PUT", "PATCH", "DELETE"]),
            Route(f"{one}/{{name}}/status", doors.single(kind), methods=["GET", "PUT", "PATCH"]),
        ]
        if kind.scalable:
            routes.append(Route(f"{one}/{{name}}/scale", doors.scale(kind), methods=["GET", "PUT", "PATCH"]))
    routes += [
        Route("/api/v1/namespaces/{namespace}/pods/{name}/log", doors.log),
        Route("/apis/metrics.k8s.io/v1beta1/nodes", doors.node_metrics),
        Route("/apis/metrics.k8s.io/v1beta1/pods", doors.pod_metrics),
        Route("/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods", doors.pod_metrics),
        Route("/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods/{name}", doors.pod_metrics),
        Route("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", doors.may_i, methods=["POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={Refused: _refuse, 404: _not_there, 405: _not_allowed})


def kubeconfig(url: str) -> str:
    """A file kubectl can use."""
    return yaml.safe_dump(
        {
            "apiVersion": "v1", "kind": "Config", "current-context": "simulated",
            "clusters": [{"name": "simulated", "cluster": {"server": url}}],
            "contexts": [{"name": "simulated", "context": {"cluster": "simulated", "user": "demo"}}],
            "users": [{"name": "demo", "user": {}}],
        }
    )  # fmt: skip


class _Doors:
    def __init__(self, cluster: SimulatedCluster, now: Now) -> None:
        self.cluster, self.objects, self.now = cluster, cluster.objects, now

    def listing(self, kind: Kind) -> Callable[[Request], Any]:
        async def handle(request: Request) -> Response:
            if request.query_params.get("watch") in ("1", "true"):
                return self._watch(kind, request)
            return self._list(kind, request)

        return handle

    def collection(self, kind: Kind) -> Callable[[Request], Any]:
        async def handle(request: Request) -> Response:
            _no_dry_run(request)
            if request.method == "POST":
                return await self._create(kind, request)
            if request.method == "DELETE":
                for thing in self._found(kind, request):
                    self.cluster.delete(
                        kind.kind, request.path_params["namespace"], thing["metadata"]["name"], now=self.now()
                    )
                return JSONResponse({"kind": "Status", "apiVersion": "v1", "status": "Success"})
            return await self.listing(kind)(request)  # type: ignore[no-any-return]

        return handle

    def single(self, kind: Kind) -> Callable[[Request], Any]:
        async def handle(request: Request) -> Response:
            _no_dry_run(request)
            namespace, name = request.path_params.get("namespace", ""), request.path_params["name"]
            thing = self.objects.get(kind.kind, namespace, name)
            if request.method == "PATCH" and thing is None and "apply" in request.headers.get("content-type", ""):
                return JSONResponse(self._store(kind, yaml.safe_load(await request.body())), 201)
            if thing is None:
                raise _absent(kind, name)
            if request.method == "GET":
                return self._show(kind, [thing], request, single=True)
            if request.method == "DELETE":
                self.cluster.delete(kind.kind, namespace, name, now=self.now())
                done = {"name": name, "kind": kind.plural, "uid": thing["metadata"]["uid"]}
                return JSONResponse({"kind": "Status", "apiVersion": "v1", "status": "Success", "details": done})
            after = await self._changed(request, thing)
            return JSONResponse(
                self._store(kind, after, expected=after["metadata"].get("resourceVersion"), known=thing)
            )

        return handle

    def scale(self, kind: Kind) -> Callable[[Request], Any]:
        async def handle(request: Request) -> Response:
            thing = self.objects.get(kind.kind, request.path_params["namespace"], request.path_params["name"])
            if thing is None:
                raise _absent(kind, request.path_params["name"])
            if request.method != "GET":
                wanted = (await self._changed(request, _scale(thing)))["spec"].get("replicas", 0)
                if wanted < 0:
                    raise Refused(422, "Invalid", "spec.replicas: Invalid value: must be greater than or equal to 0")
                after = copy.deepcopy(thing)
                after["spec"]["replicas"] = wanted
                thing = self._store(kind, after)
            return JSONResponse(_scale(thing))

        return handle

    async def _changed(self, request: Request, thing: Object) -> Object:
        body = await request.body()
        if request.method == "PUT":
            return dict(_parsed(body))
        media = request.headers.get("content-type", "").split(";")[0]
        try:
            match media:
                case "application/json-patch+json":
                    return dict(json_patch(thing, _parsed(body)))
                case "application/merge-patch+json":
                    return dict(merge(thing, _parsed(body)))
                case "application/strategic-merge-patch+json":
                    return dict(strategic(thing, _parsed(body)))
                case "application/apply-patch+yaml":
                    return dict(strategic(thing, yaml.safe_load(body)))
        except PatchRefused as error:
            raise Refused(422, "Invalid", str(error)) from None
        raise Refused(
            415,
            "UnsupportedMediaType",
            f"the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml (got {media})",
        )

    async def _create(self, kind: Kind, request: Request) -> Response:
        thing = _parsed(await request.body())
        thing["metadata"].setdefault("namespace", request.path_params.get("namespace", "default"))
        if "name" not in thing["metadata"]:
            thing["metadata"]["name"] = f"{thing['metadata'].get('generateName', 'x')}{self.objects.version:x}"
        if self.objects.get(
            kind.kind, thing["metadata"]["namespace"] if kind.namespaced else "", thing["metadata"]["name"]
        ):
            raise Refused(409, "AlreadyExists", f'{kind.plural} "{thing["metadata"]["name"]}" already exists')
        return JSONResponse(self._store(kind, thing), 201)

    def _store(self, kind: Kind, thing: Object, expected: str | None = None, known: Object | None = None) -> Object:
        if known is not None and expected and expected != known["metadata"]["resourceVersion"]:
            name = thing["metadata"]["name"]
            raise Refused(
                409,
                "Conflict",
                f'Operation cannot be fulfilled on {kind.plural} "{name}": the object has been modified; please apply your changes to the latest version and try again',
            )
        thing.setdefault("kind", kind.kind)
        thing.setdefault("apiVersion", kind.api_version)
        if kind.kind == "Pod":
            thing.setdefault("status", {"phase": "Pending"})
            thing["metadata"].setdefault("labels", {})
        return self.cluster.apply(thing, manager="kubectl", now=self.now())

    def _found(self, kind: Kind, request: Request) -> list[Object]:
        labels = _selector(request.query_params.get("labelSelector", ""))
        found = self.objects.find(kind.kind, request.path_params.get("namespace", ""))
        wanted = _fields(request.query_params.get("fieldSelector", ""))
        return [o for o in found if labels(o["metadata"].get("labels") or {}) and wanted(o)]

    def _list(self, kind: Kind, request: Request) -> Response:
        found = self._found(kind, request)
        limit, after = int(request.query_params.get("limit", 0) or 0), request.query_params.get("continue", "")
        start = int(after) if after.isdigit() else 0
        page = found[start : start + limit] if limit else found[start:]
        more = str(start + limit) if limit and start + limit < len(found) else ""
        return self._show(kind, page, request, more=more)

    def _show(
        self, kind: Kind, things: list[Object], request: Request, *, single: bool = False, more: str = ""
    ) -> Response:
        version = str(self.objects.version)
        if "as=Table" in request.headers.get("accept", ""):
            return JSONResponse(table(kind.kind, things, version, self.now()))
        if single:
            return JSONResponse(things[0])
        head = {"resourceVersion": version, **({"continue": more} if more else {})}
        bare = [{k: v for k, v in o.items() if k not in ("kind", "apiVersion")} for o in things]
        return JSONResponse(
            {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": head, "items": bare}
        )

    def _watch(self, kind: Kind, request: Request) -> Response:
        said = request.query_params.get("resourceVersion", "0") or "0"
        as_table = "as=Table" in request.headers.get("accept", "")
        limit = float(request.query_params.get("timeoutSeconds", 300))
        labels, fields = (
            _selector(request.query_params.get("labelSelector", "")),
            _fields(request.query_params.get("fieldSelector", "")),
        )
        namespace = request.path_params.get("namespace", "")

        async def frames() -> AsyncIterator[str]:
            seen, waited = int(said), 0.0
            if seen and self.objects.history and seen < self.objects.history[0][0] - 1:
                gone = {
                    "kind": "Status",
                    "apiVersion": "v1",
                    "status": "Failure",
                    "reason": "Expired",
                    "code": 410,
                    "message": f"too old resource version: {seen}",
                }
                yield json.dumps({"type": "ERROR", "object": gone}) + "\n"
                return
            while waited < limit and not await request.is_disconnected():
                for version, change, changed, thing in list(self.objects.history):
                    inside = not namespace or thing["metadata"].get("namespace") == namespace
                    if (
                        version > seen
                        and changed == kind.kind
                        and inside
                        and labels(thing["metadata"].get("labels") or {})
                        and fields(thing)
                    ):
                        shown = table(kind.kind, [thing], str(version), self.now()) if as_table else thing
                        yield json.dumps({"type": change, "object": shown}) + "\n"
                seen = max(seen, self.objects.version)
                await asyncio.sleep(0.1)
                waited += 0.1

        return StreamingResponse(frames(), media_type="application/json")

    async def log(self, request: Request) -> Response:
        said, pod = (
            request.query_params,
            self.objects.get("Pod", request.path_params["namespace"], request.path_params["name"]),
        )
        if pod is None:
            raise _absent(next(k for k in KINDS if k.kind == "Pod"), request.path_params["name"])
        lines = self.cluster.runtime.logs(pod["metadata"]["uid"], previous=said.get("previous") == "true")
        if "sinceSeconds" in said:
            lines = [x for x in lines if x.at >= self.now() - float(said["sinceSeconds"])]
        if "tailLines" in said:
            lines = lines[-int(said["tailLines"]) :] if int(said["tailLines"]) else []
        return PlainTextResponse("".join(f"{x.text}\n" for x in lines))

    async def pod_metrics(self, request: Request) -> Response:
        items: list[dict[str, Any]] = []
        for pod in self.objects.find("Pod", request.path_params.get("namespace", "")):
            if pod["status"].get("containerStatuses"):
                use = self.cluster.runtime.usage(pod["metadata"]["uid"])
                usage = {"cpu": f"{int(use.cpu * 1000)}m", "memory": f"{int(use.memory / 1024)}Ki"}
                head = {k: pod["metadata"].get(k) for k in ("name", "namespace", "labels", "creationTimestamp")}
                items.append(
                    {
                        "metadata": head,
                        "timestamp": iso(self.now()),
                        "window": "15s",
                        "containers": [{"name": pod["spec"]["containers"][0]["name"], "usage": usage}],
                    }
                )
        if "name" in request.path_params:
            items = [i for i in items if i["metadata"]["name"] == request.path_params["name"]]
            return (
                JSONResponse({"kind": "PodMetrics", "apiVersion": "metrics.k8s.io/v1beta1", **items[0]})
                if items
                else _status(404, "NotFound", "not found")
            )
        return JSONResponse(
            {"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items}
        )

    async def node_metrics(self, request: Request) -> Response:
        totals: dict[str, list[float]] = {n["metadata"]["name"]: [0.1, 1e9] for n in self.objects.find("Node")}
        for pod in self.objects.find("Pod"):
            use = self.cluster.runtime.usage(pod["metadata"]["uid"])
            if pod["spec"].get("nodeName") in totals:
                totals[pod["spec"]["nodeName"]][0] += use.cpu
                totals[pod["spec"]["nodeName"]][1] += use.memory
        items = [
            {"metadata": {"name": n}, "timestamp": iso(self.now()), "window": "15s", "usage": {"cpu": f"{int(c * 1000)}m", "memory": f"{int(m / 1024)}Ki"}}
            for n, (c, m) in totals.items()
        ]  # fmt: skip
        return JSONResponse(
            {"kind": "NodeMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items}
        )

    async def may_i(self, request: Request) -> Response:
        body = _parsed(await request.body())
        return JSONResponse({**body, "status": {"allowed": True}}, 201)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise Refused(400, "BadRequest", "the object provided is unrecognized (must be of type JSON)") from None


def _no_dry_run(request: Request) -> None:
    """A dry run that wrote would be worse than none."""
    if request.query_params.get("dryRun"):
        raise Refused(400, "BadRequest", "the simulated cluster does not do dry runs")


def _scale(thing: Object) -> Object:
    head = {
        k: v
        for k, v in thing["metadata"].items()
        if k in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    }
    selector = ",".join(f"{k}={v}" for k, v in thing["spec"].get("selector", {}).get("matchLabels", {}).items())
    return {
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": head, "spec": {"replicas": thing["spec"].get("replicas", 1)},
        "status": {"replicas": thing.get("status", {}).get("replicas", 0), "selector": selector},
    }  # fmt: skip


def _selector(text: str) -> Callable[[dict[str, str]], bool]:
    """Equality and set-based label selectors."""
    tests: list[Callable[[dict[str, str]], bool]] = []
    depth, part, parts = 0, "", []
    for character in text + ",":
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += character
    for p in filter(None, parts):
        if " in " in p or " notin " in p:
            word = " notin " if " notin " in p else " in "
            name, _, rest = p.partition(word)
            values = {v.strip() for v in rest.strip().strip("()").split(",")}
            tests.append(lambda labels, n=name.strip(), v=values, i=word == " in ": (labels.get(n) in v) == i)  # type: ignore[misc]
        elif "!=" in p:
            name, _, value = p.partition("!=")
            tests.append(lambda labels, n=name.strip(), v=value.strip(): labels.get(n) != v)  # type: ignore[misc]
        elif "=" in p:
            name, _, value = p.replace("==", "=").partition("=")
            tests.append(lambda labels, n=name.strip(), v=value.strip(): labels.get(n) == v)  # type: ignore[misc]
        else:
            wanted = not p.startswith("!")
            tests.append(lambda labels, n=p.lstrip("!").strip(), w=wanted: (n in labels) == w)  # type: ignore[misc]
    return lambda labels: all(test(labels) for test in tests)


def _fields(text: str) -> Callable[[Object], bool]:
    wanted = []
    for part in filter(None, text.split(",")):
        path, _, value = part.replace("!=", "\x00").replace("==", "=").replace("\x00", "!=").partition("=")
        wanted.append((path.rstrip("!").split("."), value, path.endswith("!")))

    def read(thing: Any, steps: list[str]) -> str:
        for step in steps:
            thing = thing.get(step, "") if isinstance(thing, dict) else ""
        return str(thing)

    return lambda thing: all((read(thing, steps) == value) != negated for steps, value, negated in wanted)


def _absent(kind: Kind, name: str) -> Refused:
    what = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
    return Refused(404, "NotFound", f'{what} "{name}" not found')


def _status(code: int, reason: str, message: str) -> Response:
    return JSONResponse(
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "code": code,
        },
        code,
    )


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _status(error.status, error.reason, str(error))


async def _not_there(request: Request, error: Exception) -> Response:
    parts = request.url.path.strip("/").split("/")
    root = "/" + "/".join(parts[:3] if parts[0] == "apis" else parts[:2])
    if any(k.root == root for k in KINDS):
        return _status(404, "NotFound", "the server could not find the requested resource")
    return PlainTextResponse("404 page not found\n", 404)


async def _not_allowed(request: Request, error: Exception) -> Response:
    return _status(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
