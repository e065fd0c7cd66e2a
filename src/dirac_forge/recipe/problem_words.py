"""What is odd about the files of a release, in words: notes on a recipe, which are comments in it too."""

from __future__ import annotations

from dirac_forge.recipe.notes import filled
from dirac_forge.upstream.problems import Problem, ProblemKind

WORDS: dict[ProblemKind, str] = {
    "appears-again": "{file}: {what!r} appears twice",
    "appears-twice": "{file}: {what!r} appears twice: the first counts",
    "computed-version": "{file}: the version is computed when it is built; {what} stands for it",
    "computed-version-tagged": "{file}: the version is computed when it is built; that of the tag {what} is taken",
    "description-unread": "{file} could not be read: it may have a summary, a licence and URLs",
    "device": "{file}: {what!r} is a device or pipe: left out",
    "fields-cut": "{file} has more than {what} of fields: the rest was left out",
    "from-description": "{names}: not in the files, from the index's description",
    "given-twice": "{file}: {what} is given {count} times (the first is used)",
    "leads-out": "{file}: {what!r} leads out of the archive: left out",
    "left-out": "{file} is left out: {what}",
    "link-leads-out": "{file}: the link {what!r} leads out of the archive: not followed",
    "modules-left-out": "{file} has so many modules that {count} were left out: what they import is unknown",
    "needs-python": "{file} needs Python {what}, the channel has {other}",
    "no-sdist": "{file} has no source archive on the index",
    "no-wheel": "{file} has no wheel for Python 3",
    "nothing-static": "no file of {file} says statically what it needs; fill in {names}",
    "not-fields": "{file} has lines that are not fields ({count})",
    "not-plain": "{file}: {what!r} is not a plain path: left out",
    "not-pep508": "{file}: requirement {what} is not as PEP 508 says",
    "not-utf8": "{file}: {what} is not UTF-8 (read as Latin-1)",
    "only-pre-releases": "{file} is a pre-release: {other} has no final release that fits",
    "other-file": "the index has another {file} than the one that was given: the index's is the source",
    "other-python": "{file} says Requires-Python {said:or nothing}, {other} says {names:or nothing}",
    "outside": "{file}: files outside of {what} are left out",
    "pre-release": "{file} is a pre-release",
    "requirement": "{file}: {what}",
    "required-by-one": "{file} requires {names}; {other} does not",
    "requirements-computed": "the requirements are not known: {file} computes them when it is built",
    "requirements-open": "the requirements may be more or others: {file} computes them when it is built",
    "requires-python": "{file}: Requires-Python {what} can't be read",
    "several-dist-infos": "{file} has more than one .dist-info folder",
    "too-large": "{file} is too large to be read ({count} bytes)",
    "unread": "{file} can't be read: {what}",
    "unread-archive": "{what}",
    "yanked": "{file} was yanked upstream: {said:or no reason is given}",
}


def problem_words(problem: Problem) -> str:
    """Return a problem as a sentence without a full stop."""
    said = (problem.what,) if problem.what else ()
    facts = {"file": problem.file, "what": problem.what, "said": said, "other": problem.other, "names": problem.names}
    return filled(WORDS[problem.kind], (*facts.items(), ("count", str(problem.count))))
