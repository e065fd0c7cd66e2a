"""One feedstock's bump: its release looked for, its recipe edited, and what drifted carried over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from packaging.version import Version

from dirac_forge.bump.beside import left_beside, renamed_files
from dirac_forge.bump.bump_notes import (
    IgnoredKey,
    LeftBeside,
    NotCarried,
    NotCompared,
    OnlyHinted,
    SecondLeft,
    SecondMoved,
    SecondRecipe,
)
from dirac_forge.bump.cooldown import Cooldown
from dirac_forge.bump.objections import Objection
from dirac_forge.bump.patches import PatchResult, patched_sources, patches_of
from dirac_forge.bump.proposal import Bump, bump_of, catch_up_of
from dirac_forge.bump.release_sources import upstream_versions
from dirac_forge.bump.releases import Newest, downgrade, projects_of
from dirac_forge.bump.second_projects import asked_version, second_projects
from dirac_forge.bump.skip_reasons import Current
from dirac_forge.bump.upstream_versions import SAME
from dirac_forge.bump.versions import Edited, MissingFileError, UnansweredError, edited
from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.feedstock.botconfig import Bot
from dirac_forge.feedstock.change import Skip
from dirac_forge.feedstock.read_recipe import recipe_of
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.proposals.patch_trials import absent_patches, tried_patches
from dirac_forge.proposals.recipe_builds import RecipeBuilds
from dirac_forge.proposals.releases import Case, ReleaseLookup, index_name
from dirac_forge.recipe.editing.build_number import raised_build_number
from dirac_forge.recipe.editing.edit import version_of
from dirac_forge.recipe.editing.notes import OldVersionLeft, old_series_notes, old_version_notes
from dirac_forge.recipe.editing.spellings import same_version
from dirac_forge.recipe.problem_words import problem_words
from dirac_forge.recipe.reading.recipe_text import RecipeError
from dirac_forge.untrusted import parse_version
from dirac_forge.upstream.choice import nearest
from dirac_forge.upstream.digests import Ask, Digests, chunks
from dirac_forge.upstream.files.requirements import exactly

if TYPE_CHECKING:
    from dirac_forge.proposals.drift import DriftLookup
    from dirac_forge.upstream.files.facts import CoreMetadata, ReleaseFacts
    from dirac_forge.upstream.lookup import Lookup

_SHARE = "Upstream calls its version {released}: one variable with that, for `version` and the URL, could be edited."
_MOST_TRIED = 4
"""Versions whose files are asked for before a feedstock is given up."""


class BumpMaker:
    """One run: what is asked of upstream is asked once."""

    def __init__(
        self,
        context: ProposalContext,
        executor: Executor,
        *,
        known: Mapping[str, Mapping[str, str]] | None = None,
        lookup: Lookup,
        drifting: DriftLookup | None = None,
        inspection: bool = False,
        channel: bool = True,
        changelogs: bool = False,
        moving: Callable[[FeedstockFolder], object] = lambda _: None,
        cooldown: Cooldown | None = None,
    ) -> None:
        """Take `known` hashes by URL, of files that need not be downloaded; without `drifting` requirements stay.

        With `channel` the global pinning may come from the channel's package.

        `inspection` leaves it to each conda-forge.yml whether requirements are changed. `moving` is
        called with a feedstock for which a version to move to is found, while its files are asked for.
        """
        self.context = context
        self.inspection = inspection
        self.changelogs = changelogs
        self._moving = moving
        self._cooldown = cooldown
        self.drifting = drifting
        self.executor = executor
        self._builds = RecipeBuilds(context, channel=channel)
        self.lookup = lookup
        self._given = bool(known)
        self.digests = Digests(known or {}, Ask(project=lookup.project, download=self.download))

    def foresee(self, folders: Iterable[FeedstockFolder]) -> None:
        """Prepare for the newest versions of these to be looked for."""
        if not self.context.settings.offline:
            self._looking.foresee(folders)

    def result(self, folder: FeedstockFolder, to: str = "") -> Bump | Skip:
        """Return what is proposed for a feedstock, at version `to` or the newest that fits; never raises ForgeError."""
        result = self._result(folder, to)
        if isinstance(result, Skip):  # a bump has a note of it
            for said in folder.warnings:
                self.context.observer.warned(said)
        return result

    def _result(self, folder: FeedstockFolder, to: str) -> Bump | Skip:
        current, upstream = "", SAME
        try:
            recipe = recipe_of(folder.texts, root=folder.path)
            for key in recipe.forge.unknown:
                self.context.observer.warned(key.message(folder.path / "conda-forge.yml"))
            path, text = folder.exact_recipe()
            settings, unbuilt = self._builds.of(recipe)
            current = version_of(text, path=str(folder.recipe_path), settings=settings)
            upstream = upstream_versions(text, path=str(folder.recipe_path), version=current, settings=settings)
            case = Case(folder, path, text, current, settings, recipe.forge.bot, unbuilt, upstream)
            result = self._moved(case, to) if to else self._newest(case)
            lags = isinstance(result, Skip) and isinstance(result.reason, Current)
            return (self._caught_up(case) or result) if lags else result
        except ForgeError as error:
            added = isinstance(error, RecipeError) and upstream != SAME and not to
            return Skip(
                feedstock=folder.name,
                branch=folder.branch or "main",
                reason=error.message,
                kind=_kind_of(error),
                hint=error.hint or (_SHARE.format(released=upstream.of(current)) if added else ""),
                current=current,
            )

    def _newest(self, case: Case) -> Bump | Skip:
        """Return the bump to the newest version that fits and whose files are there."""
        looked = self._looking.places(case)
        if isinstance(looked, Skip):
            return looked
        failed: MissingFileError | None = None
        refused: dict[Version, Objection] = {}
        while True:
            found = self._looking.newest(case, looked, refused)
            if isinstance(found, Skip):
                if failed is not None:
                    raise failed
                return found
            try:
                return self._moved(case, found.version, found)
            except MissingFileError as error:
                # A file may be late, or a release may have gone while it was read: the next one may do.
                failed = failed or error
                refused[found.number] = error.message
                if len(refused) >= _MOST_TRIED:
                    raise failed from error

    def _moved(self, case: Case, to: str, found: Newest | None = None) -> Bump | Skip:
        """Return the bump to version `to`, which is what was `found` where it was looked for."""
        if same_version(case.current, to):
            return case.skip(Current(version=case.current, asked=True))
        projects = projects_of(case.text, path=case.shown, version=case.released, settings=case.settings)
        if self.drifting is not None:
            # Asked for while hashes are looked up; whoever needs the answers waits for them, or says what is wrong.
            for version in (case.released, case.upstream.of(to)):
                self._facts(projects, version)
        self._moving(case.folder)
        commits, notes = ({}, ()) if self._given and found is None else self._looking.commits(case, to)
        done = self._edited_or_absent(case, to, projects, commits, asked=found is None)
        done, seconds = self._with_seconds(case, done, projects)
        made = bump_of(case.folder.name, case.branch, case.path, done, asked=found is None)
        made = replace(
            made,
            upstream=case.upstream,
            patches=patches_of(done.after, path=case.shown, settings=case.settings),
            tried=self._tried(case, done.after, given=found is None),
            notes=(*notes, *seconds, *made.notes, *_beside(case, done), *downgrade(case.current, done.new)),
        )
        if found is not None:
            made = _with_release(made, found)
        else:
            made = replace(made, notes=(*made.notes, *self._looking.asked_anyway(case, to, ask=not self._given)))
        made = replace(made, notes=(*made.notes, *_second_recipe(case.folder), *_ignored(case.bot)))
        if self.changelogs:
            from dirac_forge.proposals.changelogs import changelog_of  # noqa: PLC0415  # only requests have one

            made = replace(made, changelog=changelog_of(self.context, made, self._texts(projects, made.new_release)))
        return self._with_requirements(case, made, projects)

    def _edited_or_absent(
        self, case: Case, to: str, projects: Collection[str], commits: Mapping[str, str], *, asked: bool
    ) -> Edited:
        """Return the recipe at another version; where an index has no such version, that is a certain no."""
        try:
            return self._edited(case, case.text, to, projects, commits=commits)
        except (MissingFileError, UnansweredError) as error:
            absent = self._unreleased(projects, case.upstream.of(to)) if asked else {}
            if absent:  # a no, whatever other hosts would say
                raise MissingFileError("; ".join(absent), hint=" ".join(absent.values())) from error
            raise

    def _unreleased(self, projects: Iterable[str], to: str) -> dict[str, str]:
        """Return of each project that its index has no such release, with its nearest; {} if that is unknown."""
        found: dict[str, str] = {}
        version = parse_version(to)
        if version is None:
            return found
        index = index_name(self.context.settings)
        for name in projects:
            with suppress(ForgeError, ValueError):
                project = self.lookup.project(name)
                versions = [release.version for release in project.releases]
                if versions and version not in versions:
                    newest = max(versions, key=lambda each: (not each.is_prerelease, each))
                    said = f"{index} has no {project.name} {to}; the newest is {newest}"
                    found[said] = f"Nearest versions: {', '.join(map(str, nearest(project, version)))}."
        return found

    def _caught_up(self, case: Case) -> Bump | None:
        """Return what brings the recipe to upstream's state at its own version; None if it does not lag."""
        if self.drifting is None or not self.drifting.catch_up:
            return None
        projects = projects_of(case.text, path=case.shown, version=case.released, settings=case.settings)
        try:
            raised = raised_build_number(case.text, path=case.shown, by=1)
        except RecipeError:
            return None
        made = catch_up_of(case.folder.name, case.branch, case.path, case.text, raised, case.current)
        made = replace(made, upstream=case.upstream)
        made = self._with_requirements(case, made, projects) if projects else made
        return made if made.edited.after != raised else None

    def _tried(self, case: Case, after: str, *, given: bool) -> tuple[PatchResult, ...]:
        """Return the recipe's patches tried; where no source is to be downloaded, only those that are not there."""
        sources = patched_sources(after, path=case.shown, settings=case.settings)
        if (self._given and given) or self.context.settings.offline:
            return absent_patches(case.folder, sources)
        return tried_patches(case.folder, sources, http=self.context.http, place=self.digests.place)

    def _edited(
        self,
        case: Case,
        text: str,
        to: str,
        projects: Collection[str],
        *,
        commits: Mapping[str, str] = MappingProxyType({}),
        own: str = "",
    ) -> Edited:
        return edited(
            text,
            path=case.shown,
            to=to,
            files=self.digests,
            executor=self.executor,
            settings=case.settings,
            unbuilt=case.unbuilt,
            texts=lambda version: self._texts(projects, version),
            upstream=SAME if own else case.upstream,
            commits=commits,
            own=own,
        )

    def _with_seconds(
        self, case: Case, done: Edited, projects: Collection[str]
    ) -> tuple[Edited, tuple[SecondMoved | SecondLeft, ...]]:
        """Return the edit with other projects of the recipe moved to the versions that the new release requires."""
        notes: list[SecondMoved | SecondLeft] = []
        released = case.upstream.of(done.new)
        seconds = second_projects(done.before, done.after, path=case.shown, version=released, settings=case.settings)
        for second in seconds:
            left = SecondLeft(project=second.name, version=second.version, line=second.line)
            metadata, unread = self._metadata(projects, released)
            asked = asked_version(second.name, metadata)
            if asked is None:
                notes.append(replace(left, problem=unread))
                continue
            version, requirement = asked
            left = replace(left, requirement=str(requirement))
            if same_version(second.version, version):
                notes.append(left)
                continue
            try:
                other = self._edited(case, done.after, version, (second.name,), own=second.version)
            except InputError as error:  # an upstream that does not answer may do so later: the bump waits for it
                notes.append(replace(left, problem=error.message))
                continue
            done = _both(done, other, case.path)
            notes.append(
                SecondMoved(project=second.name, old=second.version, new=version, requirement=str(requirement))
            )
        return done, tuple(notes)

    def _metadata(self, projects: Iterable[str], version: str) -> tuple[list[CoreMetadata], str]:
        """Return the metadata of these releases, and why requirements are unknown; none if they are not compared."""
        found, problems = [], []
        for asked in self._facts(projects, version) if self.drifting is not None else ():
            try:
                facts = asked.result()
            except ForgeError as error:
                problems.append(error.message)
                continue
            found.append(facts.metadata)
            problems += (problem_words(one) for one in facts.problems if one.hides_requirements)
        return found, next(iter(problems), "")

    def _with_requirements(self, case: Case, made: Bump, projects: Iterable[str]) -> Bump:
        """Return the bump with what drifted, as far as whoever runs this and conda-forge.yml want it."""
        if self.drifting is None:
            return made
        wanted = case.bot.dependencies if self.inspection else None
        if wanted == "off":
            return replace(made, notes=(*made.notes, NotCompared(line=case.bot.lines.get("inspection", 0))))
        write = False if wanted == "report" else None
        done = self.drifting.of(made, projects, case.shown, case.settings, write=write)
        if wanted != "report" or not any(isinstance(note, NotCarried) for note in done.notes):
            return done
        hinted = OnlyHinted(inspection=case.bot.inspection or "", line=case.bot.lines.get("inspection", 0))
        return replace(done, notes=(hinted, *done.notes))

    def _texts(self, projects: Collection[str], version: str) -> dict[str, str]:
        """Return the text files in the sdists of these projects; nothing of those that can't be had."""
        found: dict[str, str] = {}
        for project, facts in zip(projects, self._facts(projects, version), strict=True):
            with suppress(ForgeError):
                sdist = facts.result().sdist
                texts = sdist.texts if sdist is not None else {}
                found |= {f"{project}/{path}": text for path, text in texts.items()}
        return found

    def _facts(self, projects: Iterable[str], version: str) -> list[Future[ReleaseFacts]]:
        return [self.executor.submit(self._release, project, version) for project in projects]

    def _release(self, project: str, version: str) -> ReleaseFacts:
        return self.lookup.facts(project, exactly(version))

    @cached_property
    def _looking(self) -> ReleaseLookup:
        return ReleaseLookup(self.context, self.executor, project=self.lookup.project, cooldown=self._cooldown)

    def download(self, url: str, limit: int) -> Iterator[bytes]:
        """Yield the bytes of a file."""
        with self.context.http.download(url, limit=limit) as file:
            yield from chunks(file)


