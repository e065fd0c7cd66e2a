"""Decision: a project's licence as an SPDX expression, and the files that hold it.

PEP 639's License-Expression is the word of the project; without one, the License field, the classifiers and the texts
of the licence files are weighed against each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from dirac_forge.recipe.licences.evidence import LicenceEvidence, beginnings, licence_evidence
from dirac_forge.recipe.licences.exceptions import with_exception
from dirac_forge.recipe.licences.files import licence_files, patterns_left_out
from dirac_forge.recipe.licences.names import (
    Term,
    is_ambiguous,
    normalised,
    not_understood,
    refined,
    unique,
    unknown_classifiers,
)
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.untrusted import one_line
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.values import dataclass

_OLD_GNU: Final = re.compile(r"(?i)[AL]?GPL-[123]\.[01]")
"""Identifiers that SPDX gave up, because many meant "or later" by them."""
_CLOSED: Final = "LicenseRef-Proprietary"
_EXCEPTION: Final = re.compile(r"(?i)\bexceptions?\b")
_A_NAME: Final = 200
"""Characters: a longer field is the text of a licence, which speaks of exceptions in other ways."""
_NOT_STATED: Final = frozenset({NoteKind.NO_LATER_VERSIONS, NoteKind.LICENCE_ASSUMED, NoteKind.LICENCE_OPEN})
_ONE_NAME: Final = re.compile(r"[\w.+-]+")
_QUOTED: Final = 80
"""Characters of a field in a note."""
_ASSUMED: Final = {
    "AFL": "AFL-3.0",
    "ZPL": "ZPL-2.1",
    "BSD": "BSD-3-Clause",
    "Apache": "Apache-2.0",
    "MPL": "MPL-2.0",
    "LGPL-2": "LGPL-2.0",
}
"""What most projects mean by a name without a version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LicenceDecision:
    """What to write into `about`, and why."""

    expression: str
    """SPDX; "" if it is not known."""
    files: tuple[str, ...]
    """Paths in the sdist; () if it ships none."""
    notes: tuple[Note, ...] = ()

    @property
    def open(self) -> bool:
        """Whether a part of the expression is not stated, and only assumed: the version, or "or later"."""
        return any(one.kind in _NOT_STATED for one in self.notes)


def decide(
    metadata: CoreMetadata,
    texts: Mapping[str, str],
    *,
    wheel_texts: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    members: Iterable[str] = (),
    has_source: bool = True,
) -> LicenceDecision:
    """Return the licence of a release.

    Args:
        metadata: the core metadata of the release.
        texts: paths in the sdist to contents: licence-like files, and others (README, setup.py…) in whose words a
            notice such as "or (at your option) any later version" may stand.
        wheel_texts: licence files of the wheel, consulted where the sdist ships none.
        headers: paths of sources to what they say of a GNU licence.
        members: all paths in the sdist, among them licence files whose text was not kept.
        has_source: whether there is a source at all, which could have a licence file.
    """
    members = tuple(members)
    files = licence_files(metadata.license_files, texts, members)
    of_wheel = wheel_texts or {}
    notes = [_no_file(of_wheel)] if has_source and not files else []
    if left_out := patterns_left_out(metadata.license_files, texts, members):
        notes.append(note("warning", NoteKind.PATTERNS_LEFT_OUT, count=str(left_out)))
    contents = {path: texts[path] for path in files if path in texts} or dict(of_wheel)
    metadata = _with_words(metadata)
    evidence = licence_evidence(metadata, contents, texts, headers or {})
    expression = _own_expression(metadata.license_expression, evidence, notes)
    if expression is None:
        field = metadata.license or ""
        expression = with_exception(_weighed(field, evidence, notes), [field, *beginnings(contents, texts)])
        notes += _doubts(metadata, evidence, expression, notes)
        notes += _unknown_classifiers(metadata, expression)
    if evidence.restricted:
        words = dict.fromkeys(word for words in evidence.restricted.values() for word in words)
        notes.append(note("warning", NoteKind.TEXT_RESTRICTED, files=evidence.restricted, words=words))
    if _CLOSED in expression:
        notes.append(note("warning", NoteKind.PROPRIETARY, taken=expression))
    if not expression:
        notes.append(note("todo", NoteKind.LICENCE_UNKNOWN))
    return LicenceDecision(expression=expression, files=files, notes=tuple(notes))


