"""Decision: a project's licence as an SPDX expression, and the files that hold it.

PEP 639's License-Expression is the word of the project; without one, the License field, the classifiers and the texts
of the licence files are weighed against each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from dirac_forge.recipe.licences.names import Term, dual, from_classifier, from_field, later_versions, normalised
from dirac_forge.recipe.licences.texts import gnu_notice, identify
from dirac_forge.recipe.model import Note
from dirac_forge.upstream.files.facts import CoreMetadata

__all__ = ["LicenceDecision", "decide", "licence_files"]

_FILE: Final = re.compile(
    r"(?i)(?:.*[-_.])?(?:un)?licen[cs]es?(?:[-_.].*)?|(?:copying|copyright|notice|[al]?gpl)(?:[-_.].*)?"
)
_NO_TEXT: Final = (
    ".py",
    ".pyc",
    ".pyi",
    ".c",
    ".h",
    ".js",
    ".css",
    ".json",
    ".toml",
    ".cfg",
    ".in",
    ".html",
    ".png",
    ".svg",
)
_ASIDE: Final = re.compile(
    r"(?i)(?:^|/)(?:_?vendor(?:ed|ing)?|third[-_]?party|extern(?:al|als)?|deps|dependencies|subprojects|node_modules|"
    r"tests?|testing|docs?|examples?|[^/]*\.egg-info|[^/]*\.dist-info)/"
)
_OLD_GNU: Final = re.compile(r"(?i)[AL]?GPL-[123]\.[01]")
"""Identifiers that SPDX gave up, because many meant "or later" by them."""
_SHORT: Final = 3000
"""Characters: a shorter licence file may be a notice of the project's own, rather than the text of a licence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LicenceDecision:
    """What to write into `about`, and why."""

    expression: str
    """SPDX; "" where nothing tells."""
    files: tuple[str, ...]
    """Paths in the sdist; () where it ships none."""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class _Evidence:
    field: tuple[Term, ...]
    classifiers: tuple[Term, ...]
    texts: tuple[Term, ...]
    notices: tuple[Term, ...]
    """GNU licences that other files (setup.py, README) say they are under."""
    where: str
    """The names of the licence files, for notes."""
    dual: bool
    later: bool


def decide(
    metadata: CoreMetadata, texts: Mapping[str, str], *, wheel_texts: Mapping[str, str] | None = None
) -> LicenceDecision:
    """The licence of a release.

    Args:
        metadata: the core metadata of the release.
        texts: paths in the sdist to contents: licence-like files, and others (README, setup.py…) in whose words a
            notice such as "or (at your option) any later version" may stand.
        wheel_texts: licence files of the wheel, consulted where the sdist ships none.
    """
    files = licence_files(metadata.license_files, texts)
    notes: list[Note] = []
    if not files:
        elsewhere = f"; the wheel has {', '.join(sorted(wheel_texts))}" if wheel_texts else ""
        notes.append(Note(level="warning", text=f"The sdist ships no licence file{elsewhere}."))
    contents = {path: texts[path] for path in files} or dict(wheel_texts or {})
    evidence = _evidence(metadata, contents, texts)
    expression = None
    if metadata.license_expression:
        expression = normalised(metadata.license_expression)
        if expression is None:
            text = f"License-Expression is not SPDX: {metadata.license_expression!r}."
            notes.append(Note(level="warning", text=text))
        else:
            if _OLD_GNU.fullmatch(metadata.license_expression) and evidence.later:
                expression = expression.replace("-only", "-or-later")
            notes += _contradiction(expression, "License-Expression", evidence)
    if expression is None:
        expression = _weighed(metadata, evidence, notes)
    if not expression:
        notes.append(
            Note(
                level="todo",
                text="license: neither metadata nor a licence file tells it; look at the project's repository.",
            )
        )
    return LicenceDecision(expression=expression, files=files, notes=tuple(notes))