def _both(first: Edited, second: Edited, path: str) -> Edited:
    """Return two successive edits of one recipe as one; only the last text shows what still has an old version."""
    kept = (note for note in first.notes if not isinstance(note, OldVersionLeft))
    series = old_series_notes(second.after, first.old, first.new, v1=path.endswith("recipe.yaml"))
    notes = (*kept, *old_version_notes(second.after, first.old), *series, *second.notes)
    return replace(
        first, after=second.after, digests=(*first.digests, *second.digests), notes=tuple(dict.fromkeys(notes))
    )


def _beside(case: Case, done: Edited) -> tuple[LeftBeside, ...]:
    """Return where files next to the recipe still name the old version or the old sources."""
    files = case.folder.beside
    renamed = renamed_files(done.before, done.after, path=case.shown, settings=case.settings) if files else ()
    return left_beside(files, case.upstream.of(done.old), renamed)


def _second_recipe(folder: FeedstockFolder) -> tuple[SecondRecipe, ...]:
    return (SecondRecipe(path=folder.second_recipe),) if folder.second_recipe else ()


def _kind_of(error: ForgeError) -> Literal["unknown", "no", "unreadable"]:
    """Return what an error says of a feedstock: nobody could tell, there is no such file, or it can't be edited."""
    match error:
        case UnknownError():
            return "unknown"
        case MissingFileError():
            return "no"
        case _:
            return "unreadable"


def _with_release(made: Bump, found: Newest) -> Bump:
    """Return a bump with what is known of the release that was found."""
    return replace(
        made,
        rejected=found.rejected,
        released=found.released,
        old_released=found.old_released,
        links=found.links,
        notes=(*made.notes, *found.notes),
    )


def _ignored(bot: Bot) -> tuple[IgnoredKey, ...]:
    """Return the keys of `bot:` that conda-forge.yml sets and that have no effect here."""
    wanted = bot.update_static_libs
    return (IgnoredKey(key="update_static_libs", line=bot.lines.get("update_static_libs", 0)),) if wanted else ()
