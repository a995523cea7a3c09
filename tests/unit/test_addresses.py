"""Which addresses are the public internet's."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from bot.addresses import is_public, literal


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "100::1",
    ],
)
def test_what_is_not(text: str) -> None:
    """Ours, a carrier's, a cloud's metadata, nobody's: also in IPv6's clothes."""
    assert not is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"],
)
def test_what_is(text: str) -> None:
    """Also behind NAT64, where every IPv4 site looks like that."""
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    ("host", "expected"),
    [("[::1]", "::1"), ("10.0.0.1", "10.0.0.1"), ("a.example", None), ("127.1", None), ("", None)],
)
def test_literals(host: str, expected: str | None) -> None:
    """A host that is an address, as a URL writes it."""
    found = literal(host)
    assert expected == (str(found) if found else None)
