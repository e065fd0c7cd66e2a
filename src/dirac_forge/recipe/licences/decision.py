"""Decision: a project's licence as an SPDX expression, and the files that hold it.

PEP 639's License-Expression is the word of the project; without one, the License field, the classifiers and the texts
of the licence files are weighed against each other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from dirac_forge.recipe.licences.exceptions import with_exception
from dirac_forge.recipe.licences.names import (
    Term,
    dual,
    dual_licensed,
    from_classifier,
    from_field,
    is_ambiguous,
    later_versions,
    normalised,
    not_understood,
)
from dirac_forge.recipe.licences.texts import gnu_notice, identify
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.values import dataclass

_FILE: Final = re.compile(
    r"(?i)(?:.*[-_.])?(?:un)?licen[cs]es?(?:[-_.].*)?|(?:copying|copyright|notice|[al]?gpl)(?:[-_.].*)?"
)
_NO_TEXT: Final = (
    ".py", ".pyc", ".pyi", ".c", ".h", ".js", ".css", ".json", ".toml", ".cfg",
    ".in", ".html", ".png", ".svg",
)  # fmt: skip
_PEOPLE: Final = re.compile(r"(?i)(?:authors?(?:hip)?|contributors?|credits|maintainers?|thanks)(?:[-_.].*)?")
"""Names of files that list people, which some backends take for licences."""
_ASIDE: Final = re.compile(
    r"(?i)(?:^|/)(?:\.eggs|_?vendor(?:ed|ing)?|third[-_]?party|extern(?:al|als)?|deps|dependencies|subprojects|node_modules|"
    r"tests?|testing|docs?|examples?|[^/]*\.egg-info|[^/]*\.dist-info)/"
)
_OLD_GNU: Final = re.compile(r"(?i)[AL]?GPL-[123]\.[01]")
"""Identifiers that SPDX gave up, because many meant "or later" by them."""
_ASSUMED: Final = {"BSD": "BSD-3-Clause", "Apache": "Apache-2.0", "MPL": "MPL-2.0"}
"""What most projects mean by a name without a version."""
_EITHER: Final = re.compile(r"(?i)\bunder the terms of either\b(?! version)")
_HEAD: Final = 400
"""Characters: what a licence file says before the text of a licence."""
_GNU_NAME: Final = re.compile(r"([AL]?GPL-\d\.\d)-(only|or-later)")
_SHORT: Final = 3000
"""Characters: a shorter licence file may be a notice of the project's own, rather than the text of a licence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LicenceDecision:
    """What to write into `about`, and why."""

    expression: str
    """SPDX; "" if it is not known."""
    files: tuple[str, ...]
    """Paths in the sdist; () if it ships none."""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class _Evidence:
    field: tuple[Term, ...]
    classifiers: tuple[Term, ...]
    texts: tuple[Term, ...]
    notices: tuple[Term, ...]
    """GNU licences that other files (setup.py, README) say they are under."""
    files: tuple[str, ...]
    """The licence files."""
    dual: bool
    later: bool


def decide(
    metadata: CoreMetadata,
    texts: Mapping[str, str],
    *,
    wheel_texts: Mapping[str, str] | None = None,
    members: Iterable[str] = (),
    has_source: bool = True,
) -> LicenceDecision:
    """Return the licence of a release.

    Args:
        metadata: the core metadata of the release.
        texts: paths in the sdist to contents: licence-like files, and others (README, setup.py…) in whose words a
            notice such as "or (at your option) any later version" may stand.
        wheel_texts: licence files of the wheel, consulted where the sdist ships none.
        members: all paths in the sdist, among them licence files whose text was not kept.
        has_source: whether there is a source at all, which could have a licence file.
    """
    files = licence_files(metadata.license_files, texts, members)
    of_wheel = wheel_texts or {}
    notes = [_no_file(of_wheel)] if has_source and not files else []
    contents = {path: texts[path] for path in files if path in texts} or dict(of_wheel)
    metadata = _with_words(metadata)
    evidence = _evidence(metadata, contents, texts)
    expression = _own_expression(metadata.license_expression, evidence, notes)
    if expression is None:
        field = metadata.license or ""
        expression = with_exception(_weighed(field, evidence, notes), [field, *_beginnings(contents, texts)])
        notes += _doubts(metadata, evidence, expression, notes)
    if "LicenseRef-Proprietary" in expression:
        notes.append(note("warning", NoteKind.PROPRIETARY, taken=expression))
    if not expression:
        notes.append(note("todo", NoteKind.LICENCE_UNKNOWN))
    return LicenceDecision(expression=expression, files=files, notes=tuple(notes))


