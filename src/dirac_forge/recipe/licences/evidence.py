"""What a release says of its licence: in metadata, and in its files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
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
from dirac_forge.recipe.licences.texts import gnu_notice, identify
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.values import dataclass

_EITHER: Final = re.compile(r"(?i)\bunder the terms of either\b(?! version)")
_HEAD: Final = 400
"""Characters: what a licence file says before the text of a licence."""
_GNU_NAME: Final = re.compile(r"([AL]?GPL-\d\.\d)-(only|or-later)")
_SHORT: Final = 3000
"""Characters: a shorter licence file may be a notice of the project's own, rather than the text of a licence."""


@dataclass(frozen=True, slots=True)
class LicenceEvidence:
    """What is said of a licence, by who says it."""

    field: tuple[Term, ...]
    classifiers: tuple[Term, ...]
    texts: tuple[Term, ...]
    notices: tuple[Term, ...]
    """GNU licences that other files (setup.py, README) say they are under."""
    files: tuple[str, ...]
    """The licence files."""
    dual: bool
    """Whether one may choose among several licences."""
    later: bool
    """Whether some words grant "any later version"."""


def licence_evidence(metadata: CoreMetadata, contents: Mapping[str, str], texts: Mapping[str, str]) -> LicenceEvidence:
    """Return what metadata, licence files (`contents`) and all `texts` say of the licence, by path."""
    field = metadata.license or ""
    named = _named_in_field(field, classified=bool(metadata.classifiers))
    licences = {path: text for path, text in contents.items() if not is_notice(path)}
    remarks = [text[:_SHORT] for text in licences.values() if len(text) < _SHORT]
    others = _other_texts(contents, texts)
    return LicenceEvidence(
        field=named,
        classifiers=_classified(metadata.classifiers),
        texts=_read(licences),
        notices=unique(term for text in others for term in gnu_notice(text[:_SHORT])),
        files=tuple(sorted(licences)),
        dual=_one_may_choose(field, named, remarks) or _offers_choice(licences.values(), others),
        later=any(map(later_versions, [*remarks, *others])),
    )


def _other_texts(contents: Mapping[str, str], texts: Mapping[str, str]) -> list[str]:
    """Return the beginnings of the files that are not licence files."""
    return list(
        beginnings({path: text for path, text in texts.items() if path not in contents and not is_licence(path)})
    )


def _classified(classifiers: Iterable[str]) -> tuple[Term, ...]:
    """Return the licences that classifiers name; `Other/Proprietary License` counts where no other one does."""
    terms = refined(unique(filter(None, map(from_classifier, classifiers))))
    return tuple(term for term in terms if term.name != "LicenseRef-Proprietary") or terms


def _one_may_choose(field: str, named: tuple[Term, ...], remarks: Iterable[str]) -> bool:
    """Whether the field or a short licence file says that one may choose among several licences."""
    if len(named) > 1 and re.search(r"(?i)\bor\b|/", field):
        return True
    return dual(field) or any(dual(text) for text in remarks if len(identify(text)) != 1)


def _offers_choice(licences: Iterable[str], others: Iterable[str]) -> bool:
    """Whether a licence file begins with a choice, or another file says that the project is dual-licensed."""
    return any(_EITHER.search(text[:_HEAD]) for text in licences) or any(map(dual_licensed, others))


def _named_in_field(field: str, *, classified: bool) -> tuple[Term, ...]:
    """Return the licences that the License field names, or is the text of."""
    named = from_field(field)
    if named or len(field) <= 60:
        return named
    read = identify(field) or from_field(field.strip().partition("\n")[0])
    return read if len(read) == 1 or not classified else ()


def _read(files: Mapping[str, str]) -> tuple[Term, ...]:
    """Return the licences that files (path to text) are the texts of."""
    terms = unique(term for path, text in files.items() for term in _named_by_reuse(path) or identify(text))
    # The LGPL 3 is a supplement to the GPL, whose text is next to it.
    lesser = any(term.name.startswith("LGPL") for term in terms)
    return tuple(term for term in terms if not (lesser and term.name.startswith("GPL")))


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
