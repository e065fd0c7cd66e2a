"""Which release a feedstock should move to: its places are asked, and the decision is made in `bump`."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import replace
from functools import cached_property

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.bump.bump_notes import MovedCommit, UnreadCommits
from dirac_forge.bump.cooldown import Cooldown
from dirac_forge.bump.objections import AskedAnyway, NotListed, Objection, PreRelease
from dirac_forge.bump.release_sources import pinned_origins, places_of
from dirac_forge.bump.releases import Newest, asked_anyway, newest
from dirac_forge.bump.rules import Rules
from dirac_forge.bump.skip_reasons import Current, LineWithoutVersions, NoOrder, NoReleaseFound, UpdatesOff
from dirac_forge.bump.upstream_versions import SAME, UpstreamVersions
from dirac_forge.bump.versions import MissingFileError
from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.feedstock.botconfig import Bot
from dirac_forge.feedstock.change import Skip, SkipReason
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.recipe.editing.edit import Setting
from dirac_forge.settings import Settings
from dirac_forge.untrusted import split_url
from dirac_forge.upstream.index.project import Project
from dirac_forge.upstream.sources.known import BY_NAME
from dirac_forge.upstream.sources.offers import Offers
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.source import SourceQuery
from dirac_forge.upstream.sources.sources import ReleaseSources
from dirac_forge.upstream.sources.tags import read_version
from dirac_forge.values import dataclass

_HOST = re.compile(r"""(?:^|[\s-])(?:url|git_url|git):\s*["']?(https?://[\w.-]+(?::\d+)?)(?=/)""", re.MULTILINE)
"""Of a source: what a recipe says about its project has other keys."""

_MOST_DATED = 10
"""Tags that are asked for their date, where those before were too young."""
_GIVE = "Give the version with --to."
_SETTING = 'Set its versions, such as `">=1,<2"`, or give the version with --to.'


def index_name(settings: Settings) -> str:
    """Return what messages call the index of Python's projects."""
    return "PyPI" if split_url(settings.index_url).hostname == "pypi.org" else "the index"


@dataclass(frozen=True, slots=True)
class Case:
    """A feedstock as it was read."""

    folder: FeedstockFolder
    path: str
    """The recipe's in the feedstock."""
    text: str
    current: str
    """The recipe's version."""
    settings: tuple[Setting, ...]
    """The builds that there are."""
    bot: Bot
    unbuilt: tuple[Setting, ...] = ()
    """What else the recipe speaks of."""
    upstream: UpstreamVersions = SAME

    @property
    def released(self) -> str:
        """What upstream calls the recipe's version."""
        return self.upstream.of(self.current)

    @property
    def branch(self) -> str:
        """The release line."""
        return self.folder.branch or "main"

    @property
    def shown(self) -> str:
        """The recipe's path as messages name it."""
        return str(self.folder.recipe_path)

    def skip(self, reason: SkipReason, *, hint: str = "") -> Skip:
        """Return a skip with this reason."""
        return Skip(feedstock=self.folder.name, branch=self.branch, reason=reason, hint=hint, current=self.current)


@dataclass(frozen=True, slots=True)
class FoundRelease:
    """What the places of a feedstock offer."""

    offers: tuple[Offers, ...]
    rules: Rules
    notes: tuple[str, ...]


