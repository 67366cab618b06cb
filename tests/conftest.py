"""Shared by all tests: a real PostgreSQL from the wheel, a fresh database for each test that asks for one."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.migrate import migrate

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile(
    "watchkeeper", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("watchkeeper")

_numbers = itertools.count()


@pytest.fixture(scope="session")
def embedded() -> Iterator[EmbeddedDatabase]:
    # A folder of its own: pytest clears its older ones away, those of other sessions that still run among them.
    with tempfile.TemporaryDirectory(prefix="watchkeeper-pg-", ignore_cleanup_errors=True) as folder:
        database = EmbeddedDatabase(Path(folder))
        # What a test wrote need not survive the machine: without it stopping alone can take minutes.
        database._server.psql("alter system set fsync = off")
        database._server.psql("select pg_reload_conf()")
        migrate(database.url("template_watchkeeper"))
        yield database
        database.stop()


@pytest.fixture
def database_url(embedded: EmbeddedDatabase) -> str:
    name = f"test_{next(_numbers)}"
    embedded._server.psql(f"create database {name} template template_watchkeeper")
    return embedded.url(name)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("server"):
        for program in marker.args:
            if shutil.which(program) is None:
                words = f"{program} is not on this machine (make servers installs it)"
                if os.environ.get("CI") == "true":
                    pytest.fail(words)
                pytest.skip(words)


@pytest.fixture
def root() -> Path:
    return Path(__file__).parents[1]
