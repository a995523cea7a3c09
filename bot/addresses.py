"""Which addresses of the internet are somebody else's: what a URL from outside may lead to. Pure.

A feed, a redirect or a name server may name any address, ours too: the metadata service of a cloud, a router,
a database. https://owasp.org/www-community/attacks/Server_Side_Request_Forgery
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
"""https://www.rfc-editor.org/rfc/rfc6052: an IPv4 address in the last 32 bits; Python calls it reserved."""
_NEVER = (
    IPv4Network("100.64.0.0/10"),  # carriers' own (RFC 6598)
    IPv4Network("192.0.0.0/24"),  # protocol assignments (RFC 6890)
    IPv4Network("192.88.99.0/24"),  # 6to4 relays, given up (RFC 7526)
    IPv4Network("198.18.0.0/15"),  # benchmarks (RFC 2544)
    IPv6Network("64:ff9b:1::/48"),  # local NAT64 (RFC 8215)
    IPv6Network("fec0::/10"),  # site-local, given up (RFC 3879)
    IPv6Network("2001::/23"),  # protocol assignments, Teredo among them (RFC 2928)
    IPv6Network("5f00::/16"),  # segment routing (RFC 9602)
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
)


def is_public(address: Address) -> bool:
    """Whether it belongs to the public internet. An IPv4 address inside an IPv6 one counts as itself."""
    if isinstance(address, IPv6Address):
        inside = _inside(address)
        if inside is not None:
            return is_public(inside)
    is_special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not is_special and not any(address in one for one in _NEVER)


def literal(host: str) -> Address | None:
    """The address that a URL's host is, without brackets; None: it is a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that is reached by way of this one (mapped, NAT64, 6to4)."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
