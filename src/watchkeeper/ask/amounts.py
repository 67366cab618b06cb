"""Numbers and times as people read them."""

from datetime import datetime, tzinfo


def amount(value: float | None, unit: str) -> str:
    """With its unit; "no data" for None."""
    if value is None or value != value:
        return "no data"
    match unit:
        case "s":
            return f"{value * 1000:.3g} ms" if abs(value) < 1 else f"{value:.3g} s"
        case "millicores":
            return f"{value / 1000:.2f} cores" if abs(value) >= 1000 else f"{value:.0f} millicores"
        case "MiB":
            return f"{value / 1024:.2f} GiB" if abs(value) >= 1024 else f"{value:.0f} MiB"
        case "%":
            return f"{value:.0f} %" if abs(value) >= 10 else f"{value:.2g} %" if value else "0 %"
        case "requests/s" | "/s" | "1/s":
            return f"{value:.1f}{unit if unit.startswith('/') else ' ' + unit}"
        case "bytes/s":
            return f"{value / 1024:.1f} KiB/s" if abs(value) < 2**20 else f"{value / 2**20:.1f} MiB/s"
        case "pods" | "restarts" | "messages" | "connections" | "requests" | "failed requests":
            shown = f"{value:.0f}" if abs(value - round(value)) < 0.05 or abs(value) >= 100 else f"{value:.1f}"
            return f"{shown} {unit[:-1] if shown == '1' else unit}"
        case _:
            return f"{value:.3g} {unit}".strip()


def difference(value: float, unit: str) -> str:
    """Signed."""
    return ("+" if value >= 0 else "\u2212") + amount(abs(value), unit)


def clock(at: datetime, zone: tzinfo, now: datetime, *, half_days: bool = False, seconds: bool = False) -> str:
    """A time in the asker's zone, with its date where it is not today."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if half_days:
        said = f"{local.hour % 12 or 12}:{local:%M} {'AM' if local.hour < 12 else 'PM'}"
    else:
        said = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return said if local.date() == today.date() else f"{said} on {local:%Y-%m-%d}"


def length(seconds: float) -> str:
    """A span of time in words."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172800 else f"{seconds / 86400:.1f} days"


def plural(number: int, noun: str) -> str:
    """ "1 pod", "2 pods"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun[:-1] + 'ies' if noun.endswith('y') else noun + 's'}"


def listed(names: list[str], most: int = 8) -> str:
    """ "a, b and 3 more"."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return ", ".join(names)
