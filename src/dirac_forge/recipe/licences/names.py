"""Licences by name: what a metadata field, a classifier or a remark calls a licence, as SPDX identifiers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from license_expression import Licensing  # type: ignore[import-untyped]

_LONGEST: Final = 400
"""Characters: a longer field is not a name but a licence's text; a longer expression is not read."""


@dataclass(frozen=True, slots=True)
class Term:
    """One licence as far as it is known: `BSD` and `GPL-3.0` are open, `BSD-3-Clause` is an SPDX identifier."""

    name: str
    later: bool | None = None
    """GNU licences only: "or any later version", "only", or not known."""

    @property
    def gnu(self) -> bool:
        """One of the licences whose SPDX identifiers end in `-only` or `-or-later`."""
        return re.match(r"[AL]?GPL(-|$)", self.name) is not None

    @property
    def is_open(self) -> bool:
        """No single SPDX licence yet: the variant or the version is not known."""
        return self.name in _OPEN

    def covers(self, other: Term) -> bool:
        """Whether `other` is the same licence or one of those that this open term may mean."""
        if self.later is not None and other.later is not None and self.later != other.later:
            return False
        return other.name == self.name or (self.is_open and other.name.startswith((f"{self.name}-", f"{self.name}.")))

    def agrees(self, other: Term) -> bool:
        """Whether both can be meant at once."""
        return self.covers(other) or other.covers(self)

    @property
    def spdx(self) -> str:
        """The identifier; a version of a GNU licence that no "or later" goes with is that version only."""
        return f"{self.name}-{'or-later' if self.later else 'only'}" if self.gnu else self.name


_CLOSED: Final = Term("LicenseRef-Proprietary")
_OPEN: Final = frozenset(
    {
        "AFL",
        "AGPL",
        "Apache",
        "Artistic",
        "BSD",
        "CC-BY",
        "CECILL",
        "EPL",
        "EUPL",
        "GPL",
        "LGPL",
        "LGPL-2",
        "MPL",
        "ZPL",
    }
)
"""`LGPL-2`: 2.0 is the Library GPL, and the Lesser GPL, which is 2.1, has the classifier "Lesser … v2"."""

_OPEN_WORDS: Final = frozenset(map(str.upper, _OPEN))
_SAME: Final = re.compile(r"(?i)\b(?:mit/(?:x11|expat)|(?:x11|expat)/mit)\b")
_SHORT_FIELD: Final = 60
"""Characters: a longer License field has sentences, whose parts need not be names."""
_URL: Final = re.compile(r"(?<!\S)\S*://\S*")
_GENERAL: Final = re.compile(r"(?i)OSI Approved|DFSG approved")
"""Classifiers that name no licence."""
_FILLER: Final = re.compile(
    r"(?i)(?:see|specified|copyright|\(c\)|version|v?\d|dual|either|both|licen[cs]ed?|others?|etc|later|the|ask|"
    r"osi approved|open source|free|commercial use|all rights reserved)\b"
)
"""How a part begins that comments on a licence."""