def _doubts(
    metadata: CoreMetadata, evidence: LicenceEvidence, expression: str, notes: Iterable[Note]
) -> Iterator[Note]:
    """Yield what was not understood of a License field, and files that are the text of no known licence."""
    field = metadata.license or ""
    unknown = () if normalised(field.strip()) is not None else not_understood(field)
    noted = any(one.kind == NoteKind.NOT_SPDX for one in notes)
    if unknown and not noted:
        yield note("warning", NoteKind.PART_UNKNOWN, parts=unknown, taken=_taken(expression))
    if _EXCEPTION.search(field) and len(field) <= _A_NAME and " WITH " not in expression and not unknown:
        yield note(
            "warning", NoteKind.EXCEPTION_UNKNOWN, field=one_line(field, longest=_QUOTED), taken=_taken(expression)
        )
    if evidence.title_only:
        yield note("warning", NoteKind.FIELD_TEXT_UNKNOWN, taken=_taken(expression))
    files = evidence.files if unknown or noted else evidence.unknown_texts
    if files and not evidence.texts:
        yield note("warning", NoteKind.TEXT_UNKNOWN, files=files)


def _unknown_classifiers(metadata: CoreMetadata, expression: str) -> Iterator[Note]:
    """Yield a note on classifiers of licences that are not known here, but for what the expression names."""
    words = set(re.findall(r"\w{3,}", expression.lower()))
    unknown = unknown_classifiers(metadata.classifiers)
    names = [name for name in unknown if words.isdisjoint(re.findall(r"\w+", name.lower()))]
    if names:
        yield note("warning", NoteKind.CLASSIFIER_UNKNOWN, names=names, taken=_taken(expression))


def _taken(expression: str) -> tuple[str, ...]:
    return (expression,) if expression else ()


def _with_words(metadata: CoreMetadata) -> CoreMetadata:
    """Return metadata in which an expression that is not SPDX is what the License field says: some of it is known."""
    written = metadata.license_expression or ""
    if metadata.license or (normalised(written) is not None and not is_ambiguous(written)):
        return metadata
    return replace(metadata, license=metadata.license_expression)


def _no_file(wheel_texts: Mapping[str, str]) -> Note:
    kind = NoteKind.LICENCE_FILE_IN_WHEEL if wheel_texts else NoteKind.NO_LICENCE_FILE
    return note("warning", kind, files=sorted(wheel_texts))


def _own_expression(written: str | None, evidence: LicenceEvidence, notes: list[Note]) -> str | None:
    """Return the project's License-Expression, None if it has none or one that is not SPDX."""
    if not written:
        return None
    expression = normalised(written)
    if expression is None or is_ambiguous(written):
        notes.append(note("warning", NoteKind.NOT_SPDX, expression=written))
        return None
    if _OLD_GNU.fullmatch(written):
        expression = _with_versions(Term(expression.removesuffix("-only")), evidence, notes).spdx
    notes += _contradiction(expression, NoteKind.EXPRESSION_AND_FILES, evidence)
    return expression


def _weighed(field: str, evidence: LicenceEvidence, notes: list[Note]) -> str:
    """Return the field if it is exact, else what agrees with the texts; the project has no expression of its own."""
    exact = None if any(term.gnu and term.later is None for term in evidence.field) else normalised(field.strip())
    if exact is not None and not _read_otherwise(exact, evidence):
        return _exact(exact, evidence, notes)
    declared = _checked(_declared(evidence), evidence, notes) or evidence.texts
    declared = _with_neighbours(declared, evidence)
    expression = _joined([_resolved(term, evidence, notes) for term in declared], evidence, notes)
    if _agree(declared, evidence.texts):
        notes += _contradiction(expression, NoteKind.RESULT_AND_FILES, evidence)
    return expression


