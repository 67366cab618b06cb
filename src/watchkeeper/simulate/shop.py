"""The shop: ten services as a table, who calls whom, and the manifests that declare them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

NAMESPACE = "shop"
REGISTRY = "registry.shop.example"
VERSION = "1.4.2"
VOLUME_GIB = 10


@dataclass(frozen=True, slots=True)
class Call:
    """`times` calls to `callee` for each request served."""

    callee: str
    times: float
    operation: str


@dataclass(frozen=True, slots=True)
class Service:
    """How one service behaves when nothing is wrong."""

    name: str
    calls: tuple[Call, ...] = ()
    milliseconds: float = 5.0
    """own work a request, without what its callees take"""
    cpu_milliseconds: float = 2.0
    replicas: int = 2
    cpu_limit: float = 0.5
    """cores"""
    memory: float = 160.0
    """MiB in normal use"""
    memory_limit: int = 256
    """MiB"""
    pool_size: int = 0
    """connections to the database; 0: none"""
    operation: str = "GET /"
    logs: str = "json"
    """json, logfmt, java, plain"""
    role: str = ""
    """database, cache, queue: how the engine treats it; "": a service like any other"""
    traced: bool = True
    """does it send spans?"""


_TABLE = (
    Service("gateway", (Call("frontend", 1.0, "GET /"),), 1.0, 1.2, memory=96, operation="GET /", logs="plain"),
    Service(
        "frontend",
        (Call("catalogue", 0.6, "GET /products"), Call("cart", 0.3, "GET /cart"), Call("checkout", 0.5, "POST /checkout")),
        6.0, 3.0, operation="GET /shop", logs="json",
    ),
    Service(
        "checkout",
        (Call("cart", 1.0, "GET /cart"), Call("payment", 1.0, "POST /charge"), Call("shipping", 1.0, "POST /parcel")),
        8.0, 4.0, operation="POST /checkout", logs="java",
    ),
    Service("cart", (Call("cache", 2.0, "GET"),), 3.0, 1.6, operation="GET /cart", logs="logfmt"),
    Service("payment", (Call("database", 2.0, "SELECT"),), 9.0, 6.0, pool_size=4, operation="POST /charge", logs="java"),
    Service(
        "catalogue", (Call("cache", 1.0, "GET"), Call("database", 0.2, "SELECT")), 5.0, 6.0, pool_size=10,
        operation="GET /products", logs="logfmt",
    ),
    Service("shipping", (Call("queue", 1.0, "publish"),), 4.0, 2.0, operation="POST /parcel", logs="json"),
    Service("database", (), 4.0, 1.5, replicas=1, cpu_limit=2.0, memory=700, memory_limit=1024, operation="SELECT", logs="plain", role="database"),
    Service("cache", (), 0.6, 0.2, replicas=1, cpu_limit=1.0, memory=300, memory_limit=512, operation="GET", logs="plain", role="cache"),
    Service("queue", (), 1.0, 0.4, replicas=1, cpu_limit=1.0, memory=240, memory_limit=512, operation="publish", logs="plain", role="queue"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shop:
    """A topology: services with callers before callees, and where requests come in."""

    services: Mapping[str, Service]
    entry: str
    namespace: str = NAMESPACE
    plain_pods: bool = False
    """nothing but pod names tells a series' service: no label `app`, and traces use names of their own"""

    @property
    def calls(self) -> tuple[tuple[str, str], ...]:
        """(caller, callee)"""
        return tuple((s.name, c.callee) for s in self.services.values() for c in s.calls)

    def with_role(self, role: str) -> list[str]:
        """Names of the services of that role."""
        return [s.name for s in self.services.values() if s.role == role]

    def callers(self, name: str) -> list[str]:
        """Who calls it."""
        return [caller for caller, callee in self.calls if callee == name]

    def manifests(self) -> dict[str, str]:
        """The repository of manifests: path -> YAML, one file a service."""
        return {f"apps/{s.name}.yaml": manifest(s, self.namespace) for s in self.services.values()}


SERVICES: Mapping[str, Service] = MappingProxyType({s.name: s for s in _TABLE})
"""name -> service, callers before callees"""

ENTRY = "gateway"
SHOP = Shop(SERVICES, ENTRY)
CALLS = SHOP.calls


def image(service: str, version: str = VERSION) -> str:
    """As the manifests name it."""
    return f"{REGISTRY}/{service}:{version}"


def manifests() -> dict[str, str]:
    """The repository of manifests: path -> YAML, one file a service."""
    return SHOP.manifests()


def manifest(service: Service, namespace: str = NAMESPACE) -> str:
    """Deployment and Service of one service, as people would write them; a database keeps its data on a claim."""
    pool = (
        f'            # connections each pod may hold to the database\n            - {{name: DB_POOL_SIZE, value: "{service.pool_size}"}}\n'
        if service.pool_size
        else ""
    )
    volume, claim = _storage(service, namespace) if service.role == "database" else ("", "")
    return f"""# {service.name}: declared here, applied by continuous delivery. Do not edit the cluster by hand.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {service.name}
  namespace: {namespace}
  labels: {{app: {service.name}}}
spec:
  replicas: {service.replicas} # see the capacity sheet
  selector:
    matchLabels: {{app: {service.name}}}
  template:
    metadata:
      labels:
        app: {service.name}
    spec:
      containers:
        - name: {service.name}
          image: {image(service.name)}
          ports:
            - containerPort: 8080
          env:
            - {{name: SERVICE_NAME, value: {service.name}}}
{_addresses(service)}{pool}          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits:
              cpu: {int(service.cpu_limit * 1000)}m
              memory: {service.memory_limit}Mi # raise together with the heap
          readinessProbe:
            httpGet: {{path: /ready, port: 8080}}
{volume}---
apiVersion: v1
kind: Service
metadata:
  name: {service.name}
  namespace: {namespace}
spec:
  selector: {{app: {service.name}}}
  ports:
    - {{name: http, port: 80, targetPort: 8080}}
{claim}"""


def _addresses(service: Service) -> str:
    return "".join(
        f"            - {{name: {c.callee.upper().replace('-', '_')}_ADDR, value: {c.callee}:80}}\n"
        for c in {c.callee: c for c in service.calls}.values()
    )


def _storage(service: Service, namespace: str) -> tuple[str, str]:
    volume = f"""          volumeMounts:
            - {{name: data, mountPath: /data}}
      volumes:
        - name: data
          persistentVolumeClaim: {{claimName: {service.name}-data}}
"""
    claim = f"""---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {service.name}-data
  namespace: {namespace}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: standard
  resources:
    requests:
      storage: {VOLUME_GIB}Gi
"""
    return volume, claim
