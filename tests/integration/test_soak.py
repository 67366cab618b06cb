"""For `make soak`: an organisation's day for hours (WATCHKEEPER_SOAK_MINUTES), and an installation at rest."""

import json

import pytest

from watchkeeper.bench import _organisation as organisation
from watchkeeper.bench import day, footprint
from watchkeeper.bench._asked import Asked

FLAT_MIB_AN_HOUR = 8.0
"""Growth that a day would not notice; a run of less than an hour is too short to tell."""


@pytest.mark.slow
@pytest.mark.timeout(60 * day.minutes() + 1800)
def test_an_organisations_day() -> None:
    figures = day.run(Asked())
    print(json.dumps(figures, indent=1))
    assert (figures["lost"], figures["twice"], figures["broken_pages"]) == (0, 0, 0)
    slopes = {name: m["slope_mib_an_hour"] for name, m in figures["memory_mib"].items() if name != "postgresql"}
    assert day.minutes() < 60 or max(slopes.values()) < FLAT_MIB_AN_HOUR, slopes


@pytest.mark.slow
@pytest.mark.timeout(4500)
def test_an_installation_at_rest() -> None:
    figures = footprint.run(Asked())
    print(json.dumps(figures, indent=1))
    assert figures["within"], figures


def test_the_slope_of_memory_is_told() -> None:
    growing = [(n / 100, 100.0 + 30.0 * n / 100) for n in range(100)]
    peak = [(n / 100, 500.0 if n == 70 else 100.0) for n in range(100)]
    assert day.slope(growing) == pytest.approx(30.0)
    assert day.slope(peak) == 0.0


def test_the_day_has_bursts_and_a_night() -> None:
    rates = [organisation.rate(s) for s in range(0, 86_400, 60)]
    calm = [r for s, r in zip(range(0, 86_400, 60), rates, strict=True) if not organisation.in_burst(s)]
    each = organisation.EVENTS_A_DAY / 86_400 * organisation.PACE
    assert max(rates) == pytest.approx(100 * each)
    assert sum(calm) / len(calm) == pytest.approx(10 * each, rel=0.1)
