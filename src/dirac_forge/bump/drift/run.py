"""Requirements that upstream changed, carried over to an output's run list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from packaging.utils import canonicalize_name

from dirac_forge.bump.drift.carried import CarriedReason
from dirac_forge.bump.drift.catching_up import add_lagging, raise_lagging
from dirac_forge.bump.drift.clauses import clauses_of, implied, same
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.drift_notes import DriftNoteKind
from dirac_forge.bump.drift.held_extras import Requiring, held_extras
from dirac_forge.bump.drift.lines import OutputLines, RequirementLine
from dirac_forge.bump.drift.needs import NEVER, UpstreamNeed, extras_named, mentioned, needs_of, only_extra
from dirac_forge.bump.drift.new_output import JoiningFamily
from dirac_forge.bump.drift.unknowns import UnknownPart, unknown_run
from dirac_forge.recipe.making.expansion import Providers
from dirac_forge.recipe.notes import Level
from dirac_forge.recipe.reading.recipe_text import Section
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import CoreMetadata, ReleaseFacts

_BACKPORTS = frozenset(
    [
        "argparse",
        "backports-functools-lru-cache",
        "configparser",
        "contextvars",
        "dataclasses",
        "enum34",
        "funcsigs",
        "functools32",
        "futures",
        "ordereddict",
        "pathlib2",
        "singledispatch",
        "subprocess32",
        "typing",
        "unittest2",
    ]
)
"""Projects whose modules are in the standard library of every Python that a channel builds for."""
_TEST_TOOLS = frozenset(
    ["coverage", "hypothesis", "mock", "nose", "nose2", "parameterized", "pytest", "testfixtures", "tox", "unittest2"]
)
_TEST_PLUGINS = ("pytest-", "nose-", "tox-")


def run_drift(
    draft: DriftDraft,
    output: OutputLines,
    old: ReleaseFacts,
    new: ReleaseFacts,
    *,
    scopes: tuple[Scope, Scope],
    built: Scope,
    providers: Providers,
    satellite: bool,
    family: JoiningFamily,
    exists: Callable[[str], bool] = lambda _: True,
    catch_up: bool = False,
) -> None:
    """Carry over what changed in Requires-Dist.

    What is new and does not exist on the index (a misspelling), or is a tool for tests where the recipe does not run
    `pip check`, is only reported.

    `scopes` are what the recipe serves before and after, `built` what the channel builds for: a floor of the recipe may
    be lower. A `satellite` (an output around another of the same project) has no part in the plain requirements, only
    in the extras that it holds.
    """
    unknown = unknown_run(draft, output.output.name, old, new)
    base, *extras = [
        _RunMerge(draft, output, *asked, unknown=unknown)
        for asked in _asked(output, old.metadata, new.metadata, scopes=scopes, providers=providers)
    ]
    held = held_extras(draft, output, base, extras)
    touched: set[str] = set()
    for merge in held if satellite else [base, *held]:
        merge.add_and_follow(built, family, exists)
        merge.remove(mentioned(new.metadata))
        touched |= _touched(merge.old, merge.new)
    edited = draft.edited(output, "run")
    if edited:
        _drop_duplicates(draft, output, "run", touched)
    if satellite:
        return
    if catch_up or edited:
        raise_lagging(draft, output, base.old, base.new, bare=catch_up)
    if catch_up:
        add_lagging(draft, output, base.old, base.new, lambda need: base.why_not(need, built, exists))


def _asked(
    output: OutputLines,
    before: CoreMetadata,
    after: CoreMetadata,
    *,
    scopes: tuple[Scope, Scope],
    providers: Providers,
) -> Iterator[tuple[Requiring, dict[str, UpstreamNeed], dict[str, UpstreamNeed]]]:
    """Yield what the release requires in both versions, then what each of its extras adds."""
    noarch, every_python = output.output.noarch is not None, output.output.version_independent
    old = needs_of(before.requires_dist, scopes[0], providers, noarch=noarch, every_python=every_python)
    new = needs_of(after.requires_dist, scopes[1], providers, noarch=noarch, every_python=every_python)
    yield Requiring(), old, new
    for extra in extras_named(before):
        yield (
            Requiring(extra=extra),
            only_extra(before, extra, scopes[0], providers, noarch=noarch, every_python=every_python, base=old),
            only_extra(after, extra, scopes[1], providers, noarch=noarch, every_python=every_python, base=new),
        )


def _touched(old: Mapping[str, UpstreamNeed], new: Mapping[str, UpstreamNeed]) -> set[str]:
    """Return names of what upstream changed, in every spelling that a recipe may have."""
    changed = [need for key, need in new.items() if key not in old or old[key].lines != need.lines]
    return {key for need in changed for key in need.keys}


class _RunMerge:
    """What upstream (or one of its extras) requires in both releases, against an output's lines."""

    def __init__(
        self,
        draft: DriftDraft,
        output: OutputLines,
        requiring: Requiring,
        old: dict[str, UpstreamNeed],
        new: dict[str, UpstreamNeed],
        *,
        unknown: UnknownPart,
    ) -> None:
        self.draft = draft
        self.output = output
        self.requiring = requiring
        self.unknown = unknown
        self.old = old
        self.new = new
        self.name = output.output.name
        self.sections: tuple[Section, ...] = ("run", "host") if _mirrored(output, old) else ("run",)

    def add_and_follow(self, built: Scope, family: JoiningFamily, exists: Callable[[str], bool]) -> None:
        """Carry over what is new, and bounds that moved."""
        for need in (need for key, need in self.new.items() if key not in NEVER):
            was = self._before(need)
            if need.urls and (was is None or was.urls != need.urls):
                self._tell_url(need)
            if was is None:
                self._take_new(need, built, family, exists)
            elif was.lines != need.lines and not need.urls and need.keys.isdisjoint(self.unknown.versions):
                for line in self.output.named(need.keys, self.sections):
                    followed(self.draft, self.name, line, was, need)

    def _tell_url(self, need: UpstreamNeed) -> None:
        """Tell that upstream wants a file or a commit, which no version of a package is known to be."""
        self.draft.note("warning", "url-required", self.name, package=need.package, evidence=need.evidence)

    def _before(self, need: UpstreamNeed) -> UpstreamNeed | None:
        """Return what upstream asked for of the same package, under this name or another one."""
        same = self.old.get(canonicalize_name(need.package))
        return same or next((other for other in self.old.values() if other.keys & need.keys), None)

    def _take_new(self, need: UpstreamNeed, built: Scope, family: JoiningFamily, exists: Callable[[str], bool]) -> None:
        if why := self.why_not(need, built, exists):
            self.draft.note(*why, self.name, tells=("run", need.package), package=need.package, evidence=need.evidence)
        else:
            self._add(need, family.pin if family.sibling(need) else "")

    def why_not(
        self, need: UpstreamNeed, built: Scope, exists: Callable[[str], bool]
    ) -> tuple[Level, DriftNoteKind] | None:
        """Return the level and kind of a note on why something new is not added; None if it is added."""
        if need.keys & _BACKPORTS:
            return "info", "backport"
        if need.pythons.isdisjoint(built.pythons):
            return "info", "old-pythons"
        if not any(map(exists, need.projects)):
            return "warning", "no-project"
        return ("warning", "test-tool") if self._tool_for_tests(need) else None

    def _tool_for_tests(self, need: UpstreamNeed) -> bool:
        listed = any(_is_test_tool(line.key) for line in self.output.of("run"))
        return any(map(_is_test_tool, need.keys)) and not listed and not self.draft.checks_with_pip

    def _add(self, need: UpstreamNeed, pin: str) -> None:
        for section in self.sections:
            _added(self.draft, self.output, need, section, self.requiring, pin)

    def remove(self, mentioned: frozenset[str]) -> None:
        """Take out what upstream no longer asks for; what it still `mentioned` elsewhere stays."""
        for key, need in () if self.unknown.more else self.old.items():
            if key in self.new or key in NEVER or any(need.keys & other.keys for other in self.new.values()):
                continue
            elsewhere = not mentioned.isdisjoint(canonicalize_name(project) for project in need.projects)
            for line in self.output.named(need.keys | need.stand_ins, self.sections):
                self._remove(line, need, elsewhere=elsewhere)

    def _remove(self, line: RequirementLine, need: UpstreamNeed, *, elsewhere: bool) -> None:
        if elsewhere:
            self.draft.note(
                "info",
                "required-elsewhere",
                self.name,
                package=line.name,
                requiring=str(self.requiring),
                evidence=need.evidence,
            )
            return
        project = need.project
        reason = CarriedReason(kind="no-longer-asked", extra=self.requiring.extra)
        self.draft.remove(self.name, line, need.evidence, reason, project=project)


