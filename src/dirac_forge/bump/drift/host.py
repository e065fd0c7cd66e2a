"""What upstream builds with, carried over to an output's host list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from packaging.utils import canonicalize_name

from dirac_forge.bump.drift.carried import CarriedReason
from dirac_forge.bump.drift.clauses import highs, same
from dirac_forge.bump.drift.crossing import add_crossed
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import OutputLines, RequirementLine
from dirac_forge.bump.drift.needs import NEVER, UpstreamNeed, needs_of
from dirac_forge.bump.drift.projects import has_wheel
from dirac_forge.bump.drift.run import followed
from dirac_forge.bump.drift.unknowns import UnknownPart, named, unknown_host
from dirac_forge.recipe.making.compiled import Nature
from dirac_forge.recipe.making.expansion import Providers
from dirac_forge.recipe.making.hosts import BACKENDS, build_backend, build_requirements
from dirac_forge.recipe.reading.recipe_text import Section
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import ReleaseFacts, SdistFacts

_FRONTENDS = {"flit-core": "flit", "hatchling": "hatch", "pdm-backend": "pdm", "poetry-core": "poetry"}
"""Build backend to the program that brings it along: recipes list either."""


def host_drift(
    draft: DriftDraft,
    output: OutputLines,
    old: ReleaseFacts,
    new: ReleaseFacts,
    *,
    natures: tuple[Nature, Nature],
    scope: Scope,
    providers: Providers,
) -> None:
    """Carry over what changed in the requirements of the build; `natures` say what both releases are compiled with.

    A backend that goes is replaced by the one that comes, and bounds move; what the recipe lists bare stays bare. What
    a noarch package's backend needs besides is only reported: an sdist often builds without it. Recipes older than host
    have these lines in build.
    """
    if old.sdist is None or new.sdist is None:
        if output.of("host") and not has_wheel(output):
            lacking = (named(one) for one in (old, new) if one.sdist is None)
            draft.note("info", "sdist-missing", output.output.name, releases=lacking)
        return
    merging = _HostMerge(draft, output, old.sdist, new.sdist, scope, providers)
    if not merging.editable:
        return
    merging.unknown = unknown_host(draft, output.output.name, new, build_requirements(new.sdist))
    merging.remove()
    for key in (key for key in merging.after if key not in NEVER):
        merging.follow(key)
    if output.output.noarch is None:
        _compiled(draft, output, *natures)


class _HostMerge:
    """The requirements of the build in both releases, against an output's lines."""

    def __init__(
        self,
        draft: DriftDraft,
        output: OutputLines,
        old: SdistFacts,
        new: SdistFacts,
        scope: Scope,
        providers: Providers,
    ) -> None:
        self.draft = draft
        self.output = output
        self.section: Section = "host" if output.of("host") else "build"
        self.lines = [line for line in output.of(self.section) if line.kind == "package"]
        noarch = output.output.noarch is not None
        self.before = needs_of(build_requirements(old), scope, providers, noarch=noarch)
        self.after = needs_of(build_requirements(new), scope, providers, noarch=noarch)
        self.named = {canonicalize_name(one.name) for one in build_requirements(new)}
        self.unknown = UnknownPart()
        self.needed = _backend(old) != _backend(new) or not noarch

    @property
    def editable(self) -> bool:
        """Whether the list is one of what upstream builds with."""
        compiled = self.section == "build" and any(line.kind == "compiler" for line in self.output.of("build"))
        return bool(self.lines) and not compiled

    def remove(self) -> None:
        """Take out what upstream builds without now, if all is known that it builds with."""
        if self.unknown.more:
            return
        runs = {line.key for line in self.output.of("run") if not self.draft.gone(line)}
        for key, need in self.before.items():
            if key == "python" or key in self.after or need.keys & self.named:
                continue
            keys = {*need.keys, _FRONTENDS.get(key)}
            crossed = (line for line in self._crossed(need) if line.conditional)
            for line in (*(line for line in self.lines if line.key in keys), *crossed):
                self._remove(line, need, stays=key in NEVER or line.key in runs)

    def _remove(self, line: RequirementLine, need: UpstreamNeed, *, stays: bool) -> None:
        name = self.output.output.name
        if stays:
            self.draft.note(
                "info", "built-without", name, section=line.section, package=line.name, evidence=need.evidence
            )
        else:
            reason = CarriedReason(kind="not-built-with")
            self.draft.remove(name, line, need.evidence, reason, project=need.project)

    def follow(self, key: str) -> None:
        """Move or add what upstream builds with, where that changed."""
        need, was = self.after[key], self.before.get(key)
        if was is None and not self._listed({*need.keys, _FRONTENDS.get(key, key)}):
            self._add(need)
        elif was is not None and was != need and need.keys.isdisjoint(self.unknown.versions):
            # Recipes list the backend itself without a version.
            self._move(was, need, gains=was.everywhere == "" and key not in BACKENDS.values())

    def _move(self, was: UpstreamNeed, need: UpstreamNeed, *, gains: bool) -> None:
        """Move the bounds of the lines for a tool; with `gains` also of those without one."""
        for line in (*self._listed(need.keys), *self._crossed(need)):
            if line.spec or gains:
                # A build takes the newest tool there is: a looser bound of the maintainers' own does no harm. Where the
                # upper one moves, the line is edited anyway, and says all that upstream does.
                followed(self.draft, self.output.output.name, line, was, need, lift=_upper_moved(line, was, need))

    def _listed(self, keys: Collection[str]) -> list[RequirementLine]:
        return [line for line in self.lines if line.key in keys]

    def _crossed(self, need: UpstreamNeed) -> list[RequirementLine]:
        """Return the lines in build, where cross-compiling recipes list a tool of host, too."""
        return [line for line in self.output.of("build") if self.section == "host" and line.key in need.keys]

    def _add(self, need: UpstreamNeed) -> None:
        if self.needed:
            bare = _bare(self.before, self.lines)
            _add(self.draft, self.output, self.section, need, bare)
            if self.section == "host" and not self._crossed(need):
                add_crossed(self.draft, self.output, need, bare=bare)
        else:
            name, asked = self.output.output.name, need.package
            self.draft.note("todo", "built-with-too", name, tells=("host", asked), evidence=need.evidence)


