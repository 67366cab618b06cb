"""Which part of the scan a workload belongs to: the same on every worker and after every restart, whatever else the fleet holds."""

import zlib


def shard_of(namespace: str, service: str, of: int) -> int:
    """From 0 to `of` - 1. All series of a workload go together; a namespace divides over all parts."""
    return zlib.crc32(f"{namespace}/{service}".encode()) % of
