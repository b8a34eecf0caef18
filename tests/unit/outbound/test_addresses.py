"""Address traps: everything that has led a caller of other people's addresses astray, one row each."""

from collections.abc import Sequence
from ipaddress import IPv4Address

import pytest

from integrations.outbound.addresses import AddressRefused, forbidden, plain_url
from integrations.outbound.guarded import Guard

pytestmark = pytest.mark.anyio

TRAPS = {
    "127.0.0.1": "loopback", "127.255.255.254": "loopback", "::1": "loopback", "::ffff:127.0.0.1": "loopback",
    "::ffff:7f00:1": "loopback", "64:ff9b::7f00:1": "loopback", "64:ff9b::127.0.0.1": "loopback",
    "2002:7f00:1::": "loopback", "::127.0.0.1": "loopback", "2001:db8:1:2:0:5efe:127.0.0.1": "loopback",
    "0.0.0.0": "reserved",  # noqa: S104 - a trap, and nothing is bound
    "0.1.2.3": "reserved", "::": "reserved", "::ffff:0.0.0.0": "reserved",
    "10.0.0.1": "private", "10.255.255.255": "private", "172.16.0.1": "private", "172.31.255.255": "private",
    "192.168.0.1": "private", "192.168.255.255": "private", "::ffff:10.0.0.1": "private",
    "64:ff9b::a00:1": "private", "2002:c0a8:0001::1": "private", "2001:db8::5efe:10.0.0.1": "private",
    "100.64.0.1": "shared", "100.100.100.200": "shared", "100.127.255.255": "shared",
    "::ffff:100.100.100.200": "shared", "64:ff9b::6464:64c8": "shared", "2002:6464:64c8::": "shared",
    "169.254.0.1": "link_local", "169.254.169.254": "link_local", "169.254.170.2": "link_local",
    "::ffff:169.254.169.254": "link_local", "64:ff9b::a9fe:a9fe": "link_local", "2002:a9fe:a9fe::": "link_local",
    "fe80::1": "link_local", "fe80::1%eth0": "link_local", "2606:4700::1%lo": "link_local",
    "168.63.129.16": "metadata", "::ffff:168.63.129.16": "metadata", "fd00:ec2::254": "private",
    "fd00::1": "private", "fc00::1": "private", "fec0::1": "private", "64:ff9b:1::1": "private",
    "192.0.0.1": "reserved", "192.0.0.9": "reserved", "192.0.0.10": "reserved", "192.0.0.192": "reserved",
    "::ffff:192.0.0.192": "reserved", "192.0.2.1": "reserved", "192.88.99.1": "reserved", "198.18.0.1": "reserved",
    "198.51.100.7": "reserved", "203.0.113.9": "reserved", "240.0.0.1": "reserved", "255.255.255.255": "reserved",
    "224.0.0.1": "multicast", "239.255.255.250": "multicast", "ff02::1": "multicast", "ff0e::1": "multicast",
    "2001::1": "tunnel", "2001:0:4136:e378:8000:63bf:3fff:fdd2": "tunnel", "2001:db8::1": "reserved",
    "2001:2::1": "reserved", "2001:10::1": "reserved", "100::1": "reserved", "3fff::1": "reserved",
    "5f00::1": "reserved", "4000::1": "reserved", "1::1": "reserved",
    "": "unreadable", "localhost": "unreadable", "127.1": "unreadable", "0x7f.1": "unreadable",
    "2130706433": "unreadable", "0177.0.0.1": "unreadable", "127.0.0.1 ": "unreadable", "１２７.0.0.1": "unreadable",
}  # fmt: skip
OPEN = (
    "8.8.8.8", "1.1.1.1", "114.114.114.114", "223.5.5.5", "99.255.255.255", "100.63.255.255", "100.128.0.0",
    "172.15.0.1", "172.32.0.1", "192.167.1.1", "2606:4700:4700::1111", "2400:3200::1", "::ffff:8.8.8.8",
    "64:ff9b::808:808", "2002:808:808::",
)  # fmt: skip
URLS = {
    "http://hooks.example.com/": "scheme", "HTTP://hooks.example.com/": "scheme", "ftp://hooks.example.com/": "scheme",
    "file:///etc/passwd": "scheme", "gopher://hooks.example.com/": "scheme", "//hooks.example.com/": "scheme",
    "hooks.example.com": "scheme", "javascript:alert(1)": "scheme", "https:hooks.example.com": "host",
    "https://hooks.example.com:22/": "port", "https://hooks.example.com:80/": "port",
    "https://hooks.example.com:8443/": "port", "https://hooks.example.com:0/": "port",
    "https://hooks.example.com:99999/": "unreadable", "https://hooks.example.com:4 43/": "unreadable",
    "https://user@hooks.example.com/": "credentials", "https://a:b@hooks.example.com/": "credentials",
    "https://hooks.example.com@127.0.0.1/": "credentials", "https://@127.0.0.1/": "credentials",
    "https://hooks.example.com\\@127.0.0.1/": "unreadable", "https://hooks.example.com\\.evil/": "unreadable",
    "https://hooks.example.com/#x": "fragment", "https://127.0.0.1#@hooks.example.com/": "fragment",
    "https://2130706433/": "host", "https://0x7f000001/": "host", "https://0x7f.1/": "host",
    "https://017700000001/": "host", "https://0177.0.0.1/": "host", "https://127.1/": "host",
    "https://127.0.1/": "host",
    "https://127.0.0.0x1/": "host", "https://1.1/": "host", "https://256.0.0.1/": "host", "https://8.8.8.8./": "host",
    "https://[::1": "unreadable", "https://[::1%25lo]/": "host", "https://[v1.x]/": "host", "https://[]/": "unreadable",
    "https://hooks_example.com/": "host", "https://hooks.example.com./": "host", "https://.example.com/": "host",
    "https://hooks..example.com/": "host", "https://-a.example.com/": "host", "https:///path": "host",
    "https://": "host",
    "https://hooks%2eexample.com/": "host", "https://ⓔxample.com/": "unreadable", "https://例子.中国/": "unreadable",
    "https://hooks.example.com/\r\nX: y": "unreadable", "https://hooks.example.com/\x00": "unreadable",
    " https://hooks.example.com/": "unreadable", "https://hooks.example.com/ ": "unreadable",
    "https://hooks.example.com/" + "x" * 2048: "too_long", "https://" + "a" * 64 + ".com/": "host", "": "unreadable",
}  # fmt: skip


