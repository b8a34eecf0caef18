"""Addresses that a tenant may name: which of them lead out into the public internet, and which nowhere we may go.

The subtle thing is that no single property of Python's `ipaddress` says it: the metadata service of one cloud lies in
100.64.0.0/10 and is not private, and an IPv6 address that wraps an IPv4 one counts as global whatever it wraps. So an
address is unwrapped first, and then refused unless it is global and in no network of the list.

Source: IANA special-purpose address registries (IPv4 and IPv6, 2026); RFC 6052 (NAT64), RFC 3056 (6to4), RFC 4380
(Teredo), RFC 5214 (ISATAP); the metadata addresses of Alibaba Cloud, AWS and Azure.

>>> [forbidden(each) for each in ("8.8.8.8", "100.100.100.200", "::ffff:127.0.0.1", "64:ff9b::7f00:1")]
[None, 'shared', 'loopback', 'loopback']
"""

import ipaddress
import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, urlsplit

URL_LENGTH_MAX: Final = 2048
HTTPS_PORT: Final = 443
LOOPBACK: Final = "loopback"

_V4: Final[Mapping[str, tuple[IPv4Network, ...]]] = MappingProxyType(
    {
        word: tuple(IPv4Network(each) for each in networks.split())
        for word, networks in {
            LOOPBACK: "127.0.0.0/8",
            "private": "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16",
            "shared": "100.64.0.0/10",
            "link_local": "169.254.0.0/16",
            "metadata": "168.63.129.16/32",
            "multicast": "224.0.0.0/4",
            "reserved": "0.0.0.0/8 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 "
            "192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4",
        }.items()
    }
)
_V6: Final[Mapping[str, tuple[IPv6Network, ...]]] = MappingProxyType(
    {
        word: tuple(IPv6Network(each) for each in networks.split())
        for word, networks in {
            LOOPBACK: "::1/128",
            "private": "fc00::/7 fec0::/10 64:ff9b:1::/48",
            "link_local": "fe80::/10",
            "metadata": "fd00:ec2::/32",
            "multicast": "ff00::/8",
            "tunnel": "2001::/32",
            "reserved": "::/8 100::/64 2001::/23 2001:db8::/32 3fff::/20 5f00::/16",
        }.items()
    }
)
_GLOBAL_V6: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = IPv6Network("::/96")
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})
_LOW_32: Final = 0xFFFFFFFF
_V6_HIGHEST_SPECIAL: Final = 1

_HOST: Final = re.compile(r"(?=.{1,253}\Z)[0-9A-Za-z]([0-9A-Za-z-]{0,61}[0-9A-Za-z])?(\.[0-9A-Za-z]([0-9A-Za-z-]{0,61}[0-9A-Za-z])?)*")  # fmt: skip  # noqa: E501 - one pattern
_NUMERIC_LABEL: Final = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*", re.ASCII)
_PRINTABLE: Final = re.compile(r"[\x21-\x5b\x5d-\x7e]+", re.ASCII)
"""ASCII without spaces, controls and the backslash, which some readers take for a slash."""


class AddressRefused(Exception):
    """Refuse an address; `reason` is a stable word."""

    def __init__(self, reason: str) -> None:
        """Say why."""
        super().__init__(reason)
        self.reason = reason


def forbidden(text: str) -> str | None:
    """Return the word for why no connection may be made to an IP address, none where it may."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "unreadable"
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return "link_local"
        wrapped = _unwrapped(address)
        if wrapped is None:
            return _forbidden_v6(address)
        address = wrapped
    return _forbidden_v4(address)


def plain_url(url: str) -> SplitResult:
    """Return the parts of an address written as one may be: http or https, a plain host, a path and a query.

    >>> plain_url("https://hooks.example.com/in?a=1").hostname
    'hooks.example.com'

    Raises:
        AddressRefused: anything else, such as credentials, a fragment, or a host that is a number in disguise.
    """
    if len(url) > URL_LENGTH_MAX:
        raise AddressRefused("too_long")
    if _PRINTABLE.fullmatch(url) is None:
        raise AddressRefused("unreadable")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("unreadable") from None
    if parts.scheme not in {"http", "https"}:
        raise AddressRefused("scheme")
    if "@" in parts.netloc:
        raise AddressRefused("credentials")
    if "#" in url:
        raise AddressRefused("fragment")
    if port == 0:
        raise AddressRefused("port")
    _require_plain_host(parts.hostname or "", bracketed="[" in parts.netloc)
    return parts


def port_of(parts: SplitResult) -> int:
    """Return the port that an address leads to."""
    return parts.port or (HTTPS_PORT if parts.scheme == "https" else 80)


def _require_plain_host(host: str, *, bracketed: bool) -> None:
    """Raise AddressRefused for a host that is neither a name nor an address in its one spelling."""
    if bracketed:
        try:
            scoped = IPv6Address(host).scope_id is not None
        except ValueError:
            scoped = True
        if scoped:
            raise AddressRefused("host")
        return
    if _HOST.fullmatch(host) is None:
        raise AddressRefused("host")
    if _NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]) is not None:
        try:
            IPv4Address(host)
        except ValueError:
            raise AddressRefused("host") from None


def _forbidden_v4(address: IPv4Address) -> str | None:
    for word, networks in _V4.items():
        if any(address in network for network in networks):
            return word
    return None if address.is_global and not address.is_reserved else "reserved"


def _forbidden_v6(address: IPv6Address) -> str | None:
    for word, networks in _V6.items():
        if any(address in network for network in networks):
            return word
    return None if address in _GLOBAL_V6 and address.is_global and not address.is_reserved else "reserved"


def _unwrapped(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address leads to, none where it leads to itself."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    low = int(address) & _LOW_32
    if address in _NAT64:
        return IPv4Address(low)
    if address in _COMPATIBLE and low > _V6_HIGHEST_SPECIAL:
        return IPv4Address(low)
    if (int(address) >> 32) & _LOW_32 in _ISATAP:
        return IPv4Address(low)
    return None