def _evidence(metadata: CoreMetadata, contents: Mapping[str, str], texts: Mapping[str, str]) -> _Evidence:
    field = metadata.license or ""
    named = from_field(field)
    if not named and len(field) > 60:
        read = identify(field) or from_field(field.strip().partition("\n")[0])
        named = read if len(read) == 1 or not metadata.classifiers else ()
    licences = {path: text for path, text in contents.items() if not _is_notice(path)}
    found = _unique(term for text in licences.values() for term in identify(text))
    if any(term.name.startswith("LGPL") for term in found):
        # The LGPL 3 is a supplement to the GPL, whose text stands beside it.
        found = tuple(term for term in found if not term.name.startswith("GPL"))
    remarks = [text[:_SHORT] for text in licences.values() if len(text) < _SHORT]
    others = [text[:20_000] for path, text in texts.items() if path not in contents and not _is_licence(path)]
    notices = _unique(term for text in others for term in gnu_notice(text[:_SHORT]))
    return _Evidence(
        field=named,
        classifiers=_refined(_unique(filter(None, map(from_classifier, metadata.classifiers)))),
        texts=found,
        notices=notices,
        where=_places(licences),
        dual=any(map(dual, [field, *(text for text in remarks if len(identify(text)) != 1)]))
        or bool(re.search(r"(?i)\bor\b|/", field) and len(named) > 1),
        later=any(map(later_versions, [*remarks, *others])),
    )


def _weighed(metadata: CoreMetadata, evidence: _Evidence, notes: list[Note]) -> str:
    """Without an expression of the project's own: the field if it is exact, else what agrees with the texts."""
    field = (metadata.license or "").strip()
    exact = None if any(term.gnu and term.later is None for term in evidence.field) else normalised(field)
    if exact is not None:
        notes += _contradiction(exact, "the License field", evidence)
        if evidence.field and evidence.classifiers and not _agree(evidence.field, evidence.classifiers):
            said = f"The License field says {exact}, the classifiers say {_listed(evidence.classifiers)}"
            notes.append(Note(level="warning", text=f"{said}; {exact} is taken."))
        return exact
    declared = _declared(evidence, notes)
    if declared and evidence.texts and not any(term.agrees(text) for term in declared for text in evidence.texts):
        said, read = _listed(declared), _listed(evidence.texts)
        twice = bool(evidence.field and evidence.classifiers and _agree(evidence.field, evidence.classifiers))
        kept = declared if twice or len(evidence.texts) > 1 else evidence.texts
        text = f"The metadata says {said}, but {evidence.where} reads like {read}; {_listed(kept)} is taken."
        notes.append(Note(level="warning", text=text))
        declared = kept
    if not declared:
        declared = evidence.texts
    return _joined([_resolved(term, evidence, notes) for term in declared], evidence, notes)


def _declared(evidence: _Evidence, notes: list[Note]) -> tuple[Term, ...]:
    """Field and classifiers, the more exact one of each pair that agrees."""
    field, classifiers = evidence.field, evidence.classifiers
    if not field or not classifiers:
        return field or classifiers
    if _agree(field, classifiers):
        both = _refined(_unique((*field, *classifiers)))
        return both if len(both) <= max(len(field), len(classifiers)) else field
    chosen = next((side for side in (field, classifiers) if _agree(side, evidence.texts)), field)
    notes.append(
        Note(
            level="warning",
            text=f"The License field says {_listed(field)}, the classifiers say {_listed(classifiers)}; "
            f"{_listed(chosen)} is taken.",
        )
    )
    return chosen


