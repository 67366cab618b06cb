"""Failed builds of many tools: the first line shown says why, and the category is right."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from watchkeeper.pipelines.review import review

BUILDS = yaml.safe_load((Path(__file__).parents[2] / "fixtures/failed_builds.yaml").read_text())


@pytest.mark.parametrize("build", BUILDS, ids=[b["name"] for b in BUILDS])
def test_the_first_line_shown_says_why(build: dict[str, Any]) -> None:
    said = review([build["log"].encode()])
    assert said.findings[0].line in build["lines"]
    assert said.category in build["categories"]