def _read_otherwise(field: str, evidence: LicenceEvidence) -> bool:
    """Whether the files have the text of another licence than a License field with one SPDX name, or of more."""
    if not _ONE_NAME.fullmatch(field) or _told_otherwise(evidence) is not None:
        return False
    named = evidence.field or (Term(field),)
    return _outweighs(named, evidence) or _with_neighbours(named, evidence) != named


def _exact(field: str, evidence: LicenceEvidence, notes: list[Note]) -> str:
    """Return a License field that is SPDX, unless a classifier and the files agree on another licence."""
    if (told := _told_otherwise(evidence)) is not None:
        kind, files = NoteKind.FILES_OVERRULE_FIELD, evidence.files_like([told])
        notes.append(note("warning", kind, field=field, files=files, taken=told.spdx))
        return told.spdx
    kind = NoteKind.LICENCE_FIELD_AND_FILES
    against = _contradiction(field, kind, evidence)
    notes += against
    agreed = not (evidence.field and evidence.classifiers) or _agree(evidence.field, evidence.classifiers)
    if not agreed and all(one.kind != kind for one in against):
        classifiers = _listed(evidence.classifiers)
        notes.append(note("warning", NoteKind.FIELD_AND_CLASSIFIERS, field=field, classifiers=classifiers, taken=field))
    return field


def _told_otherwise(evidence: LicenceEvidence) -> Term | None:
    """Return the one licence that both the files and a classifier are, where the License field names another one."""
    if len(evidence.texts) != 1 or evidence.texts[0] not in evidence.classifiers or evidence.texts[0].gnu:
        return None
    return None if _agree(evidence.field, evidence.texts) else evidence.texts[0]


def _outweighs(declared: Iterable[Term], evidence: LicenceEvidence) -> bool:
    """Whether the files have the text of one other licence, and field and classifier do not agree on theirs."""
    twice = bool(evidence.field and evidence.classifiers and _agree(evidence.field, evidence.classifiers))
    sure = len(evidence.texts) == 1 and not evidence.unknown_texts
    return sure and not twice and not _agree(declared, evidence.texts)


def _with_neighbours(declared: tuple[Term, ...], evidence: LicenceEvidence) -> tuple[Term, ...]:
    """Return what is declared, and what the same file has the whole texts of, where one may not choose.

    Beside a file with that licence alone, a file with several is one of other projects' licences.
    """
    groups = [group for group in evidence.by_file if _agree(declared, group)]
    if evidence.dual or any(len(group) == 1 for group in groups):
        return declared
    for group in groups:
        # The texts say which licence an open term (`BSD`) is.
        known = [term for term in declared if not (term.is_open and _agree([term], group))]
        declared = (*known, *(term for term in group if not _agree([term], known)))
    return declared


def _checked(declared: tuple[Term, ...], evidence: LicenceEvidence, notes: list[Note]) -> tuple[Term, ...]:
    """Return what is declared, or the texts where a single one contradicts it, with a note on who says what else."""
    field, classifiers = evidence.field, evidence.classifiers
    differ = bool(field and classifiers) and not _agree(field, classifiers)
    if not declared or not evidence.texts or _agree(declared, evidence.texts):
        if differ:
            said = {"field": _listed(field), "classifiers": _listed(classifiers), "taken": _listed(declared)}
            notes.append(note("warning", NoteKind.FIELD_AND_CLASSIFIERS, **said))
        return declared
    kept = evidence.texts if _outweighs(declared, evidence) else declared
    notes.append(
        note(
            "warning",
            NoteKind.METADATA_AND_FILES,
            who="License field" if differ else "metadata",
            declared=_listed(declared),
            classifiers=[each.spdx for each in classifiers] if differ else (),
            files=evidence.files_like(evidence.texts),
            texts=_listed(evidence.texts),
            unknown=evidence.unknown_texts,
            taken=_listed(kept),
        )
    )
    return kept


