"""What a release does not say so that it can be read: it is unknown, and nothing leaves a recipe because of it."""

from __future__ import annotations

from collections.abc import Iterable

from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.recipe.making.expansion import malformed_names
from dirac_forge.untrusted import parse_specifiers
from dirac_forge.upstream.files.declared import table
from dirac_forge.upstream.files.facts import CoreMetadata, ReleaseFacts
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.values import dataclass

_SCRIPTS = {"entry-points", "gui-scripts", "scripts"}


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownPart:
    """What of a list of requirements is unknown."""

    versions: frozenset[str] = frozenset()
    """Projects, normalised, of which a version is required that can't be read."""
    more: bool = False
    """Whether others may be required."""

    @classmethod
    def of(cls, requirements: RequirementList, *, more: bool) -> UnknownPart:
        """Return it for a list of which is known whether there may be `more`."""
        versions = malformed_names(requirements)
        return cls(versions=frozenset(versions), more=more or len(versions) < len(requirements.problems))


def tell_unread(draft: DriftDraft, releases: Iterable[ReleaseFacts]) -> None:
    """Tell of the files that could not be read."""
    if files := dict.fromkeys(file for release in releases for file in release.unread):
        draft.note("warning", "upstream-unread", files=files)


def unknown_run(draft: DriftDraft, output: str, old: ReleaseFacts, new: ReleaseFacts) -> UnknownPart:
    """Tell what is unknown of the requirements of both releases; return it for the new one."""
    computed = [one for one in (old, new) if _computes(one)]
    if computed:
        draft.note("warning", "requirements-computed", output, releases=map(named, computed))
    _tell_malformed(draft, output, new.metadata.requires_dist)
    return UnknownPart.of(new.metadata.requires_dist, more=_computes(new))


def _computes(release: ReleaseFacts) -> bool:
    return "requires-dist" in release.metadata.dynamic


def named(release: ReleaseFacts) -> str:
    """Return project and version."""
    return f"{release.release.project} {release.release.version}"


def unknown_host(draft: DriftDraft, output: str, new: ReleaseFacts, requirements: RequirementList) -> UnknownPart:
    """Tell what is unknown of the requirements of the new build; return it."""
    _tell_malformed(draft, output, requirements)
    return UnknownPart.of(requirements, more=bool(new.unread))


def _tell_malformed(draft: DriftDraft, output: str, requirements: RequirementList) -> None:
    for problem in requirements.problems:
        draft.note("warning", "requirement-malformed", output, problem=problem)


def tell_unknown_python(draft: DriftDraft, output: str, old: CoreMetadata, new: CoreMetadata) -> bool:
    """Return whether the Pythons that upstream admits now are unknown, and tell so if they were known before."""
    said = new.requires_python or ""
    if parse_specifiers(said) is not None and not (not said and "requires-python" in new.dynamic):
        return False
    if said or old.requires_python:
        draft.note("warning", "python-unknown", output, requires=(said,) if said else ())
    return True


def knows_commands(facts: ReleaseFacts) -> bool:
    """Whether the commands of a release are all that it has."""
    if facts.wheel is not None:
        return not any(problem.unread for problem in facts.wheel.problems)
    sdist = facts.sdist
    if sdist is None:
        return False
    named = table(sdist.pyproject, "project").get("dynamic")
    computed = _SCRIPTS.intersection(map(str, named if isinstance(named, list) else ()))
    unread = any(problem.unread for problem in sdist.problems)
    return bool(sdist.entry_points) or not (unread or computed or sdist.setup.get("entry_points", "") is None)
