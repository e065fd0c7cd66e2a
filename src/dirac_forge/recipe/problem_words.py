"""What is odd about the files of a release, in words: notes on a recipe, which are comments in it too."""

from __future__ import annotations

from dirac_forge.recipe.notes import filled
from dirac_forge.upstream.problems import Problem, ProblemKind

WORDS: dict[ProblemKind, str] = {
    "appears-again": "{about}: {what!r} appears twice",
    "appears-twice": "{about}: {what!r} appears twice: the first counts",
    "computed-version": "{about}: the version is computed when it is built; {what} stands for it",
    "computed-version-tagged": "{about}: the version is computed when it is built; that of the tag {what} is taken",
    "description-unread": "{about} could not be read: it may have a summary, a licence and URLs",
    "device": "{about}: {what!r} is a device or pipe: left out",
    "fields-cut": "{about} has more than {what} of fields: the rest was left out",
    "from-description": "{names}: not in the files, from the index's description",
    "given-twice": "{about}: {what} is given {count} times (the first is used)",
    "leads-out": "{about}: {what!r} leads out of the archive: left out",
    "left-out": "{about} is left out: {what}",
    "link-leads-out": "{about}: the link {what!r} leads out of the archive: not followed",
    "modules-left-out": "{about} has so many modules that {count} were left out: what they import is unknown",
    "needs-python": "{about} needs Python {what}, the channel has {other}",
    "newest-without-sdist": "{about} has no sdist on the index. The newest release that has one is {other}: "
    "`dirac-forge recipe {what}=={other}` takes it, and `dirac-forge bump` stops at it if the recipe uses an sdist",
    "no-sdist": "{about} has no source archive on the index",
    "no-wheel": "{about} has no wheel for Python 3",
    "nothing-static": "no file of {about} says statically what it needs; fill in {names}",
    "not-fields": "{about} has lines that are not fields ({count})",
    "not-plain": "{about}: {what!r} is not a plain path: left out",
    "not-pep508": "{about}: requirement {what} is not as PEP 508 says",
    "not-utf8": "{about}: {what} is not UTF-8 (read as Latin-1)",
    "only-pre-releases": "{about} is a pre-release: {other} has no final release that fits",
    "other-file": "the index has another {about} than the one that was given: the index's is the source",
    "other-python": "{about} says Requires-Python {said:or nothing}, {other} says {names:or nothing}",
    "outside": "{about}: files outside of {what} are left out",
    "pre-release": "{about} is a pre-release",
    "requirement": "{about}: {what}",
    "required-by-one": "{about} requires {names}; {other} does not",
    "requirements-computed": "the requirements are not known: {about} computes them when it is built",
    "requirements-open": "the requirements may be more or others: {about} computes them when it is built",
    "requires-python": "{about}: Requires-Python {what} can't be read",
    "several-dist-infos": "{about} has more than one .dist-info folder",
    "too-large": "{about} is too large to be read ({count} bytes)",
    "unread": "{about} can't be read: {what}",
    "unread-archive": "{what}",
    "yanked": "{about} was yanked upstream: {said:or no reason is given}",
}


def problem_words(problem: Problem) -> str:
    """Return a problem as a sentence without a full stop."""
    said = (problem.what,) if problem.what else ()
    facts = {"about": problem.about, "what": problem.what, "said": said, "other": problem.other, "names": problem.names}
    return filled(WORDS[problem.kind], (*facts.items(), ("count", str(problem.count))))
