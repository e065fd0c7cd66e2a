"""What a release says of its licence: in metadata, and in its files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from dirac_forge.recipe.licences.files import is_licence, is_notice
from dirac_forge.recipe.licences.names import (
    Term,
    dual,
    dual_licensed,
    from_classifier,
    from_field,
    later_versions,
    normalised,
    refined,
    unique,
)
from dirac_forge.recipe.licences.texts import (
    gnu_notices,
    identify,
    named_in_words,
    own_words,
    plain,
    restrictions,
    whole_texts,
)
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.files.places import of_others
from dirac_forge.values import dataclass

_EITHER: Final = re.compile(r"(?i)\bunder the terms of either\b(?! version)")
_HEAD: Final = 400
"""Characters: what a licence file says before the text of a licence."""
_A_TEXT: Final = 500
"""Characters: the shortest texts of licences (0BSD, ISC) have more."""
_IDENTIFIER: Final = re.compile(r"SPDX-License-Identifier: ?((?:[\w.+-]+|\( ?)(?: (?:OR|AND) (?:\( ?)?[\w.+-]+)*)")
_GNU_NAME: Final = re.compile(r"([AL]?GPL-\d\.\d)-(only|or-later)")
_SHORT: Final = 3000
"""Characters: a shorter licence file may be a notice of the project's own, rather than the text of a licence."""


@dataclass(frozen=True, slots=True)
class LicenceEvidence:
    """What is said of a licence, by who says it."""

    field: tuple[Term, ...]
    classifiers: tuple[Term, ...]
    texts: tuple[Term, ...]
    by_file: tuple[tuple[Term, ...], ...]
    """Those of each file; of one with several only those whose whole texts it has."""
    notices: tuple[Term, ...]
    """GNU licences that other files (setup.py, README) say they are under."""
    headers: Mapping[Term, str]
    """GNU licences that headers of sources name, and the first file of each."""
    read: Mapping[str, tuple[Term, ...]]
    """The licence files, and what each reads like."""
    dual: bool
    """Whether one may choose among several licences."""
    title_only: bool
    """Whether the License field is a text, of which only the first line names a licence."""
    unknown_texts: tuple[str, ...]
    """Licence files that are more than a remark, and the text of no licence that is known."""
    restricted: Mapping[str, tuple[str, ...]]
    """Licence files to the words in them that no free licence has."""
    later: bool
    """Whether some words grant "any later version"."""

    @property
    def files(self) -> tuple[str, ...]:
        """The licence files."""
        return tuple(self.read)

    def files_like(self, licences: Collection[Term]) -> tuple[str, ...]:
        """Return the licence files that read like one of these licences."""
        return tuple(
            path for path, terms in self.read.items() if any(term.agrees(each) for term in terms for each in licences)
        )


def licence_evidence(
    metadata: CoreMetadata, contents: Mapping[str, str], texts: Mapping[str, str], headers: Mapping[str, str]
) -> LicenceEvidence:
    """Return what metadata, licence files (`contents`), all `texts` and `headers` of sources say, by path."""
    field = metadata.license or ""
    named, title_only = _named_in_field(field, classified=bool(metadata.classifiers))
    licences = {path: text for path, text in contents.items() if not is_notice(path)}
    classifiers = _classified(metadata.classifiers)
    read = {path: _named_by_reuse(path) or identify(text) for path, text in sorted(licences.items())}
    remarks = {path: plain(text) for path, text in licences.items() if len(text) < _SHORT}
    read |= {path: named_in_words(text) for path, text in remarks.items() if not read[path]}
    others = _other_texts(contents, texts)
    return LicenceEvidence(
        field=named,
        classifiers=classifiers,
        texts=_together(read.values(), (*named, *classifiers)),
        by_file=tuple(_whole_of(licences[path], terms) for path, terms in read.items()),
        notices=unique(term for text in others for term in gnu_notices(text[:_SHORT])),
        headers=_by_term(headers),
        read=read,
        dual=_one_may_choose(field, named, remarks, read) or _offers_choice(licences.values(), others),
        title_only=title_only,
        unknown_texts=tuple(path for path, terms in read.items() if not terms and len(licences[path]) >= _A_TEXT),
        restricted={path: words for path in read if (words := restrictions(licences[path]))},
        later=any(later_versions(own_words(text)) for text in (*licences.values(), *others)),
    )


