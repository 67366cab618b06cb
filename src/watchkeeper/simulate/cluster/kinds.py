"""The kinds the simulated cluster knows, as its discovery tells them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One resource."""

    kind: str
    plural: str
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    short: tuple[str, ...] = ()
    scalable: bool = False

    @property
    def api_version(self) -> str:
        """As objects write it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def root(self) -> str:
        """As URLs begin."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


KINDS = (
    Kind("Namespace", "namespaces", namespaced=False, short=("ns",)),
    Kind("Node", "nodes", namespaced=False, short=("no",)),
    Kind("Pod", "pods", short=("po",)),
    Kind("Service", "services", short=("svc",)),
    Kind("Endpoints", "endpoints", short=("ep",)),
    Kind("ConfigMap", "configmaps", short=("cm",)),
    Kind("ServiceAccount", "serviceaccounts", short=("sa",)),
    Kind("Secret", "secrets"),
    Kind("PersistentVolumeClaim", "persistentvolumeclaims", short=("pvc",)),
    Kind("PersistentVolume", "persistentvolumes", namespaced=False, short=("pv",)),
    Kind("ResourceQuota", "resourcequotas", short=("quota",)),
    Kind("LimitRange", "limitranges", short=("limits",)),
    Kind("Event", "events", short=("ev",)),
    Kind("Deployment", "deployments", "apps", short=("deploy",), scalable=True),
    Kind("ReplicaSet", "replicasets", "apps", short=("rs",), scalable=True),
    Kind("StatefulSet", "statefulsets", "apps", short=("sts",), scalable=True),
    Kind("DaemonSet", "daemonsets", "apps", short=("ds",)),
    Kind("HorizontalPodAutoscaler", "horizontalpodautoscalers", "autoscaling", "v2", short=("hpa",)),
    Kind("Job", "jobs", "batch"),
    Kind("CronJob", "cronjobs", "batch", short=("cj",)),
    Kind("Ingress", "ingresses", "networking.k8s.io", short=("ing",)),
    Kind("IngressClass", "ingressclasses", "networking.k8s.io", namespaced=False),
    Kind("NetworkPolicy", "networkpolicies", "networking.k8s.io", short=("netpol",)),
    Kind("StorageClass", "storageclasses", "storage.k8s.io", namespaced=False, short=("sc",)),
    Kind("Certificate", "certificates", "cert-manager.io"),
    Kind(
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        "admissionregistration.k8s.io",
        namespaced=False,
    ),
    Kind("PodDisruptionBudget", "poddisruptionbudgets", "policy", short=("pdb",)),
    Kind("EndpointSlice", "endpointslices", "discovery.k8s.io"),
    Kind("NodeMetrics", "nodes", "metrics.k8s.io", "v1beta1", namespaced=False),
    Kind("PodMetrics", "pods", "metrics.k8s.io", "v1beta1"),
)
BY_NAME = {k.kind: k for k in KINDS if k.group != "metrics.k8s.io"}