def _declared(evidence: LicenceEvidence) -> tuple[Term, ...]:
    """Return field and classifiers, the more exact one of each pair that agrees."""
    field, classifiers = evidence.field, evidence.classifiers
    if not field or not classifiers:
        return field or classifiers
    if _agree(field, classifiers):
        both = refined(unique((*field, *classifiers)))
        return both if len(both) <= max(len(field), len(classifiers)) else field
    return next((side for side in (field, classifiers) if _agree(side, evidence.texts)), field)


def _resolved(term: Term, evidence: LicenceEvidence, notes: list[Note]) -> str:
    """Return the SPDX identifier of a term, its open part filled in from the texts; "" if they don't have it."""
    if term.is_open:
        read = (*evidence.texts, *evidence.notices, *evidence.headers)
        like = next((text for text in read if text != term and not text.is_open and term.agrees(text)), None)
        if like is None:
            return _with_versions(Term(_assumed(term, notes), term.later), evidence, notes).spdx
        term = Term(like.name, like.later if term.later is None else term.later)
    return _with_versions(term, evidence, notes).spdx


def _assumed(term: Term, notes: list[Note]) -> str:
    assumed = _ASSUMED.get(term.name, "")
    kind = NoteKind.LICENCE_ASSUMED if assumed else NoteKind.LICENCE_OPEN
    notes.append(note("warning", kind, name=term.name, assumed=assumed))
    return assumed


def _with_versions(term: Term, evidence: LicenceEvidence, notes: list[Note]) -> Term:
    """Return a GNU licence with "only" or "or later"."""
    if not term.gnu or term.later is not None:
        return term
    if evidence.later or any(text.later for text in evidence.texts if text.name == term.name):
        return Term(term.name, later=True)
    headers = {said: path for said, path in evidence.headers.items() if said.name == term.name}
    told = Term(term.name, later=bool(headers) and all(said.later for said in headers))
    if len(headers) > 1:
        notes.append(note("warning", NoteKind.HEADERS_DIFFER, taken=told.spdx, files=headers.values()))
    elif headers:
        notes.append(note("info", NoteKind.BY_HEADER, taken=told.spdx, files=headers.values()))
    else:
        notes.append(note("warning", NoteKind.NO_LATER_VERSIONS, taken=told.spdx, name=term.name))
    return told


def _joined(identifiers: Iterable[str], evidence: LicenceEvidence, notes: list[Note]) -> str:
    unique = sorted(set(filter(None, identifiers)))
    if evidence.dual and len(unique) > 1 and _CLOSED in unique:
        unique.remove(_CLOSED)
        notes.append(note("info", NoteKind.COMMERCIAL_TOO))
    if len(unique) < 2:
        return "".join(unique)
    word = "OR" if evidence.dual else "AND"
    expression = f" {word} ".join(unique)
    if not evidence.dual:
        notes.append(note("warning", NoteKind.SEVERAL_LICENCES, taken=expression))
    return expression


def _contradiction(expression: str, kind: NoteKind, evidence: LicenceEvidence) -> list[Note]:
    """Return a note for each licence that was read in the files, but is not in the expression."""
    names = [Term(re.sub(r"-(?:only|or-later)$", "", name)) for name in re.findall(r"[\w.+-]+", expression)]
    strange = [text for text in evidence.texts if not any(text.agrees(name) for name in names)]
    strange = [text for text in strange if text.name not in expression]
    if not strange:
        return []
    files, texts = evidence.files_like(strange), _listed(strange)
    if len(strange) < len(evidence.texts):
        return [note("warning", NoteKind.FURTHER_LICENCE, files=files, texts=texts)]
    said = {"classifiers": [each.spdx for each in evidence.classifiers], "unknown": evidence.unknown_texts}
    return [note("warning", kind, taken=expression, files=files, texts=texts, **said)]


def _agree(one: Iterable[Term], other: Iterable[Term]) -> bool:
    others = tuple(other)
    return any(a.agrees(b) for a in one for b in others)


def _listed(terms: Iterable[Term]) -> str:
    return ", ".join(term.spdx if term.later is not None or not term.gnu else term.name for term in terms)