def _other_texts(contents: Mapping[str, str], texts: Mapping[str, str]) -> list[str]:
    """Return the beginnings of the project's own files that are not licence files (CMake's modules are copied)."""
    own = (path for path in texts if not (path in contents or is_licence(path) or of_others(path)))
    return list(beginnings({path: texts[path] for path in own if not path.endswith(".cmake")}))


def _by_term(headers: Mapping[str, str]) -> dict[Term, str]:
    """Return the GNU licences that headers name, or their SPDX identifiers, with the first file of each."""
    found: dict[Term, str] = {}
    for path, words in headers.items():
        identifiers = _IDENTIFIER.findall(words)
        named = [term for text in identifiers for term in from_field(text)] if identifiers else gnu_notices(words)
        for term in named:
            found.setdefault(replace(term, later=bool(term.later)), path)
    return found


def _classified(classifiers: Iterable[str]) -> tuple[Term, ...]:
    """Return the licences that classifiers name; `Other/Proprietary License` counts where no other one does."""
    terms = refined(unique(filter(None, map(from_classifier, classifiers))))
    return tuple(term for term in terms if term.name != "LicenseRef-Proprietary") or terms


def _one_may_choose(
    field: str, named: tuple[Term, ...], remarks: Mapping[str, str], read: Mapping[str, tuple[Term, ...]]
) -> bool:
    """Whether the field or a short licence file says that one may choose among several licences."""
    if len(named) > 1 and re.search(r"(?i)\bor\b|/", field):
        return True
    return dual(field) or any(dual(words) for path, words in remarks.items() if len(read[path]) != 1)


def _offers_choice(licences: Iterable[str], others: Iterable[str]) -> bool:
    """Whether a licence file begins with a choice, or another file says that the project is dual-licensed."""
    return any(_EITHER.search(text[:_HEAD]) for text in licences) or any(map(dual_licensed, others))


def _named_in_field(field: str, *, classified: bool) -> tuple[tuple[Term, ...], bool]:
    """Return the licences that the License field names, or is the text of; True if only its first line names them."""
    named = from_field(field)
    if named or len(field) <= 60:
        return named, False
    read = identify(field)
    first = () if read else from_field(field.strip().partition("\n")[0])
    found = read or first
    return (found, bool(first)) if len(found) == 1 or not classified else ((), False)


def _together(read: Iterable[tuple[Term, ...]], declared: Iterable[Term]) -> tuple[Term, ...]:
    """Return the licences that files are the texts of."""
    files = tuple(read)
    terms = unique(term for terms in files for term in terms)
    # The LGPL 3 is a supplement to the GPL, whose text is next to it.
    lesser = any(term.name.startswith("LGPL") for term in terms)
    both = any(_kinds(terms) >= {"GPL", "LGPL"} for terms in (*files, tuple(declared)))
    return tuple(term for term in terms if both or not (lesser and term.name.startswith("GPL")))


def _whole_of(text: str, terms: tuple[Term, ...]) -> tuple[Term, ...]:
    return whole_texts(text) if len(terms) > 1 else terms


def _kinds(terms: Iterable[Term]) -> set[str]:
    return {term.name.partition("-")[0] for term in terms}


def _named_by_reuse(path: str) -> tuple[Term, ...]:
    """Return the licence that a file in LICENSES/ is named after (https://reuse.software/spec)."""
    folder, _, name = path.rpartition("/")
    identifier = name.removesuffix(".txt")
    if folder.rpartition("/")[2] != "LICENSES" or normalised(identifier) != identifier:
        return ()
    match = _GNU_NAME.fullmatch(identifier)
    return (Term(match[1], match[2] == "or-later") if match else Term(identifier),)


def beginnings(*files: Mapping[str, str]) -> Iterator[str]:
    """Yield the beginnings of files: no notice stands further down."""
    return (text[:20_000] for each in files for text in each.values())