_NAMES: Final = (
    (r"mit[- ]cmu\b|cmu license", "MIT-CMU"),
    (r"mit[- ]0\b|mit no attribution", "MIT-0"),
    (r"mit\b|expat\b", "MIT"),
    (r"0bsd\b|zero[- ]clause bsd", "0BSD"),
    (r"bsd\W*4\b|4[- ]clause bsd|original bsd", "BSD-4-Clause"),
    (
        r"bsd\W*(?:license\W*)?(?:3|three)\b|(?:3|three)[- ]clause(?:\W+bsd)?|(?:new|modified|revised)[- ]bsd",
        "BSD-3-Clause",
    ),
    (r"bsd\W*(?:license\W*)?(?:2|two)\b|(?:2|two)[- ]clause(?:\W+bsd)?|(?:simplified[- ]|free)bsd", "BSD-2-Clause"),
    (r"bsd\b|bsd[- ](?:like|style)", "BSD"),
    (r"(?:apache|asl)\b\D{0,32}1\.1\b", "Apache-1.1"),
    (r"(?:apache|asl)\b\D{0,32}2(?:\.0)?\b", "Apache-2.0"),
    (r"apache\b", "Apache"),
    (r"(?:mpl|mozilla public licen[cs]e)\D{0,16}2(?:\.0)?\b", "MPL-2.0"),
    (r"(?:mpl|mozilla public licen[cs]e)\D{0,16}1\.1\b", "MPL-1.1"),
    (r"mpl\b|mozilla public licen[cs]e", "MPL"),
    (r"cnri python", "CNRI-Python"),
    (r"(?:python software foundation|psf)\b|psfl\b|python license", "PSF-2.0"),
    (r"isc\b|iscl\b", "ISC"),
    (r"(?:zpl|zope public licen[cs]e)\D{0,16}2\.0\b", "ZPL-2.0"),
    (r"(?:zpl|zope public licen[cs]e)\D{0,16}2\.1\b", "ZPL-2.1"),
    (r"zpl\b|zope public licen[cs]e", "ZPL"),
    (r"hpnd\b|historical permission notice", "HPND"),
    (r"unlicense\b", "Unlicense"),
    (r"zlib\b", "Zlib"),
    (r"(?:busl|bsl|business source licen[cs]e)\W{0,2}1\.1\b", "BUSL-1.1"),
    (r"bsl\W?1(?:\.0)?\b|boost\b(?!\D{0,20}[2-9])", "BSL-1.0"),
    (r"wtfpl\b", "WTFPL"),
    (r"cc0\b|cc[- ]zero\b", "CC0-1.0"),
    (r"(?:eupl|european union public licen[cs]e)\D{0,16}1\.1\b", "EUPL-1.1"),
    (r"(?:eupl|european union public licen[cs]e)\D{0,16}1\.2\b", "EUPL-1.2"),
    (r"eupl\b|european union public licen[cs]e", "EUPL"),
    (r"cecill[- ]?b\b", "CECILL-B"),
    (r"cecill[- ]?c\b", "CECILL-C"),
    (r"cecill\D{0,16}2\.1\b|logiciel libre license, version 2\.1", "CECILL-2.1"),
    (r"cecill\D{0,16}2(?:\.0)?\b", "CECILL-2.0"),
    (r"cecill\b", "CECILL"),
    (r"(?:epl|eclipse public licen[cs]e)\D{0,16}2(?:\.0)?\b", "EPL-2.0"),
    (r"(?:epl|eclipse public licen[cs]e)\D{0,16}1(?:\.0)?\b", "EPL-1.0"),
    (r"(?:academic free licen[cs]e|afl)\D{0,16}3(?:\.0)?\b", "AFL-3.0"),
    (r"academic free licen[cs]e|afl\b", "AFL"),
    (r"artistic(?: licen[cs]e)?\D{0,16}2(?:\.0)?\b", "Artistic-2.0"),
    (r"artistic\b", "Artistic"),
    (r"ncsa\b", "NCSA"),
    (r"universal permissive licen[cs]e|upl\b", "UPL-1.0"),
    (r"curl(?: licen[cs]e)?$", "curl"),
    (r"public[- ]domain", "LicenseRef-Public-Domain"),
)