def _doubts(metadata: CoreMetadata, evidence: _Evidence, expression: str, notes: Iterable[Note]) -> Iterator[Note]:
    """Yield what was not understood of a License field, and files that are the text of no known licence."""
    field = metadata.license or ""
    unknown = () if normalised(field.strip()) is not None else not_understood(field)
    noted = any(one.kind == NoteKind.NOT_SPDX for one in notes)
    if unknown and not noted:
        yield note("warning", NoteKind.PART_UNKNOWN, parts=unknown, taken=(expression,) if expression else ())
    if (unknown or noted) and evidence.files and not evidence.texts:
        yield note("warning", NoteKind.TEXT_UNKNOWN, files=evidence.files)


def _with_words(metadata: CoreMetadata) -> CoreMetadata:
    """Return metadata in which an expression that is not SPDX is what the License field says: some of it is known."""
    written = metadata.license_expression or ""
    if metadata.license or (normalised(written) is not None and not is_ambiguous(written)):
        return metadata
    return replace(metadata, license=metadata.license_expression)


def _no_file(wheel_texts: Mapping[str, str]) -> Note:
    kind = NoteKind.LICENCE_FILE_IN_WHEEL if wheel_texts else NoteKind.NO_LICENCE_FILE
    return note("warning", kind, files=sorted(wheel_texts))


def _own_expression(written: str | None, evidence: _Evidence, notes: list[Note]) -> str | None:
    """Return the project's License-Expression, None if it has none or one that is not SPDX."""
    if not written:
        return None
    expression = normalised(written)
    if expression is None or is_ambiguous(written):
        notes.append(note("warning", NoteKind.NOT_SPDX, expression=written))
        return None
    if _OLD_GNU.fullmatch(written) and evidence.later:
        expression = expression.replace("-only", "-or-later")
    notes += _contradiction(expression, NoteKind.EXPRESSION_AND_FILES, evidence)
    return expression


def _beginnings(*files: Mapping[str, str]) -> Iterator[str]:
    return (text[:20_000] for each in files for text in each.values())


def _evidence(metadata: CoreMetadata, contents: Mapping[str, str], texts: Mapping[str, str]) -> _Evidence:
    field = metadata.license or ""
    named = _named_in_field(field, classified=bool(metadata.classifiers))
    licences = {path: text for path, text in contents.items() if not _is_notice(path)}
    remarks = [text[:_SHORT] for text in licences.values() if len(text) < _SHORT]
    others = _other_texts(contents, texts)
    return _Evidence(
        field=named,
        classifiers=_classified(metadata.classifiers),
        texts=_read(licences),
        notices=_unique(term for text in others for term in gnu_notice(text[:_SHORT])),
        files=tuple(sorted(licences)),
        dual=_one_may_choose(field, named, remarks) or _offers_choice(licences.values(), others),
        later=any(map(later_versions, [*remarks, *others])),
    )


def _other_texts(contents: Mapping[str, str], texts: Mapping[str, str]) -> list[str]:
    """Return the beginnings of the files that are not licence files."""
    return list(
        _beginnings({path: text for path, text in texts.items() if path not in contents and not is_licence(path)})
    )


def _classified(classifiers: Iterable[str]) -> tuple[Term, ...]:
    """Return the licences that classifiers name; `Other/Proprietary License` counts where no other one does."""
    terms = _refined(_unique(filter(None, map(from_classifier, classifiers))))
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
    terms = _unique(term for path, text in files.items() for term in _named_by_reuse(path) or identify(text))
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


