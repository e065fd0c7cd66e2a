"""Sources of releases, asked for the versions of a recipe's sources, once a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.http import Http, UnreachableError
from dirac_forge.store import Store
from dirac_forge.upstream.index.project import Project
from dirac_forge.upstream.sources.git import Tags, tagged_commit
from dirac_forge.upstream.sources.github import GitHubAccess, GitHubRelease, release
from dirac_forge.upstream.sources.known import BY_NAME
from dirac_forge.upstream.sources.offers import Offers
from dirac_forge.upstream.sources.origins import Origin, SourceUrl
from dirac_forge.upstream.sources.recent import Recent
from dirac_forge.upstream.sources.source import ReleaseSource, SourceAccess, SourceQuery

_TAGS = Tags()


class ReleaseSources:
    """Asks sources of releases, and remembers their answers for the run; safe to use from many threads."""

    def __init__(
        self,
        http: Http,
        store: Store,
        *,
        project: Callable[[str], Project],
        pythons: Sequence[str] = (),
        github: GitHubAccess | None = None,
        offline: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take `project`, which gives a page of the index; `pythons` are those that the channel builds for."""
        self._access = SourceAccess(
            http,
            Recent(store, offline=offline, clock=clock),
            project=project,
            pythons=pythons,
            github=github or GitHubAccess(),
        )
        self._offline = offline

    def ask(self, query: SourceQuery) -> Offers:
        """Return the versions that the first source that answers has.

        Raises UnknownError if nobody could tell, InputError if there is no such project or repository.
        """
        failed: list[ForgeError] = []
        notes: list[str] = []
        offers: Offers | None = None
        for source in (BY_NAME[way] for way in query.ways):
            try:
                offers = source.offers(query, self._access)
            except (InputError, UnknownError) as error:
                failed.append(self._of_host(source, query, error))
                notes.append(source.failure(failed[-1]))
                continue
            if offers.offers:
                break
        if offers is not None:
            return offers.noting(*notes)
        raise _failure(query.origin, failed)

    def about(self, origin: Origin, tag: str) -> GitHubRelease | None:
        """Return what GitHub says of the release of a tag; None for other hosts, and where there is no release of it.

        Raises UnreachableError.
        """
        if origin.kind != "github" or not tag:
            return None
        return release(self._access.http, self._access.github, origin, tag, recent=self._access.recent)

    def moved_commit(self, origin: Origin, old: str, new: str) -> tuple[str, str] | None:
        """Return tag and commit of version `new` for a source that is pinned by the commit of version `old`.

        None if the commit is of no tag of `old`, or there is no such tag of `new`. Raises UnknownError if the
        tags could not be read, InputError if there is no such repository.
        """
        return tagged_commit(_TAGS.tags(origin, self._access), origin.commit, old, new)

    def _of_host(self, source: ReleaseSource, query: SourceQuery, error: ForgeError) -> ForgeError:
        """Return a short error where the host is dead: everything that comes from it has the same reason then."""
        url = source.url(query, self._access)
        parts = SourceUrl.parse(url)
        problem = self._access.http.problem(url) if parts and isinstance(error, UnknownError) else None
        if parts is None or problem is None:
            return error
        host = parts.netloc.rpartition("@")[2]
        if self._offline:
            return UnreachableError(f"{host} is not asked: this run is offline", hint="Leave out --offline to ask it.")
        hint = "Check the network and the proxy settings; --offline serves what the cache has."
        return UnreachableError(f"{host} can't be reached: {problem}", hint=hint)


def _failure(origin: Origin, failed: Sequence[ForgeError]) -> ForgeError:
    if not failed:
        return InputError(f"{origin.name}: its versions can't be looked up")
    message = "; ".join(dict.fromkeys(error.message for error in failed))
    hint = next((error.hint for error in failed if error.hint), None)
    unknown = any(isinstance(error, UnknownError) for error in failed)
    return UnreachableError(message, hint=hint) if unknown else InputError(message, hint=hint)