_PROPRIETARY: Final = re.compile(
    r"(?i)(?!.*\b(?:no|non|not|for|free|any|allow\w*|with|without)\b)(?:other/)?(?:[\w.&-]+ ){0,3}"
    r"(?:proprietary|commercial|closed[- ]source)(?: (?:software|licen[cs]e[sd]?|licensing|agreement|terms))*"
    r"\W*(?:[-:(].*)?"
)
"""A part that says so and nothing else: `commercial` is in many words on what a free licence allows."""
_RESERVED: Final = re.compile(r"(?i)all rights reserved\W*")
"""As a whole field; beside the name of a licence it says nothing."""
_ON_EXCEPTION: Final = re.compile(
    r"(?i)(?<!\W)\W*\bwith (?:(?:an?|the) )?(?:[\w-]+ ){0,3}exceptions? (?:which|that|to|for|allowing|permitting)\b"
    r".*?(?=;|$|, or )"
)
"""What an exception to a licence is good for: no name of another licence."""
_WORD: Final = re.compile(r"[\w.+-]+")
_BESIDE: Final = re.compile(
    r"(?i)(?:un)?licen[cs]e[ds]?|clauses?|new|simplified|modified|revised|original|style|like|the|software|public|universal|"
    r"v|ver|version|only|or|any|later|newer|above|greater|higher|no|attribution|md|txt|rst|with|exceptions?|[v\d.+]*"
)
"""What a name may have beside it within one word: `MIT-License`, `Apache-License-2.0`, `LICENSE-BSD.txt`."""
_OTHER: Final = re.compile(
    r"(?i)\b(?:non|not|pseudo|quasi|semi|un)[- ](?!later)|(?<!bsd)[- ](?:like|style)\b|[- ](?:type|ish|compatible|"
    r"based|inspired|derived|variant)\b|\b(?:compatible with|based on|similar to|variant of|derived from|nethack)\b|"
    r"\b(?:modif(?!ied[- ]bsd)|custom|amend|restrict|additional|commons[- ]clause|non-?commercial|except\b)"
)
"""How words tell a licence from the one that they name."""


_USUAL: Final = frozenset(
    {
        *(name for _, name in _NAMES if name not in _OPEN and not name.startswith("LicenseRef-")),
        *(f"GPL-{version}-{which}" for version in ("1.0", "2.0", "3.0") for which in ("only", "or-later")),
        *(f"LGPL-{version}-{which}" for version in ("2.0", "2.1", "3.0") for which in ("only", "or-later")),
        *(f"AGPL-3.0-{which}" for which in ("only", "or-later")),
    }
)
"""SPDX identifiers that are known without the list of all licences, which takes longest to read."""


_TODAY: Final = {
    f"gpl-{version}-with-{exception.lower()}-exception": f"GPL-{version}-only WITH {today}"
    for version, exception, today in (
        ("2.0", "autoconf", "Autoconf-exception-2.0"),
        ("2.0", "bison", "Bison-exception-2.2"),
        ("2.0", "classpath", "Classpath-exception-2.0"),
        ("2.0", "font", "Font-exception-2.0"),
        ("2.0", "GCC", "GCC-exception-2.0"),
        ("3.0", "autoconf", "Autoconf-exception-3.0"),
        ("3.0", "GCC", "GCC-exception-3.1"),
    )
}
"""Deprecated identifiers of licences with exceptions, and what they are today (https://spdx.org/licenses/)."""
_DEPRECATED: Final = re.compile(rf"(?i)(?<![\w.+-])(?:{'|'.join(map(re.escape, _TODAY))})(?![\w.+-])")


@cache
def _names() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(rf"(?i)\b(?:{pattern})"), name) for pattern, name in _NAMES)