def _is_test_tool(key: str) -> bool:
    return key in _TEST_TOOLS or key.startswith(_TEST_PLUGINS)


def _mirrored(output: OutputLines, needs: Mapping[str, UpstreamNeed]) -> bool:
    """Whether host lists everything that upstream requires at run time, too (two packages at least)."""
    host = {line.key for line in output.of("host")}
    run = [need for need in needs.values() if output.named(need.keys)]
    return len(run) > 1 and all(need.keys & host for need in run)


def _added(
    draft: DriftDraft, output: OutputLines, need: UpstreamNeed, section: Section, requiring: Requiring, pin: str
) -> None:
    name = output.output.name
    if _is_listed(draft, output, need, section):
        return
    for when, spec in need.lines.values():
        if when is not None and output.output.noarch is not None:
            draft.note(
                "todo",
                "some-systems",
                name,
                tells=(section, need.package),
                requirement=f"{need.package} {spec}",
                evidence=need.evidence,
            )
            continue
        draft.add(
            output,
            section,
            need.package,
            pin if pin and when is None else spec,
            evidence=need.evidence,
            reason=CarriedReason(kind="asked-now", extra=requiring.extra),
            when=when,
            project=need.project,
            optional=need.marked or bool(requiring.extra),
        )


def _is_listed(draft: DriftDraft, output: OutputLines, need: UpstreamNeed, section: Section) -> bool:
    """Return whether a section has a requirement; lines of it that hold for no Python any more are removed."""
    here = [line for line in output.lines if line.key in need.keys | need.stand_ins]
    own = [line for line in here if line.section == section]
    if not all(line.dead for line in own) or any(line.kind == "pin_subpackage" for line in here):
        return True
    for line in own:
        draft.remove(output.output.name, line, "", CarriedReason(kind="dead-condition"))
    return False


