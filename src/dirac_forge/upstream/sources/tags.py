"""Versions as hosts spell them (`v0_8_5`, `release-1-2`, `v7r3p5-pre2`, `1.1.1w`), ordered as PEP 440 orders them.

How a project spells its tags is learned from the one tag that a recipe uses: only tags of the same form are versions
of the same thing, since one repository may hold several projects (`curl-8_1_2`, `tiny-curl-8_4_0`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from packaging.version import Version

from dirac_forge.upstream.sources.tag_reasons import NotDiracTag, NoVersionTag, OtherSpelling, OverlongTag, TagReason
from dirac_forge.values import dataclass

_LABELS = {"alpha": "a", "a": "a", "beta": "b", "b": "b", "c": "rc", "rc": "rc", "pre": "rc", "preview": "rc"}
"""PEP 440, "Pre-release spelling"."""
_TAIL = r"""
    (?P<letters>z?[a-z](?![a-z0-9]))?
    (?:(?P<presep>[-._]?)(?P<label>alpha|beta|preview|pre|rc|a|b|c)[-._]?(?P<number>\d*))?
    (?:[-._]?(?P<postlabel>post|patch|pl|p)[-._]?(?P<post>\d+))?
    (?:[-._]?(?P<devlabel>dev)[-._]?(?P<dev>\d*))?
"""
_CORE = re.compile(rf"(?P<numbers>\d+(?:[._-]\d+)*){_TAIL}", re.VERBOSE | re.IGNORECASE)
_DIRAC = re.compile(r"v(\d{1,9})r(\d{1,9})(?:p(\d{1,9}))?(?:-pre(\d{1,9}))?")
_PART_BEFORE = re.compile(r"(?:^|[^A-Za-z0-9])[vVrR]?\d+[-_]$")
_PRE_PART = re.compile(r"(?P<before>\d+)(?P<label>alpha|beta|rc|a|b|c)(?P<number>\d+)", re.IGNORECASE)
_LONGEST = 100


class HostVersion(Version):
    """A version in the spelling that a recipe gives it; equality and order are those of what PEP 440 makes of it."""

    def __init__(self, normal: str, text: str) -> None:
        super().__init__(normal)
        self.text = text

    @property
    def plain(self) -> Version:
        """The same in PEP 440's spelling, for comparison with specifiers."""
        return Version(super().__str__())

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<HostVersion({self.text!r})>"


@dataclass(frozen=True, kw_only=True, slots=True)
class Spelling:
    """What surrounds the version in a tag, and what stands between its parts."""

    before: str = ""
    after: str = ""
    separators: Mapping[str, str]
    """A separator in the tag, and what the recipe's version has there."""
    dirac: bool = False
    """Whether tags are `vXrYpZ` and `vXrYpZ-preN`."""
    lettered: bool = False
    """Whether a letter at the end (`1.1.1w`, `2024a`) is a later release; else `a` and `b` are PEP 440's."""

    def read(self, tag: str) -> HostVersion | TagReason:
        """Return the version that a tag stands for; why not, where it stands for none."""
        if len(tag) > _LONGEST:
            return OverlongTag()
        if self.dirac:
            return _read_dirac(tag) or NotDiracTag(tag=tag)
        core = self._core(tag)
        match = _CORE.fullmatch(core) if core is not None else None
        if match is None:
            other = core is None and re.search(r"\d", tag)
            return OtherSpelling(tag=tag, example=self.example) if other else NoVersionTag(tag=tag)
        marks = set(re.findall(r"[._-]", match["numbers"]))
        if not marks <= self.separators.keys():
            return OtherSpelling(tag=tag, example=self.example)
        numbers = re.sub(r"[._-]", lambda mark: self.separators[mark[0]], match["numbers"])
        return _made(numbers, match, lettered=self.lettered) or NoVersionTag(tag=tag)

    @property
    def example(self) -> str:
        """A tag of this form."""
        if self.dirac:
            return "v1r2p3"
        between = next(iter(self.separators), "")
        return f"{self.before}{between.join('123') if between else '1'}{self.after}"

    def _core(self, tag: str) -> str | None:
        """Return what is left of a tag without what surrounds the version; `v` may come and go."""
        for before in dict.fromkeys((self.before, *_with_and_without_v(self.before))):
            if tag.startswith(before) and tag.endswith(self.after) and len(tag) > len(before) + len(self.after):
                core = tag[len(before) : len(tag) - len(self.after)]
                # A number alone beside tags like `v1.2` is a date or a build, no version.
                if core[0].isdigit() and (before == self.before or re.match(r"\d+[._-]\d", core)):
                    return core
        return None


def _with_and_without_v(before: str) -> Iterator[str]:
    if before == "":
        yield "v"
    elif before == "v":
        yield ""


