"""Hosts that the settings name, and which addresses the URLs of others may lead to."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Iterable
from typing import Self

from dirac_forge.untrusted import split_url
from dirac_forge.values import dataclass

INTERNAL_HINT = "If this host is yours, list its name in internal-hosts of [tool.dirac-forge]."

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_FILE_HOSTS = {"pypi.org": "files.pythonhosted.org"}
"""Index to the host that it keeps its files on: where a mirror answers for the one, it answers for the other too."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """The hosts that the settings name. URLs of recipes may lead to any other host only at its public addresses.

    Loopback addresses are allowed where the index, a channel, the GitHub API or the feedstocks are on this machine
    themselves: a mirror without a network serves everything from there.
    """

    internal: frozenset[str] = frozenset()
    """Names of hosts that may be asked at whatever address they have."""
    credentials: frozenset[str] = frozenset()
    """Names of hosts that get what ~/.netrc has for them, over https only."""
    loopback: bool = False
    """Whether addresses of this machine are allowed."""

    @classmethod
    def of(cls, *, services: Iterable[str], feedstocks: str = "", internal_hosts: Iterable[str] = ()) -> Self:
        """Return the trust that the settings express: `services` are the URLs of the index, the channels and the
        GitHub API, which get credentials; `feedstocks` is the URL of the repositories. Names and folders among them
        are no hosts.
        """
        serving = frozenset(name for url in services if (name := _host(url)))
        files = {_FILE_HOSTS[name] for name in serving & _FILE_HOSTS.keys()}
        hosts = serving | files | {name for name in (_host(feedstocks),) if name}
        listed = frozenset(_plain(name) for name in internal_hosts)
        return cls(internal=hosts | listed, credentials=serving, loopback=any(map(_is_loopback, hosts)))

    def allows(self, name: str, address: str) -> bool:
        """Return whether the host called `name` may be asked at a numeric address."""
        if _plain(name) in self.internal:
            return True
        number = _number(address)
        if number is None:
            return False
        return (self.loopback and number.is_loopback) or not is_internal(address)

    def allows_name(self, name: str) -> bool:
        """Return whether a host may be asked through a proxy, which resolves its name: only an address that is written
        as a name, and `localhost`, are refused.
        """
        plain = _plain(name)
        if plain == "localhost" or plain.endswith(".localhost"):
            return self.allows(name, "127.0.0.1")
        return _number(plain) is None or self.allows(name, plain)

    def gives_credentials(self, url: str) -> bool:
        """Return whether `url`'s host gets what ~/.netrc has for it."""
        return split_url(url).scheme == "https" and _host(url) in self.credentials


def is_internal(address: str) -> bool:
    """Return whether a numeric address is not public."""
    number = _number(address)
    return number is None or not number.is_global or number.is_multicast


def _host(url: str) -> str:
    parts = split_url(url)
    return _plain(parts.hostname or "") if parts.scheme in ("http", "https") else ""


def _plain(name: str) -> str:
    return name.strip("[]").rstrip(".").lower()


def _is_loopback(name: str) -> bool:
    number = _number(name)
    return name == "localhost" or (number is not None and number.is_loopback)


def _number(text: str) -> _Address | None:
    """Return the address that is written so, the IPv4 address inside it where it holds one; None for a name."""
    try:
        number: _Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        with contextlib.suppress(OSError, UnicodeError):
            return ipaddress.IPv4Address(socket.inet_aton(text))  # `127.1`, `0x7f000001`: as the resolver reads them
        return None
    if isinstance(number, ipaddress.IPv6Address):
        inside = number.ipv4_mapped or number.sixtofour
        if inside is None and number in _NAT64:
            inside = ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
        return inside or number
    return number
