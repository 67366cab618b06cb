"""A new database that asks for a class of storage nobody offers: its claim and its pod wait for ever."""

from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

_MANIFEST = """apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: reports-data, namespace: {space}}}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: fast-nvme
  resources: {{requests: {{storage: 20Gi}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: reports, namespace: {space}, labels: {{app: reports}}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: reports}}}}
  template:
    metadata: {{labels: {{app: reports}}}}
    spec:
      containers:
        - name: reports
          image: registry.shop.example/reports:1.0.0
          volumeMounts: [{{name: data, mountPath: /data}}]
      volumes: [{{name: data, persistentVolumeClaim: {{claimName: reports-data}}}}]
"""


def begin(world: World, pace: float, service: str) -> None:
    """Somebody adds a workload of their own; the shop does not feel it."""
    world.declare("apps/reports.yaml", _MANIFEST.format(space=world.shop.namespace))


SCENARIO = Scenario(
    "missing_storage_class", "storage", "reports", "", begin, also=("scheduling",), cause="reports", incident=11
)
