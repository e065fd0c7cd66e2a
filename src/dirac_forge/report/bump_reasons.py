"""Reasons of bumps as sentences without a full stop; their notes are in `bump_note_words`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from dirac_forge.build.patches import TriedPatch
from dirac_forge.bump import blockers, objections, part_reasons, patches, skip_reasons
from dirac_forge.bump.drift.carried import CompiledNow, TooLowPython
from dirac_forge.bump.new_needs import Awaited, Lack, NewNeed
from dirac_forge.bump.new_recipes import NewRecipe
from dirac_forge.bump.patches import PatchResult, UntriedPatch
from dirac_forge.bump.proposal import Bump
from dirac_forge.channel.listing import Availability
from dirac_forge.feedstock.change import Skip
from dirac_forge.proposals.decision_reasons import ChosenVersion
from dirac_forge.report.bump_note_words import conda_forge_yml, described
from dirac_forge.report.proof_words import broken_words, proof_words
from dirac_forge.report.wording import add_words, worded
from dirac_forge.upstream.sources import tag_reasons

__all__ = [
    "chosen",
    "described",
    "moved_text",
    "passed_over",
    "patch_result",
    "recipe_reason",
    "skip_text",
    "worded",
]

_SHOWN = 5
"""Versions that were passed over, according to the reason of a skip."""


def skip_text(skip: Skip) -> str:
    """Return why nothing is proposed."""
    return worded(skip.reason)


def chosen(bump: Bump) -> str:
    """Return why a bump goes to its version."""
    return worded(ChosenVersion.of(bump))


@worded.register
def _(reason: ChosenVersion) -> str:
    if not reason.moves:
        return f"The recipe is at {reason.version}, and its requirements are behind upstream's"
    if reason.waiting:
        return f"{reason.version} is the newest that is old enough ({'; '.join(passed_over(reason.waiting))})"
    return f"{reason.version} was requested" if reason.asked else f"{reason.version} is the newest that fits"


def moved_text(bump: Bump) -> str:
    """Return `1.0 → 1.1`, or `1.0, requirements` where the version stays."""
    return f"{bump.old} → {bump.new}" if bump.moves else f"{bump.new}, requirements"


def passed_over(versions: Sequence[objections.PassedOver]) -> tuple[str, ...]:
    """Return a sentence for each version, `2.0rc1: a pre-release`; neighbours with the same reason share one."""
    sentences = []
    for reason, group in groupby(versions, key=lambda one: one.reason):
        names = [str(one.version) for one in group]
        many = f"{names[-1]} to {names[0]} ({len(names)} versions)"
        sentences.append(f"{many if len(names) > 2 else ' and '.join(names)}: {worded(reason)}")
    return tuple(sentences)


def recipe_reason(new: NewRecipe) -> str:
    """Return why a new recipe is needed."""
    if new.lacks:
        why = f"{new.wanted_by} needs {', '.join(str(lack.need) for lack in new.lacks)}"
    else:
        why = f"{new.wanted_by} needs {', '.join(new.required_by)}, and that needs it"
    return f"{why}; the channel has no such package"


def patch_result(result: PatchResult) -> str:
    """Return what a person has to know of a patch on the new source, or "" if it simply applies."""
    match result:
        case UntriedPatch(reason=reason):
            return f"was not tried: {worded(reason)}"
        case TriedPatch(state="merged"):
            return "is in upstream's new source already: remove it"
        case TriedPatch(state="fuzzy", fuzz=fuzz):
            return f"applies with fuzz {fuzz} only: renew it"
        case TriedPatch(state="fails", reason=reason):
            return f"does not apply to the new source: renew or remove it{f' ({reason})' if reason else ''}"
        case _:
            return ""


add_words(
    {
        patches.OutsidePatch: "it is outside of the feedstock",
        patches.OversizedPatch: "it is larger than the limit for patches",
        patches.RepositoryPatch: "it is for a git source",
        objections.OffBranch: "it does not belong on this branch ({0.allowed})",
        objections.NotAfterRecipe: "as {0.version} in the recipe it would not be newer than {0.current}",
        objections.LooksLikeDate: "it looks like a date, and {0.current} does not",
        skip_reasons.VersionlessSources: "none of its sources has the version in its URL or tag",
        blockers.HelpingBump: "the targets accept it only together with the bump of {0.key}",
        tag_reasons.NotDiracTag: "the tag {0.tag} does not have the form vXrYpZ",
        tag_reasons.OtherSpelling: "the tag {0.tag} is not spelled like {0.example}",
        tag_reasons.NoVersionTag: "the tag {0.tag} is not a version",
        tag_reasons.UnorderedName: "{0.text} has no known order",
        tag_reasons.OwnTagMismatch: "the tag {0.tag} does not stand for {0.version}",
        tag_reasons.NoTags: "{0.place} has no tags",
        tag_reasons.NoOwnTag: "{0.place} has no tag of {0.version}, so the format of its tags is unknown",
    }
)


@worded.register
def _(reason: patches.AbsentPatch) -> str:
    return f"{reason.folder} has no such file" if reason.folder else "the repository has no such text file"


# -- versions that are passed over


@worded.register
def _(reason: objections.ExcludedVersion) -> str:
    return f"excluded by {conda_forge_yml(reason.line)}"


@worded.register
def _(reason: objections.TagNotAllowed) -> str:
    return f"its tag {reason.tag} matches none of the allowed_tag_globs ({conda_forge_yml(reason.line)})"


@worded.register
def _(reason: objections.OddVersion) -> str:
    return f"its second number is odd, so it is not a stable version ({conda_forge_yml(reason.line)})"


@worded.register
def _(reason: objections.UnkeptVersion) -> str:
    return (
        f"only {reason.fraction:g} of all versions are taken ({conda_forge_yml(reason.line)}), and the hash of "
        "feedstock and version leaves this one out"
    )


@worded.register
def _(reason: objections.LateRelease) -> str:
    return f"{', '.join(reason.there)} has it, {', '.join(reason.missing)} does not yet"


@worded.register
def _(reason: objections.PreRelease) -> str:
    return f"a pre-release, as {reason.by} says" if reason.by else "a pre-release"


@worded.register
def _(reason: objections.PlaceObjects) -> str:
    return f"{reason.place}: {reason.objection}" if reason.place else reason.objection


# -- skips


@worded.register
def _(reason: skip_reasons.Current) -> str:
    if reason.asked:
        return f"it is already at {reason.version}"
    unread = [reason.unread] if reason.unread is not None else []
    objects = f", and upstream objects to it: {worded(reason.objection)}" if reason.objection is not None else ""
    newest = f"{reason.version} is the newest release that fits{objects}"
    return _with_details(newest, reason.passed_over, *unread, *reason.notes)


@worded.register
def _(reason: skip_reasons.NoVersionOffered) -> str:
    newest = f"; its newest is {reason.newest}" if reason.newest is not None else ""
    return f"{reason.place} offers neither the version of the recipe nor a newer one{newest}"


@worded.register
def _(reason: skip_reasons.UnreadTags) -> str:
    last = worded(reason.reason)
    if not reason.more:
        return last
    return f"{last}, and {reason.more} more {'tag is' if reason.more == 1 else 'tags are'} ignored"


@worded.register
def _(reason: skip_reasons.NoReleaseFound) -> str:
    return _with_details(f"no release was found: {worded(reason.why)}", reason.passed_over, *reason.notes)


def _with_details(text: str, versions: Sequence[objections.PassedOver], *details: object) -> str:
    sentences = passed_over(versions)
    more = [f"and {len(sentences) - _SHOWN} more"] if len(sentences) > _SHOWN else []
    said = [*sentences[:_SHOWN], *more, *map(worded, details)]
    return f"{text} ({'; '.join(said)})" if said else text


@worded.register
def _(reason: skip_reasons.NoOrder) -> str:
    if reason.pep440:
        text = f"{reason.version} is not a version that PyPI can have (PEP 440), so no release counts as newer"
    else:
        text = f"{reason.version} has no known order, so no version counts as newer"
    return _with_details(text, (), *reason.notes)


@worded.register
def _(reason: skip_reasons.LineWithoutVersions) -> str:
    setting = f"feedstocks.{reason.feedstock}.branches"
    return f"the settings do not say which versions belong on {reason.branch}: {setting} has no such branch"


@worded.register
def _(reason: skip_reasons.UpdatesOff) -> str:
    return f"{conda_forge_yml(reason.line)} asks for no new versions (version_updates: skip)"


@worded.register
def _(reason: skip_reasons.AllowedSources) -> str:
    if not reason.sources:
        return f"{conda_forge_yml(reason.line)} allows versions from no source (`sources` is empty)"
    allowed = ", ".join(reason.sources)
    text = f"{conda_forge_yml(reason.line)} allows versions only from {allowed}; its source is {reason.source}"
    return f"{text} ({', '.join(reason.unsupported)} can't be used here)" if reason.unsupported else text


@worded.register
def _(reason: skip_reasons.StillBlocked) -> str:
    return "; ".join(map(worded, reason.by))


# -- blockers


@worded.register
def _(reason: Awaited) -> str:
    package = reason.need.package
    has = f"the channel has {package} {reason.newest}" if reason.newest else f"the channel has no {package}"
    brings = f"the recipe of {reason.key} makes" if reason.merged else f"the bump of {reason.key} brings"
    return f"{reason.need} ({reason.need.section} of {reason.need.output}): {has}, {brings} {reason.version}"


@worded.register
def _(reason: Lack) -> str:
    need = reason.need
    offers = "".join(f", and the bump of {by} brings {version}" for by, version in reason.offered)
    return f"{need} ({need.section} of {need.output}): {_standing(need, reason.availability)}{offers}"


def _standing(need: NewNeed, availability: Availability) -> str:
    """Return what the channel has of a requirement that it does not satisfy."""
    match availability:
        case Availability(status="outdated", newest=newest):
            return f"the channel has {need.package} up to {newest}"
        case Availability(status="missing"):
            return f"the channel has no {need.package}"
        case Availability(as_of=day, newest=newest) if day is not None:
            has = f"{need.package} up to {newest}" if newest else f"no {need.package}"
            return f"the embedded snapshot ({day}) has {has}; conda-forge may have it"
        case _ if need.known:
            version = "; whether it has this version is unknown" if need.spec else ""
            return f"this channel has no {need.package}; conda-forge should have it ({worded(need.partial)}){version}"
        case _:
            why = f": {worded(need.partial)}" if need.partial is not None else ""
            return f"whether {need.package} exists is unknown{why}"


@worded.register
def _(reason: CompiledNow) -> str:
    compilers = ", ".join(f"compiler('{language}')" for language in reason.languages)
    if "rust" in reason.languages:
        compilers += ", cargo-bundle-licenses"
    return (
        f"{reason.output} can't stay noarch: {reason.evidence.text}; by hand: remove `noarch: python`, add {compilers} "
        "and stdlib('c') to build, remove the bounds of python from host and run, rerender"
    )


@worded.register
def _(reason: TooLowPython) -> str:
    remedy = "; --dependencies update raises it" if reason.update else ""
    return (
        f"the build would fail: {reason.output} is built with Python {reason.has}, and the new release needs "
        f"{reason.wants} ({reason.evidence}){remedy}"
    )


@worded.register
def _(reason: blockers.WorseTargets) -> str:
    return proof_words(reason.reason)


@worded.register
def _(reason: blockers.NeverUsable) -> str:
    found = reason.environment
    done = "installed" if found.part == "run" else "built"
    return f"{found.output} can't be {done} in any variant: {broken_words(found)}"


@worded.register
def _(reason: blockers.FailedBuild) -> str:
    from dirac_forge.report.build_failures import failed_build  # noqa: PLC0415  # only if something was built

    return failed_build(reason.evidence)


# -- what a channel lacks that is only a part


add_words(
    {
        part_reasons.UsualBackend: "it is a common build backend",
        part_reasons.ListedName: "it is in a table of known names",
        part_reasons.InSnapshot: "the embedded snapshot of conda-forge has it",
        part_reasons.LacksOther: "the channel lacks {0.package} too, which the recipe needed before",
        part_reasons.LacksTool: "the channel lacks {0.package} too, which feedstocks are built with",
    }
)


@worded.register
def _(reason: part_reasons.NeededBefore) -> str:
    return f"the recipe of {reason.by} needed it before" if reason.by else "the recipe needed it before"


# -- tags that are no version


add_words({tag_reasons.OverlongTag: "it is too long to be a version"})
