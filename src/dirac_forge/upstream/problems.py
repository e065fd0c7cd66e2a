"""Values: what is odd about the files of a release; `recipe/problem_words.py` words them."""

from __future__ import annotations

from typing import Literal

from dirac_forge.values import dataclass

ProblemKind = Literal[
    "appears-again",
    "appears-twice",
    "computed-version",
    "computed-version-tagged",
    "description-unread",
    "device",
    "fields-cut",
    "from-description",
    "given-twice",
    "leads-out",
    "left-out",
    "link-leads-out",
    "modules-left-out",
    "needs-python",
    "newest-without-sdist",
    "no-sdist",
    "no-wheel",
    "nothing-static",
    "not-fields",
    "not-plain",
    "not-pep508",
    "not-utf8",
    "only-pre-releases",
    "other-file",
    "other-python",
    "outside",
    "pre-release",
    "requirement",
    "required-by-one",
    "requirements-computed",
    "requirements-open",
    "requires-python",
    "several-dist-infos",
    "too-large",
    "unread",
    "unread-archive",
    "yanked",
]
_UNREAD: frozenset[ProblemKind] = frozenset({"unread", "unread-archive"})
_HIDING: frozenset[ProblemKind] = frozenset({"nothing-static", "requirements-computed", "requirements-open"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that is odd about a release or one of its files."""

    kind: ProblemKind
    about: str
    """A file (`setup.cfg of demo-1.0.tar.gz`), the release (`demo 1.0`) or its version, as the kind has it."""
    what: str = ""
    """As the file has it, quoted by whoever words it; or the message of an error."""
    other: str = ""
    """Another file, version or value that it is compared with."""
    names: tuple[str, ...] = ()
    count: int = 0

    @property
    def unread(self) -> bool:
        """Whether what the file says of the release and its build is unknown, and not nothing."""
        return self.kind in _UNREAD

    @property
    def hides_requirements(self) -> bool:
        """Whether the release may require what is not known."""
        return self.kind in _HIDING


def unread(file: str, why: str) -> Problem:
    """Return the problem of a file that could not be read."""
    return Problem(kind="unread", about=file, what=why)
