"""The known vulnerabilities of releases, from the index's JSON API (`/pypi/NAME/VERSION/json`).

PyPI has them from the Python Packaging Advisory Database, by https://osv.dev. https://docs.pypi.org/api/json/
"""

from __future__ import annotations

from collections.abc import Mapping

from dirac_forge.errors import UnknownError
from dirac_forge.http import Http, NotFoundError
from dirac_forge.untrusted import parse_json
from dirac_forge.upstream.once import Once
from dirac_forge.values import dataclass

_LIMIT = 16 * 1024 * 1024
_MOST = 500
_LONGEST = 200


class NoSuchReleaseError(UnknownError):
    """The index has no page for a release: it lacks the release, or has no data about vulnerabilities."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Vulnerability:
    """One advisory about a release."""

    id: str
    aliases: tuple[str, ...] = ()
    """Other names of it, such as CVE numbers."""
    link: str = ""

    @property
    def name(self) -> str:
        """Its CVE number where it has one, else its own."""
        return next((alias for alias in self.aliases if alias.startswith("CVE-")), self.id)


class VulnerabilityLookup:
    """Vulnerabilities of releases, asked once each; safe to use from many threads."""

    def __init__(self, http: Http, index_url: str) -> None:
        """Take `index_url`, the root of the Simple API (`…/simple/`)."""
        self._http = http
        self._root = index_url.rstrip("/").removesuffix("/simple")
        self._answer = Once(self._ask)

    def __call__(self, project: str, version: str) -> tuple[Vulnerability, ...]:
        """Return the advisories about a release that were not withdrawn.

        Raises:
            NoSuchReleaseError: the index has no page for it.
            UnknownError: the index can't be asked, or answers nonsense.
        """
        return self._answer((project, version))

    def _ask(self, key: tuple[str, str]) -> tuple[Vulnerability, ...]:
        url = f"{self._root}/pypi/{key[0]}/{key[1]}/json"
        try:
            tree = parse_json(self._http.page(url, accept="application/json", limit=_LIMIT).body)
            listed = tree["vulnerabilities"]
            found = [_vulnerability(entry) for entry in listed[:_MOST] if not entry.get("withdrawn")]
        except NotFoundError as error:
            raise NoSuchReleaseError(error.message) from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise UnknownError(f"{url}: no list of vulnerabilities") from error
        return tuple(found)


def _vulnerability(entry: Mapping[str, object]) -> Vulnerability:
    aliases = entry.get("aliases")
    return Vulnerability(
        id=str(entry["id"])[:_LONGEST],
        aliases=tuple(str(alias)[:_LONGEST] for alias in aliases[:20]) if isinstance(aliases, list) else (),
        link=str(entry.get("link") or "")[:_LONGEST],
    )
