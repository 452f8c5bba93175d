"""Which network addresses are on the public internet, so that a customer's URL may lead to them.

``ipaddress.is_private`` and ``is_global`` are both wrong for this: in Python 3.11 the shared address space 100.64/10,
multicast, NAT64, 6to4 and the old site-local range pass one or the other. So: explicit lists from the special-purpose
registries of IANA (RFC 6890 and successors, 2025), and addresses that carry an IPv4 address inside are judged by it.
"""

import ipaddress
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

_FORBIDDEN_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers; metadata service of one cloud
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's host services, on a public address
        "169.254.0.0/16",  # link-local; metadata services of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF assignments; metadata service of one cloud
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved and broadcast
    )
)
# Only 2000::/3 is handed out to anybody; inside it these are not for the public.
_PUBLIC_6 = IPv6Network("2000::/3")
_FORBIDDEN_6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # IETF assignments: benchmarks, ORCHID, AMT (Teredo is judged by what it carries and ends here)
        "2001:db8::/32",  # documentation
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)


def is_public(address: str) -> bool:
    """Whether ``address`` (a literal; anything else is not) and every address it carries are on the public internet."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return _is_public_4(parsed)
    return parsed.scope_id is None and _is_public_6(parsed)


def _is_public_4(address: IPv4Address) -> bool:
    return not any(address in network for network in _FORBIDDEN_4)


def _is_public_6(address: IPv6Address) -> bool:
    if not all(_is_public_4(inner) for inner in _inside(address)):
        return False
    if address.ipv4_mapped is not None or address in _NAT64:
        return True
    return address in _PUBLIC_6 and not any(address in network for network in _FORBIDDEN_6)


def _inside(address: IPv6Address) -> Iterator[IPv4Address]:
    """IPv4 addresses to which packets for this address may be taken out of their wrapping."""
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    number = int(address)
    if address in _NAT64 or (number >> 32) & 0xFFFFFFFF in _ISATAP:
        yield IPv4Address(number & 0xFFFFFFFF)