def _weighed(field: str, evidence: _Evidence, notes: list[Note]) -> str:
    """Return the field if it is exact, else what agrees with the texts; the project has no expression of its own."""
    exact = None if any(term.gnu and term.later is None for term in evidence.field) else normalised(field.strip())
    if exact is not None:
        return _exact(exact, evidence, notes)
    declared = _checked(_declared(evidence, notes), evidence, notes) or evidence.texts
    expression = _joined([_resolved(term, evidence, notes) for term in declared], evidence, notes)
    if _agree(declared, evidence.texts):
        notes += _contradiction(expression, NoteKind.RESULT_AND_FILES, evidence)
    return expression


def _exact(field: str, evidence: _Evidence, notes: list[Note]) -> str:
    """Return a License field that is SPDX, unless a classifier and the files agree on another licence."""
    if (told := _told_otherwise(evidence)) is not None:
        kind, files = NoteKind.FILES_OVERRULE_FIELD, evidence.files
        notes.append(note("warning", kind, field=field, files=files, taken=told.spdx))
        return told.spdx
    notes += _contradiction(field, NoteKind.LICENCE_FIELD_AND_FILES, evidence)
    if evidence.field and evidence.classifiers and not _agree(evidence.field, evidence.classifiers):
        classifiers = _listed(evidence.classifiers)
        notes.append(note("warning", NoteKind.FIELD_AND_CLASSIFIERS, field=field, classifiers=classifiers, taken=field))
    return field


def _told_otherwise(evidence: _Evidence) -> Term | None:
    """Return the one licence that both the files and a classifier are, where the License field names another one."""
    if len(evidence.texts) != 1 or evidence.texts[0] not in evidence.classifiers or evidence.texts[0].gnu:
        return None
    return None if _agree(evidence.field, evidence.texts) else evidence.texts[0]


def _checked(declared: tuple[Term, ...], evidence: _Evidence, notes: list[Note]) -> tuple[Term, ...]:
    """Return what is declared, or the texts where a single one contradicts it."""
    if not declared or not evidence.texts or _agree(declared, evidence.texts):
        return declared
    twice = bool(evidence.field and evidence.classifiers and _agree(evidence.field, evidence.classifiers))
    kept = declared if twice or len(evidence.texts) > 1 else evidence.texts
    notes.append(
        note(
            "warning",
            NoteKind.METADATA_AND_FILES,
            declared=_listed(declared),
            files=evidence.files,
            texts=_listed(evidence.texts),
            taken=_listed(kept),
        )
    )
    return kept


def _declared(evidence: _Evidence, notes: list[Note]) -> tuple[Term, ...]:
    """Return field and classifiers, the more exact one of each pair that agrees."""
    field, classifiers = evidence.field, evidence.classifiers
    if not field or not classifiers:
        return field or classifiers
    if _agree(field, classifiers):
        both = _refined(_unique((*field, *classifiers)))
        return both if len(both) <= max(len(field), len(classifiers)) else field
    chosen = next((side for side in (field, classifiers) if _agree(side, evidence.texts)), field)
    said = {"field": _listed(field), "classifiers": _listed(classifiers), "taken": _listed(chosen)}
    notes.append(note("warning", NoteKind.FIELD_AND_CLASSIFIERS, **said))
    return chosen


def _resolved(term: Term, evidence: _Evidence, notes: list[Note]) -> str:
    """Return the SPDX identifier of a term, its open part filled in from the texts; "" if they don't have it."""
    if term.is_open:
        read = (*evidence.texts, *evidence.notices)
        like = next((text for text in read if text != term and not text.is_open and term.agrees(text)), None)
        if like is None:
            return _assumed(term, notes)
        term = Term(like.name, like.later if term.later is None else term.later)
    return _with_versions(term, evidence, notes).spdx


def _assumed(term: Term, notes: list[Note]) -> str:
    assumed = _ASSUMED.get(term.name, "")
    kind = NoteKind.LICENCE_ASSUMED if assumed else NoteKind.LICENCE_OPEN
    notes.append(note("warning", kind, name=term.name, assumed=assumed))
    return assumed


def _with_versions(term: Term, evidence: _Evidence, notes: list[Note]) -> Term:
    """Return a GNU licence with "only" or "or later"."""
    if not term.gnu or term.later is not None:
        return term
    later = evidence.later or any(text.later for text in evidence.texts if text.name == term.name)
    told = Term(term.name, later)
    if not later:
        notes.append(note("info", NoteKind.NO_LATER_VERSIONS, taken=told.spdx, name=term.name))
    return told


