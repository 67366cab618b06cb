"""The one knob: pages a team accepts in a week, made the false pages that each series may cause in a day.

With r flags a series and day, a service of k signals is told falsely when two of its groups are flagged within the same
half hour and both stay out of their usual range. The detector raises F questions for each false page it was allowed (two near
signals, counters, hours), and of these the share L departs for long enough; when one signal does, another group of the same service
goes along, and users feel it, with the chance A (they share a cause), beyond pure coincidence. So

    pages a day = services * (k * F * r * L * A  +  k * (k - 1) * (F * r * L)^2 * w)

which is solved for r. F, L and A were measured on the normal life of `watchkeeper bench fleet`: at r = 0.1 a series and day 0.35
questions, of which 4 in a hundred depart; of these services one or two in a hundred would open an incident.
"""

import math

_QUESTIONS = 3.0
_LASTING = 0.04
_ALONG = 0.02
_TOGETHER = 1 / 48
"""Days within which two departures are one."""
_LEAST, _MOST = 0.003, 1.0
DEEPER = 1.5
"""How much further out a service's signals must lie for each verdict `noise` (net of `real`) on its sightings."""
DEEPEST = 4.0
"""However often people said noise: nothing becomes deaf."""


def false_pages_per_series_day(pages_per_week: float, services: int, signals: float) -> float:
    """For a fleet of `services` with `signals` series each on average."""
    services, signals = max(services, 1), max(signals, 1.0)
    lasting = _QUESTIONS * _LASTING
    a = signals * (signals - 1) * lasting**2 * _TOGETHER
    b = signals * lasting * _ALONG
    c = pages_per_week / 7 / services
    rate = (-b + math.sqrt(b * b + 4 * a * c)) / (2 * a) if a > 0 else c / b
    return min(max(rate, _LEAST), _MOST)


def demanded(real: int, noise: int) -> float:
    """How many times the usual margin a service's signals must show, after what people said of its sightings."""
    return min(max(DEEPER ** (noise - real), 1.0), DEEPEST)
