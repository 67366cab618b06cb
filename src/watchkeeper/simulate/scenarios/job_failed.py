"""A Job that migrates data fails at once and gives up."""

from watchkeeper.simulate.effects import Effects
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

_IMAGE = "registry.shop.example/migrate:3"
_MANIFEST = f"""apiVersion: batch/v1
kind: Job
metadata: {{{{name: migrate, namespace: {{space}}}}}}
spec:
  backoffLimit: 1
  template:
    metadata: {{{{labels: {{{{app: migrate}}}}}}}}
    spec:
      restartPolicy: Never
      containers: [{{{{name: migrate, image: {_IMAGE}}}}}]
"""


def begin(world: World, pace: float, service: str) -> None:
    """The shop does not feel it yet."""
    world.curse("migrate", Effects(lives=2.0, exception="relation orders_v2 already exists"), _IMAGE)
    world.declare("jobs/migrate.yaml", _MANIFEST.format(space=world.shop.namespace))


SCENARIO = Scenario("job_failed", "crash", "migrate", "recreate_job", begin, cause="migrate", incident=14)