def _joined(identifiers: Iterable[str], evidence: _Evidence, notes: list[Note]) -> str:
    unique = sorted(set(filter(None, identifiers)))
    if len(unique) < 2:
        return "".join(unique)
    word = "OR" if evidence.dual else "AND"
    expression = f" {word} ".join(unique)
    if not evidence.dual:
        notes.append(note("warning", NoteKind.SEVERAL_LICENCES, taken=expression))
    return expression


def _contradiction(expression: str, kind: NoteKind, evidence: _Evidence) -> list[Note]:
    """Return a note for each licence that was read in the files, but is not in the expression."""
    names = [Term(re.sub(r"-(?:only|or-later)$", "", name)) for name in re.findall(r"[\w.+-]+", expression)]
    strange = [text for text in evidence.texts if not any(text.agrees(name) for name in names)]
    strange = [text for text in strange if text.name not in expression]
    if not strange:
        return []
    if len(strange) < len(evidence.texts):
        return [note("warning", NoteKind.FURTHER_LICENCE, files=evidence.files, texts=_listed(strange))]
    return [note("warning", kind, taken=expression, files=evidence.files, texts=_listed(strange))]


def _agree(one: Iterable[Term], other: Iterable[Term]) -> bool:
    others = tuple(other)
    return any(a.agrees(b) for a in one for b in others)


def _refined(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """Return licences without those that another one says more exactly."""
    return tuple(term for term in terms if not any(_says_less(term, other) for other in terms))


def _says_less(term: Term, other: Term) -> bool:
    if term.name == other.name:
        return term.later is None and other.later is not None
    return term.covers(other)


def _unique(terms: Iterable[Term]) -> tuple[Term, ...]:
    return tuple(dict.fromkeys(terms))


def _listed(terms: Iterable[Term]) -> str:
    return ", ".join(term.spdx if term.later is not None or not term.gnu else term.name for term in terms)


def licence_files(declared: Iterable[str], texts: Mapping[str, str], members: Iterable[str] = ()) -> tuple[str, ...]:
    """Return those of License-File that the sdist has (lists of people aside), else the outermost licence files."""
    there = {*texts, *members}
    found = (path for pattern in declared for path in _matching(pattern, there))
    named = tuple(path for path in dict.fromkeys(found) if not _lists_people(path))
    return named or _outermost([path for path in texts if is_licence(path) and not _ASIDE.search(path)])


def _matching(pattern: str, there: Collection[str]) -> list[str]:
    """Return the files that a name, or a pattern of `license-files` in a tree (PEP 639), stands for."""
    if pattern in there or not re.search(r"[*?\[]", pattern):
        return [pattern] if pattern in there else []
    parts = pattern.split("/")
    return sorted(path for path in there if _matches(path.split("/"), parts))


def _matches(path: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern or not path:
        return not pattern and not path
    if pattern[0] == "**":
        return any(_matches(path[start:], pattern[1:]) for start in range(len(path) + 1))
    return fnmatchcase(path[0], pattern[0]) and _matches(path[1:], pattern[1:])


def _outermost(paths: Sequence[str]) -> tuple[str, ...]:
    """Return those in the outermost folder that has a licence, notices last."""
    depth = min((path.count("/") for path in paths if not _is_notice(path)), default=-1)
    outermost = (path for path in paths if path.count("/") == depth)
    return tuple(sorted(outermost, key=lambda path: (_is_notice(path), path)))


def _lists_people(path: str) -> bool:
    return _PEOPLE.fullmatch(path.rpartition("/")[2]) is not None


def is_licence(path: str) -> bool:
    """Return whether a file has the name of a licence, or is in a folder of them as https://reuse.software asks for."""
    name = path.rpartition("/")[2]
    folder = path.rpartition("/")[0].rpartition("/")[2]
    return not name.lower().endswith(_NO_TEXT) and (_FILE.fullmatch(name) is not None or folder == "LICENSES")


def _is_notice(path: str) -> bool:
    return path.rpartition("/")[2].lower().startswith("notice")