def followed(
    draft: DriftDraft, output: str, line: RequirementLine, was: UpstreamNeed, now: UpstreamNeed, *, lift: bool = True
) -> None:
    """Follow a changed spec of upstream's in a line, under the condition that the line has.

    Without `lift` a lower bound of the maintainers' own stays below upstream's.
    """
    for old, new in _moves_of(line, was, now)[:1]:
        draft.follow(output, line, old, new, now.evidence, project=now.project, lift=lift)


def _moves_of(line: RequirementLine, was: UpstreamNeed, now: UpstreamNeed) -> list[tuple[str, str]]:
    """Return the specs before and now that a line may stand for, those first that it says."""
    pairs = [(spec, now.lines[key][1]) for key, (_, spec) in was.lines.items() if key in now.lines]
    if fitting := [pair for pair in pairs if _says(line, pair[0])]:
        return fitting
    if was.everywhere is not None and now.everywhere is None and len(now.lines) == 1:  # narrowed
        return [(was.everywhere, spec) for _, spec in now.lines.values()]
    return pairs


def _says(line: RequirementLine, spec: str) -> bool:
    """Whether a line has exactly the bounds of a spec."""
    mine = clauses_of(line.spec)
    return mine is not None and same(mine, clauses_of(spec) or ())


def _drop_duplicates(draft: DriftDraft, output: OutputLines, section: Section, touched: set[str]) -> None:
    """Remove lines that another line for the same package makes needless, in a list that is edited anyway.

    One that asks for exactly as much goes only where upstream changed the package (`touched`).
    """
    kept: dict[str, list[RequirementLine]] = {}
    for line in output.of(section):
        if line.kind == "package" and not line.conditional and not draft.gone(line):
            kept.setdefault(line.key, []).append(line)
    for key, lines in kept.items():
        for line in lines[::-1]:
            others = [other for other in lines if other is not line]
            if _needless(draft, line, others, equal=key in touched):
                lines.remove(line)
                draft.remove(output.output.name, line, "", CarriedReason(kind="listed-twice"))
                draft.withdraw("bound-of-maintainers", output.output.name, f"{line.name} {line.spec}")


def _needless(draft: DriftDraft, line: RequirementLine, others: Sequence[RequirementLine], *, equal: bool) -> bool:
    """Whether one of the others asks for more, or with `equal` for as much."""
    weak = clauses_of(draft.spec(line))
    strong = (clauses_of(draft.spec(other)) for other in others)
    return weak is not None and any(
        clauses is not None and implied(weak, clauses) and (equal or not same(weak, clauses)) for clauses in strong
    )