_GNU: Final = re.compile(
    r"(?i)\b(?:gnu[\s-]+)?(?P<kind>agpl|lgpl|(?:(?:affero|lesser|library)\s+)?gpl|"
    r"(?P<words>(?:affero|lesser|library)?(?:\s+or\s+lesser)?\s*general public licen[cs]e))"
    r"(?P<rest>[^,;/&|]{0,60})"
)
_VERSION: Final = re.compile(r"(?i)\bv?(?:ersion)?\.?\s*([123](?:\.\d)?)\b|(?<=[-v ])([123](?:\.\d)?)(?=\+|\b)")
_LATER: Final = re.compile(
    r"(?i)\d(?:\.\d)?\+|\bor[- ](?:any[- ])?(?:later|newer|above|greater|higher)\b|>=|\bany later version\b"
)
_ONLY: Final = re.compile(r"(?i)\bonly\b")
_DUAL: Final = re.compile(
    r"(?i)\b(?:dual|triple)\b|\b(?:dual|tri|triple|multi)[- ]?licen[cs]|"
    r"\beither\W+(?!version)(?:\w+\W+){0,4}of\b|\bat your (?:choice|option)\b(?!\W+any later)|\bchoose\b|"
    r"\balternatively,? (?:the contents|this|you)\b"
)
_DUAL_LICENSED: Final = re.compile(r"(?i)\b(?:dual(?:ly)?|tri|triple|triply|multi)[- ]?licen[cs]ed\b")
_LATER_NOTICE: Final = re.compile(
    r"(?i)\b(?:[al]?gpl|general\s+public\s+licen[cs]e)"
    r"(?:.{0,300}?any\s+later\s+version|[\s,(]*v?(?:ersion)?\W{0,2}\d(?:\.\d)?(?:\+|[\s,]+or\s+(?:later|newer)))",
    re.DOTALL,
)


@cache
def _licensing() -> Licensing:
    # Imported late: reading the list of licences takes a good part of a second.
    from license_expression import get_spdx_licensing  # noqa: PLC0415

    return get_spdx_licensing()


@lru_cache(maxsize=1000)
def normalised(expression: str) -> str | None:
    """Return the SPDX expression in its canonical spelling (`gpl-3.0+` is `GPL-3.0-or-later`), or None if it is none.

    `LicenseRef-…` stays as it is (PEP 639 allows it, conda-forge too).
    """
    if expression in _USUAL:
        return expression
    if not 0 < len(expression) <= _LONGEST:
        return None
    from license_expression import ExpressionError, ExpressionParseError, ParseError  # noqa: PLC0415

    expression = _DEPRECATED.sub(lambda match: _TODAY[match[0].lower()], expression)
    try:
        parsed = _licensing().parse(expression)
        unknown = _licensing().unknown_license_keys(parsed)
        if parsed is None or any(not re.fullmatch(r"(?i)LicenseRef-[a-z0-9.-]+", key) for key in unknown):
            return None
        _licensing().parse(re.sub(r"(?i)LicenseRef-[a-z0-9.-]+", "MIT", expression), validate=True, strict=True)
    except (ExpressionError, ExpressionParseError, ParseError, RecursionError, ValueError, TypeError, AttributeError):
        return None
    return str(parsed.render("{symbol.key}"))


def from_field(text: str) -> tuple[Term, ...]:
    """Return the licences that a License field names; () if it names none (or is the text of one)."""
    if _RESERVED.fullmatch(text.strip()):
        return (_CLOSED,)
    return tuple(dict.fromkeys(term for part in _parts(text) if (term := _named(part)) is not None))


def not_understood(text: str) -> tuple[str, ...]:
    """Return the parts of a License field that name no licence that is known; of sentences those that resemble one."""
    short = len(text) <= _SHORT_FIELD
    parts = [_bare(part) for part in _parts(_URL.sub(" ", text))]
    open_parts = (part for part in parts if part and not _FILLER.match(part) and _named(part) is None)
    return tuple(part for part in open_parts if short or _found(part) is not None)


def unknown_classifiers(classifiers: Iterable[str]) -> tuple[str, ...]:
    """Return what trove classifiers call licences that are not known here."""
    named = (each.rpartition(" :: ") for each in classifiers if from_classifier(each) is None)
    return tuple(name for section, _, name in named if section.startswith("License") and not _GENERAL.fullmatch(name))


def _bare(part: str) -> str:
    """Return a part without the marks around it; brackets inside stay."""
    bare = part.strip(" \"'.")
    return bare if bare.count("(") == bare.count(")") and not bare.startswith("(") else bare.strip("()[] ")


