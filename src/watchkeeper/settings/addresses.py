"""Addresses no configured URL may lead to: a cloud's metadata service gives credentials to whoever asks from inside."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from watchkeeper.settings.section import Section

_NAMES = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"}
)
_SINGLE = frozenset({"100.100.100.200", "fd00:ec2::254", "168.63.129.16", "192.0.0.192"})
"""Metadata services that are not link-local."""


def guarded(host: str) -> bool:
    """Is it a link-local or metadata address, or a metadata service's name?"""
    plain = host.strip("[]").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(plain.partition("%")[0])
    except ValueError:
        return plain in _NAMES or _as_number(plain)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_link_local or str(address) in _SINGLE


def _as_number(host: str) -> bool:
    """Resolvers also take 2852039166 and 0xa9fea9fe for an address."""
    try:
        number = int(host, 0)
        return guarded(str(ipaddress.IPv4Address(number)))
    except ValueError:
        return False


def guarded_urls(section: Section, prefix: str = "") -> Iterator[str]:
    """Keys of URLs in the configuration that lead where none may."""
    allowed = getattr(section, "allow_link_local", False)
    for name in type(section).model_fields:
        value, key = getattr(section, name), f"{prefix}{name}"
        if isinstance(value, Section):
            yield from guarded_urls(value, f"{key}.")
        elif isinstance(value, str) and "://" in value and not allowed and guarded(_host(value)):
            yield key


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