def resolving(*addresses: str) -> Guard:
    """Return a guard for whom every name resolves to these."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return Guard(resolve=resolve)


@pytest.mark.parametrize(("address", "word"), TRAPS.items())
def test_no_connection_is_made_to(address: str, word: str) -> None:
    assert forbidden(address) == word


@pytest.mark.parametrize("address", OPEN)
def test_the_public_internet_is_open(address: str) -> None:
    assert forbidden(address) is None


def test_every_way_to_wrap_an_address_leads_to_the_word_of_what_is_wrapped() -> None:
    for inner in ("127.0.0.1", "10.1.2.3", "100.100.100.200", "169.254.169.254", "192.0.0.192", "224.0.0.1"):
        number = int(IPv4Address(inner))
        high, low = number >> 16, number & 0xFFFF
        wraps = (
            f"::ffff:{inner}",
            f"64:ff9b::{high:x}:{low:x}",
            f"2002:{high:x}:{low:x}::1",
            f"::{high:x}:{low:x}",
            f"2606:4700::5efe:{high:x}:{low:x}",
            f"2606:4700::200:5efe:{high:x}:{low:x}",
        )
        assert {forbidden(wrapped) for wrapped in wraps} == {forbidden(inner)}, inner


@pytest.mark.parametrize(("url", "word"), URLS.items())
async def test_no_webhook_is_registered_at(url: str, word: str) -> None:
    with pytest.raises(AddressRefused) as refusal:
        await resolving("8.8.8.8").require_allowed(url)
    assert refusal.value.reason == word


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/",
        "https://hooks.example.com:443/in?tenant=1&x=%20",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/in",
        "https://xn--fiqs8s.example/in",
        "https://a.b-c.d9.example",
    ],
)
async def test_an_ordinary_address_is_taken(url: str) -> None:
    await resolving("8.8.8.8").require_allowed(url)


@pytest.mark.parametrize("address", [trap for trap, word in TRAPS.items() if word != "unreadable"])
async def test_a_name_that_resolves_there_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        await resolving(address).require_allowed("https://hooks.example.com/")


async def test_one_bad_address_among_good_ones_is_enough() -> None:
    with pytest.raises(AddressRefused):
        await resolving("8.8.8.8", "2606:4700::1", "10.0.0.1").require_allowed("https://hooks.example.com/")


async def test_a_name_that_does_not_resolve_or_resolves_to_a_crowd_is_refused() -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise OSError(host)

    for guard in (Guard(resolve=nowhere), resolving(), resolving(*(f"8.8.8.{number}" for number in range(17)))):
        with pytest.raises(AddressRefused) as refusal:
            await guard.require_allowed("https://hooks.example.com/")
        assert refusal.value.reason == "unresolved"


async def test_the_systems_own_resolver_is_fooled_by_no_spelling_of_this_machine() -> None:
    for url in ("https://localhost/", "https://localhost.localdomain/", "https://127.0.0.1/", "https://[::1]/"):
        with pytest.raises(AddressRefused):
            await Guard().require_allowed(url)


async def test_a_demonstration_reaches_this_machine_and_still_nothing_else_in_clear() -> None:
    demonstration = Guard(loopback=True)
    await demonstration.require_allowed("http://127.0.0.1:8300/in")
    await demonstration.require_allowed("https://127.0.0.1:8300/in")
    for url in ("http://10.0.0.1/", "http://8.8.8.8/", "http://8.8.8.8:443/", "http://169.254.169.254/latest"):
        with pytest.raises(AddressRefused):
            await demonstration.require_allowed(url)


def test_an_address_comes_apart_as_it_was_written() -> None:
    parts = plain_url("https://Hooks.Example.com:443/In?a=1")
    assert (parts.hostname, parts.port, parts.path, parts.query) == ("hooks.example.com", 443, "/In", "a=1")