def is_ambiguous(expression: str) -> bool:
    """Return whether a part of an expression is a name such as `GPL`, which stands for several SPDX licences."""
    return any(word.upper() in _OPEN_WORDS for word in re.findall(r"[\w.+-]+", expression))


def _parts(text: str) -> list[str]:
    text = _ON_EXCEPTION.sub("", _SAME.sub("MIT", " ".join(text.split())))
    if not text or len(text) > _LONGEST or text.upper() in {"UNKNOWN", "NONE", "OTHER", "N/A"}:
        return []
    return re.split(r"(?i)\s+(?:or|and)\s+(?!later|any|newer|lesser|above|greater|higher)|[/;|&]|,(?!\s*v)", text)


def from_classifier(classifier: str) -> Term | None:
    """Return the licence that a trove classifier names; None for others and for `OSI Approved` alone."""
    section, _, name = classifier.rpartition(" :: ")
    return _named(name[:_LONGEST]) if section.startswith("License") else None


def refined(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """Return licences without those that another one says more exactly."""
    return tuple(term for term in terms if not any(_says_less(term, other) for other in terms))


def _says_less(term: Term, other: Term) -> bool:
    if term.name == other.name:
        return term.later is None and other.later is not None
    return term.covers(other)


def unique(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Return terms, each once, in their order."""
    return tuple(dict.fromkeys(terms))


def dual(text: str) -> bool:
    """Whether the words say that one may choose among the licences."""
    return _DUAL.search(text) is not None


def dual_licensed(text: str) -> bool:
    """Return whether a text such as a README says in so many words that the project is dual-licensed."""
    return _DUAL_LICENSED.search(text) is not None


def later_versions(text: str) -> bool:
    """Whether a notice grants a GNU licence in "any later version" too."""
    return _LATER_NOTICE.search(text) is not None


def _named(text: str) -> Term | None:
    """Return the licence that words name; None if they name none, or tell theirs from the one that they name."""
    if _PROPRIETARY.fullmatch(_bare(text)):
        return _CLOSED
    found = _found(text)
    words = list(_WORD.finditer(text))
    if found is not None:
        term, (start, end) = found
        words = [word for word in words if word.start() < end and start < word.end()]
        if all(_is_beside(f"{text[word.start() : start]}-{text[end : word.end()]}") for word in words):
            return None if _OTHER.search(text) else term
    return next(filter(None, (_identifier(word[0]) for word in words)), None)


def _found(text: str) -> tuple[Term, tuple[int, int]] | None:
    """Return the first licence of the tables that words name, and where its name begins and ends."""
    if match := _GNU.search(text):
        return _gnu(match), match.span("kind")
    return next(((Term(name), match.span()) for pattern, name in _names() if (match := pattern.search(text))), None)


def _is_beside(rest: str) -> bool:
    """Whether what is left of the words of a name makes no other name of it, as in `MIT-foo`."""
    return all(_BESIDE.fullmatch(part) for part in re.split(r"[-._+]", rest))


def _identifier(word: str) -> Term | None:
    """Return the licence that a word with a hyphen is the SPDX identifier of."""
    spdx = normalised(word) if "-" in word else None
    return Term(spdx) if spdx is not None and " " not in spdx and not spdx.startswith("LicenseRef-") else None


def _gnu(match: re.Match[str]) -> Term:
    words, rest = (match["words"] or match["kind"]).lower(), match["rest"]
    prefix = "A" if words.startswith(("affero", "agpl")) else "L" if re.search("lesser|library|lgpl", words) else ""
    version = _VERSION.search(rest)
    number = next(filter(None, version.groups()), "") if version else ""
    name = f"{prefix}GPL"
    if (prefix, number) == ("L", "2") and "library" not in words:
        name = "LGPL-2"
    elif number:
        name += f"-{number if '.' in number else number + '.0'}"
    return Term(name, True if _LATER.search(rest) else False if _ONLY.search(rest) else None)
