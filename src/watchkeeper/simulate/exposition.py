"""The world's targets for a real Prometheus: one metrics page each, and service discovery that lists them."""

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from watchkeeper.simulate.ports import MetricSample
from watchkeeper.simulate.world import World

_TARGET_LABELS = ("job", "instance")
_POD_LABELS = ("namespace", "pod", "app")


def app(world: World) -> Starlette:
    """`/sd` for http_sd_configs, `/metrics/<job>/<instance>` for scrapes; a target that is down answers 503."""

    async def discovery(request: Request) -> Response:
        host = request.url.netloc
        targets = {}
        for sample in world.scrape():
            key = (sample.labels["job"], sample.labels["instance"])
            of_pod = {k: sample.labels[k] for k in _POD_LABELS if k in sample.labels} if "app" in sample.labels else {}
            targets[key] = {
                "job": key[0],
                "instance": key[1],
                "__metrics_path__": f"/metrics/{key[0]}/{key[1]}",
                **of_pod,
            }
        return JSONResponse([{"targets": [host], "labels": labels} for labels in targets.values()])

    async def page(request: Request) -> Response:
        job, instance = request.path_params["job"], request.path_params["instance"]
        mine = [s for s in world.scrape() if (s.labels["job"], s.labels["instance"]) == (job, instance)]
        up = [s.value for s in mine if s.name == "up"]
        if not mine or up == [0.0]:
            return PlainTextResponse("this target is down\n", 503)
        return PlainTextResponse(text_of(s for s in mine if s.name != "up"), media_type="text/plain; version=0.0.4")

    return Starlette(routes=[Route("/sd", discovery), Route("/metrics/{job}/{instance}", page)])


def text_of(samples: Iterable[MetricSample]) -> str:
    """The text exposition format, without the labels that the scrape adds."""
    by_name: dict[str, list[str]] = {}
    for s in samples:
        hidden = _TARGET_LABELS + (_POD_LABELS if "app" in s.labels else ())
        labels = ",".join(f'{k}="{_escaped(v)}"' for k, v in s.labels.items() if k not in hidden)
        by_name.setdefault(s.name, []).append(f"{s.name}{{{labels}}} {s.value!r}")
    return "\n".join(line for lines in by_name.values() for line in lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