class ReleaseLookup:
    """One run: each place is asked once."""

    def __init__(
        self,
        context: ProposalContext,
        executor: Executor,
        *,
        project: Callable[[str], Project],
        cooldown: Cooldown | None = None,
    ) -> None:
        """Take `project`, which gives a project's page on the index."""
        self.context = context
        self.executor = executor
        self.project = project
        self.cooldown = cooldown

    def foresee(self, folders: Iterable[FeedstockFolder]) -> None:
        """Find out at the same time which hosts are dead: one after the other each would cost 5 s."""
        hosts: set[str] = set()
        for folder in folders:
            with suppress(ForgeError):
                hosts.update(_HOST.findall(next(iter(folder.texts.values()))))
        if any(host.endswith("//github.com") for host in hosts):
            hosts.add(self.context.github.url)
        for host in sorted(hosts):
            threading.Thread(target=self._known, args=(host,), daemon=True).start()

    def _known(self, url: str) -> None:
        with suppress(ForgeError):
            self.context.http.problem(url)

    def places(self, case: Case) -> FoundRelease | Skip:
        """Return what the feedstock's places offer.

        Of those that must answer: raises UnknownError if one does not, MissingError if one is not there.
        """
        updates = case.bot.version_updates
        if updates.skip:
            return case.skip(UpdatesOff(line=updates.lines["skip"]), hint=_GIVE)
        places = places_of(case.text, path=case.shown, version=case.released, settings=case.settings, updates=updates)
        if isinstance(places, SkipReason):
            return case.skip(places, hint=_GIVE)
        allowed = self._allowed(case)
        if allowed is None:
            return case.skip(LineWithoutVersions(feedstock=case.folder.name, branch=case.branch), hint=_SETTING)
        rules = Rules(
            feedstock=case.folder.name,
            branch=case.branch,
            allowed=allowed,
            updates=updates,
            cooldown=self.cooldown,
            upstream=case.upstream,
        )
        offers, notes = self._offers(places)
        if updates.use_curl is not None and any("url" in place.ways for place in places):
            notes.append("use_curl of conda-forge.yml has no effect here: URLs are tested with neither curl nor wget")
        return FoundRelease(tuple(offers), rules, tuple(notes))

    def _allowed(self, case: Case) -> SpecifierSet | None:
        """Return the versions that belong on a release line; None for another than the default one without settings."""
        known = self.context.settings.feedstocks.get(case.folder.name)
        lines = {} if known is None else {name.replace("/", "-"): versions for name, versions in known.branches.items()}
        return lines.get(case.branch.replace("/", "-"), None if case.folder.branch else SpecifierSet())

    def commits(self, case: Case, to: str) -> tuple[dict[str, str], tuple[MovedCommit | UnreadCommits, ...]]:
        """Return the commits of the recipe's sources that have one at version `to`, with a note for each source."""
        pinned = pinned_origins(case.text, path=case.shown, version=case.released, settings=case.settings)
        commits: dict[str, str] = {}
        notes: list[MovedCommit | UnreadCommits] = []
        for origin in pinned:
            try:
                moved = self._places.moved_commit(origin, case.released, case.upstream.of(to))
            except ForgeError as error:
                notes.append(UnreadCommits(repository=origin.name, reason=error.message))
                continue
            if moved is not None:
                tag, commits[origin.commit] = moved
                notes.append(MovedCommit(repository=origin.name, tag=tag, commit=commits[origin.commit]))
        return commits, tuple(notes)

    def asked_anyway(self, case: Case, to: str, *, ask: bool) -> tuple[AskedAnyway | NotListed, ...]:
        """Return why version `to` would be passed over if nobody had asked for it; with `ask` the indexes are asked.

        Hosts of repositories are not, because a version is asked for where these do not answer: which host was not
        asked, and which index did not answer, is part of the result.
        """
        current, to = case.released, case.upstream.of(to)
        if not ask:
            return asked_anyway(current, to)
        asked: list[Offers] = []
        unlisted: list[NotListed] = []
        updates = case.bot.version_updates
        places = places_of(case.text, path=case.shown, version=current, settings=case.settings, updates=updates)
        for place in () if isinstance(places, SkipReason) else places:
            if place.main or self._index(place):
                answer = self._listed(place, to)
                if isinstance(answer, Offers):
                    asked.append(answer)
                else:
                    unlisted.append(answer)
        return (*asked_anyway(current, to, asked), *unlisted)

    def _index(self, place: SourceQuery) -> str:
        """Return what people call the index that a place is on; "" for the host of a repository or of files."""
        kind = place.origin.kind
        source = BY_NAME.get(kind)
        return index_name(self.context.settings) if kind == "pypi" else source.index if source is not None else ""

    def _listed(self, place: SourceQuery, to: str) -> Offers | NotListed:
        """Return what an index offers at version `to`; for a place that is not an index, that it was not asked."""
        origin = place.origin
        unlisted = NotListed(version=to, source=origin.name)
        index = self._index(place)
        if not index:
            return unlisted
        unlisted = replace(unlisted, source=f"{origin.name} on {index}")
        try:
            offers = self._places.ask(replace(place, version=to))
        except ForgeError as error:
            return replace(unlisted, message=error.message)
        number = read_version(to)
        if number is None or offers.of(number) is not None:
            return offers
        return replace(unlisted, message=" ".join(offers.notes)) if offers.partial else replace(unlisted, certain=True)

    def newest(self, case: Case, looked: FoundRelease, refused: Mapping[Version, Objection]) -> Newest | Skip:
        """Return the newest version that fits; `refused` are those that were tried, with what was wrong with them."""
        known = dict(refused)
        young: list[Newest] = []
        while True:
            rules = replace(looked.rules, refused=known)
            found = newest(case.current, looked.offers, rules=rules, upstream=case.upstream)
            if isinstance(found, SkipReason):
                return case.skip(_noting(found, looked.notes))
            found = replace(found, notes=(*found.notes, *looked.notes))
            if found.released is not None or found.tagged is None:
                # The source that the date comes from has nothing more to add.
                return found
            dated = self._dated(found, found.tagged)
            if dated is None:
                known[found.number] = PreRelease(by="GitHub")
                continue
            waits = looked.rules.too_young(dated.number, dated.released)
            if waits is None or found.number in known:
                return dated
            young.append(dated)
            if len(young) >= _MOST_DATED:
                return young[0]
            known[found.number] = waits

    def _dated(self, found: Newest, tagged: Origin) -> Newest | None:
        """Return a version that is known by its tag with its date; None if its release is a pre-release."""
        try:
            release = self._places.about(tagged, found.tag)
        except UnknownError as error:
            note = f"only its tag was seen, not whether {found.tag} is a pre-release: {error.message}"
            return replace(found, notes=(*found.notes, note))
        if release is None:
            return found
        if release.prerelease and not found.number.is_prerelease:
            return None
        return replace(found, released=release.published)

    def _offers(self, places: Sequence[SourceQuery]) -> tuple[list[Offers], list[str]]:
        """Return what the places offer, and a note for each further one that does not tell."""
        offers: list[Offers] = []
        notes: list[str] = []
        for place, answer in zip(places, self.executor.map(self._asked, places), strict=True):
            if isinstance(answer, ForgeError):
                if place.main:
                    raise (
                        answer
                        if isinstance(answer, UnknownError)
                        else MissingFileError(answer.message, hint=answer.hint)
                    )
                notes.append(f"could not check whether {place.origin.name} has the release: {answer.message}")
            elif place.main or answer.offers:
                offers.append(answer)
        return offers, notes

    def _asked(self, place: SourceQuery) -> Offers | ForgeError:
        try:
            return self._places.ask(place)
        except ForgeError as error:
            return error

    @cached_property
    def _places(self) -> ReleaseSources:
        context = self.context
        return ReleaseSources(
            context.http,
            context.store,
            project=self.project,
            pythons=context.settings.gil_pythons,
            github=context.github,
            offline=context.settings.offline,
        )


def _noting(reason: SkipReason, notes: Sequence[str]) -> SkipReason:
    """Return a reason with what else is to be known."""
    if isinstance(reason, (Current, NoOrder, NoReleaseFound)):
        return replace(reason, notes=(*reason.notes, *notes))
    return reason