def _compiled(draft: DriftDraft, output: OutputLines, old: Nature, new: Nature) -> None:
    """Add the programs that the build runs now and did not before; report compilers and libraries."""
    name = output.output.name
    here = {line.key for line in output.lines if line.section in {"build", "host"}}
    for program in sorted(set(new.programs) - set(old.programs) - here):
        draft.add(output, "build", program, "", evidence="", reason=CarriedReason(kind="program-run"))
    languages = sorted(set(new.languages) - set(old.languages))
    if languages and old.languages:
        draft.note("todo", "languages-new-rust" if "rust" in languages else "languages-new", name, languages=languages)
    libraries = sorted(set(new.libraries) - set(old.libraries) - here)
    if libraries:
        draft.note("todo", "libraries-new", name, libraries=libraries)


def _upper_moved(line: RequirementLine, was: UpstreamNeed, need: UpstreamNeed) -> bool:
    """Whether upstream's upper bound moved, and the line has one to follow with."""
    before, after = (highs(one.everywhere or "") for one in (was, need))
    return bool(highs(line.spec)) and not same(before, after)


def _backend(sdist: SdistFacts) -> str:
    return build_backend(sdist).partition(":")[0].partition(".")[0]


def _bare(before: Mapping[str, UpstreamNeed], lines: Sequence[RequirementLine]) -> bool:
    """Whether the recipe lists tools without the bounds that upstream had for them."""
    bounded = [need for need in before.values() if need.everywhere]
    theirs = [line for need in bounded for line in lines if line.key in need.keys]
    return bool(theirs) and not any(line.spec for line in theirs)


def _add(draft: DriftDraft, output: OutputLines, section: Section, need: UpstreamNeed, bare: bool) -> None:
    if bare:  # as the recipe lists its tools: a build takes the newest there is
        draft.told.add((output.output.name, section, canonicalize_name(need.package)))
    for when, spec in need.lines.values():
        draft.add(
            output,
            section,
            need.package,
            "" if bare else spec,
            evidence=need.evidence,
            reason=CarriedReason(kind="built-with"),
            when=when,
            project=need.project,
        )