def _resolved(term: Term, evidence: _Evidence, notes: list[Note]) -> str:
    """The SPDX identifier of a term, its open part filled in from the texts; "" where nothing tells."""
    read = (*evidence.texts, *evidence.notices)
    like = next((text for text in read if text != term and not text.is_open and term.agrees(text)), None)
    if term.is_open:
        if like is None:
            assumed = {"BSD": "BSD-3-Clause", "Apache": "Apache-2.0", "MPL": "MPL-2.0"}.get(term.name, "")
            so = f"{assumed} is assumed" if assumed else "it has to be looked up"
            notes.append(Note(level="warning", text=f"The metadata says only {term.name}, no file tells which: {so}."))
            return assumed
        term = Term(like.name, term.later if term.later is not None else like.later)
    if term.gnu and term.later is None:
        later = evidence.later or any(text.later for text in evidence.texts if text.name == term.name)
        term = Term(term.name, later)
        if not later:
            notes.append(
                Note(level="info", text=f"No word of later versions was found: {term.spdx}, not {term.name}-or-later.")
            )
    return term.spdx


def _joined(identifiers: Iterable[str], evidence: _Evidence, notes: list[Note]) -> str:
    unique = sorted(set(filter(None, identifiers)))
    if len(unique) < 2:
        return "".join(unique)
    word = "OR" if evidence.dual else "AND"
    expression = f" {word} ".join(unique)
    if not evidence.dual:
        notes.append(
            Note(
                level="warning", text=f"Several licences, and nothing says that one may choose: {expression} is taken."
            )
        )
    return expression


def _contradiction(expression: str, source: str, evidence: _Evidence) -> list[Note]:
    """A note for each licence that was read in the files, but is not in the expression."""
    names = [Term(re.sub(r"-(?:only|or-later)$", "", name)) for name in re.findall(r"[\w.+-]+", expression)]
    strange = [text for text in evidence.texts if not any(text.agrees(name) for name in names)]
    strange = [text for text in strange if text.name not in expression]
    if not strange:
        return []
    if len(strange) < len(evidence.texts):
        return [Note(level="info", text=f"{evidence.where} also holds what reads like {_listed(strange)}.")]
    text = f"{source} says {expression}, but {evidence.where} reads like {_listed(strange)}; {expression} is taken."
    return [Note(level="warning", text=text)]


def _places(paths: Iterable[str]) -> str:
    """The files, named for a note."""
    first, rest = sorted(paths)[:2], sorted(paths)[2:]
    return ", ".join(first) + (f" and {len(rest)} more" if rest else "") if first else "no licence file"


def _agree(one: Iterable[Term], other: Iterable[Term]) -> bool:
    others = tuple(other)
    return any(a.agrees(b) for a in one for b in others)


def _refined(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """Without those that another one says more exactly."""
    return tuple(term for term in terms if not any(_says_less(term, other) for other in terms))


def _says_less(term: Term, other: Term) -> bool:
    if term.name == other.name:
        return term.later is None and other.later is not None
    return term.covers(other)


def _unique(terms: Iterable[Term]) -> tuple[Term, ...]:
    return tuple(dict.fromkeys(terms))


def _listed(terms: Iterable[Term]) -> str:
    return ", ".join(term.spdx if term.later is not None or not term.gnu else term.name for term in terms)


def licence_files(declared: Iterable[str], texts: Mapping[str, str]) -> tuple[str, ...]:
    """Those of License-File that the sdist has (lists of authors aside), else the outermost licence files."""
    named = [path for path in dict.fromkeys(declared) if path in texts and _is_licence(path)]
    if named:
        return tuple(named)
    own = [path for path in texts if _is_licence(path) and not _ASIDE.search(path)]
    depth = min((path.count("/") for path in own if not _is_notice(path)), default=None)
    if depth is None:
        return ()
    return tuple(sorted((path for path in own if path.count("/") == depth), key=lambda path: (_is_notice(path), path)))


def _is_licence(path: str) -> bool:
    name = path.rpartition("/")[2]
    folder = path.rpartition("/")[0].rpartition("/")[2]
    return not name.lower().endswith(_NO_TEXT) and (_FILE.fullmatch(name) is not None or folder == "LICENSES")


def _is_notice(path: str) -> bool:
    return path.rpartition("/")[2].lower().startswith("notice")