def learned(tag: str, version: str) -> Spelling | None:
    """Return how `tag` spells the recipe's `version`; None if it does not."""
    numbers = re.split(r"[._-]", version)
    if (dirac := _read_dirac(tag)) is not None:
        own = read_version(version)
        if own is not None and own == dirac:
            return Spelling(separators={}, dirac=True)
    for start, end in _spans(tag, version):
        spelled = tag[start:end]
        marks = re.findall(r"[._-](?=\d)", spelled)
        kept = re.findall(r"[._-]", version)
        if re.split(r"[._-]", spelled)[: len(numbers)] != numbers and read_version(spelled) != read_version(version):
            continue
        separators: dict[str, str] = {}
        for mark, own_mark in zip(marks, kept, strict=False):
            separators.setdefault(mark, own_mark)
        lettered = re.search(r"\dz?[a-z]$", version) is not None
        separators = separators or {".": "."}
        return Spelling(before=tag[:start], after=tag[end:], separators=separators, lettered=lettered)
    return None


def spelled_in(text: str, version: str) -> bool:
    """Return whether a text says a version as a whole, whatever its separators, or as `vXrYpZ`."""
    if any(True for _ in _spans(text, version)):
        return True
    own = read_version(version)
    return own is not None and any(_read_dirac(match[0]) == own for match in _DIRAC.finditer(text))


def _spans(text: str, version: str) -> Iterator[tuple[int, int]]:
    """Yield where a text says a version: its parts with any of the separators between them, nothing of a number
    beside.
    """
    parts = re.split(r"[._-]", version)
    loose = re.sub(r"\[\._-\](?=dev|post)", "[._-]?", r"[._-]".join(_loose(part) for part in parts))
    pattern = r"(?<![0-9])(?<![0-9]\.)" + loose + r"(?![0-9])(?![._-][0-9])(?!(?:rc|a|b)\d)"
    for match in re.finditer(pattern, text):
        # `krb5-1.22` is version 1.22 of krb5, `0-1-22` and `v0_1_22` are other versions.
        if _PART_BEFORE.search(text, 0, match.start()) is None:
            yield match.span()


def _loose(part: str) -> str:
    """Return a pattern for a part of a version: tags have `1.0-rc.1` and `1.0-beta1` for `1.0rc1` and `1.0b1`."""
    match = _PRE_PART.fullmatch(part)
    if match is None:
        return re.escape(part)
    same = "|".join(label for label, short in _LABELS.items() if short == _LABELS[match["label"].lower()])
    return rf"{match['before']}[._-]?(?i:{same})[._-]?{match['number']}"


def _read_dirac(tag: str) -> HostVersion | None:
    """Return the version of a tag as DIRAC and LHCb had them until 2021: `v7r3p5` is 7.3.5, `v7r3p5-pre2` is
    7.3.5rc2.
    """
    match = _DIRAC.fullmatch(tag)
    if match is None:
        return None
    text = ".".join(str(int(number)) for number in match.group(1, 2, 3) if number is not None)
    if match[4] is not None:
        text += f"rc{int(match[4])}"
    return HostVersion(text, text)


def read_version(text: str) -> HostVersion | None:
    """Return a version in a recipe's spelling (`6.40.02`, `1.2_3`, `9e`); None if it has no order that is known."""
    if len(text) > _LONGEST:
        return None
    match = _CORE.fullmatch(text)
    if match is not None:
        return _made(match["numbers"], match)
    try:
        return HostVersion(text, text)
    except ValueError:
        return None


def _made(numbers: str, match: re.Match[str], *, lettered: bool = True) -> HostVersion | None:
    """Return the version of its numbers, as the recipe spells them, and what follows them in a tag."""
    letters = (match["letters"] or "").lower()
    if letters and (match["post"] or not (lettered or letters in {"a", "b"})):
        return None
    # What follows, in PEP 440's spelling and in the recipe's.
    dev = f".dev{match['dev'] or 0}" if match["devlabel"] else ""
    parts = (_pre(match), _post(match, letters, lettered=lettered), (dev, dev))
    normal, text = ("".join(part) for part in zip(*parts, strict=True))
    try:
        return HostVersion(re.sub(r"[_-]", ".", numbers) + normal, numbers + text)
    except ValueError:
        return None


def _post(match: re.Match[str], letters: str, *, lettered: bool) -> tuple[str, str]:
    if letters:
        return (f".post{_place(letters)}", letters) if lettered else (f"{letters}0", f"{letters}0")
    if match["post"]:
        label = match["postlabel"].lower()
        return f".post{match['post']}", f"{_POSTS.get(label, label)}{match['post']}"
    return "", ""


_POSTS = {"post": ".post", "patch": ".post"}


def _pre(match: re.Match[str]) -> tuple[str, str]:
    pre = f"{_LABELS[match['label'].lower()]}{match['number'] or 0}" if match["label"] else ""
    return pre, pre


def _place(letters: str) -> int:
    """Return the place of letters among releases: 1.1.1a is a release after 1.1.1, and 1.0.2za one after 1.0.2z."""
    return sum((ord(letter) - 96) * 26**index for index, letter in enumerate(reversed(letters)))
