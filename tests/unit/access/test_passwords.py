"""Passwords are kept as slow hashes, and tries are counted."""

from datetime import UTC, datetime, timedelta

from watchkeeper.access.passwords import fits, hashed
from watchkeeper.access.throttle import Throttle

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_hash_fits_its_password_only_and_differs_each_time() -> None:
    kept = hashed("correct horse battery")
    assert fits("correct horse battery", kept)
    assert not fits("correct horse", kept)
    assert kept != hashed("correct horse battery")
    assert not fits("anything", "md5$00$00")


def test_after_so_many_failures_there_is_patience_and_then_none() -> None:
    throttle = Throttle(3, timedelta(minutes=5))
    for _ in range(3):
        assert throttle.patience("ann", NOW) == 0
        throttle.failed("ann", NOW)
    assert throttle.patience("ann", NOW) == 300
    assert throttle.patience("bob", NOW) == 0
    assert throttle.patience("ann", NOW + timedelta(minutes=5)) == 0
