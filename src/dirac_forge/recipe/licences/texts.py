"""Licences by their text: the one place that knows the licence texts that grayskull brings along.

Nothing is fetched and grayskull's own discovery is not imported: it asks spdx.org. Most texts are recognised by phrases
that only they have; the rest is compared with grayskull's bundled texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Final

from dirac_forge.recipe.licences.names import Term, from_field

_LONGEST: Final = 200_000
_ALIKE: Final = 90.0
"""Per cent, of `rapidfuzz.fuzz.ratio`. The most alike of the bundled texts, GPL-3.0 and AGPL-3.0, are recognised by
their titles before; another holder's name in a short licence costs less than this."""

_TITLES: Final = (
    (r"the freetype (?:project )?license", "FTL"),
    (r"gnu affero general public license version 3", "AGPL-3.0"),
    (r"gnu lesser general public license version 3", "LGPL-3.0"),
    (r"gnu lesser general public license version 2\.1", "LGPL-2.1"),
    (r"gnu library general public license version 2", "LGPL-2.0"),
    (r"gnu general public license version 3", "GPL-3.0"),
    (r"gnu general public license version 2", "GPL-2.0"),
    (r"gnu general public license version 1", "GPL-1.0"),
    (r"apache license version 2\.0,? january 2004", "Apache-2.0"),
    (r"mozilla public license,? version 2\.0", "MPL-2.0"),
    (r"mozilla public license,? version 1\.1\W+1\. definitions", "MPL-1.1"),
    (r"mozilla public license,? version 1\.0\W+1\. definitions", "MPL-1.0"),
    (r"zope public license \(zpl\) version 2\.1", "ZPL-2.1"),
    (r"eclipse public license - v 2\.0", "EPL-2.0"),
    (r"eclipse public license - v 1\.0", "EPL-1.0"),
    (r"common development and distribution license \(cddl\) version 1\.1", "CDDL-1.1"),
    (r"common development and distribution license \(cddl\) version 1\.0", "CDDL-1.0"),
    (r"open software license (?:\(osl\) )?v\. ?3\.0", "OSL-3.0"),
    (r"european union public licence v\. ?1\.2", "EUPL-1.2"),
    (r"european union public licence v\. ?1\.1", "EUPL-1.1"),
    (r"cecill-b free software license agreement|contrat de licence de logiciel libre cecill-b", "CECILL-B"),
    (r"cecill-c free software license agreement|contrat de licence de logiciel libre cecill-c", "CECILL-C"),
    (r"cecill free software license agreement.{0,400}version 2\.1", "CECILL-2.1"),
    (r"artistic license 2\.0", "Artistic-2.0"),
    (r"clarified artistic license", "ClArtistic"),
    (r"boost software license - version 1\.0", "BSL-1.0"),
    (r"cc0 1\.0 universal", "CC0-1.0"),
    (r"do what the fuck you want to public license", "WTFPL"),
)
"""Of whole licences, found at the start of a file."""

_PYTHON: Final = ("psf license agreement", "python software foundation license version 2")
"""Of Python's own licence, which goes on with the licences of its past."""

_PYTHONS_PAST: Final = "beopen.com license agreement for python"
_WITH_GRANTS: Final = ("PSF-2.0", "ZPL-2.1")
"""Licences whose own texts have a grant of the short ones below."""
_PREFACE: Final = 6000
"""Characters: Python's licence begins with a history of Python; further down it is that of a part."""

_GRANTS: Final = (
    # how a grant begins; how far it goes; what identifies the licence, and which it is otherwise
    (
        "permission is hereby granted, free of charge, to any person obtaining a copy",
        1600,
        (
            ("copy of the font software", "OFL-1.1"),
            ("fonts accompanying this license", "Bitstream-Vera"),
            ("except as contained in this notice", "X11"),
            ("good, not evil", "JSON"),
            ("redistributions of source code must retain", "NCSA"),
            ("shall be included", "MIT"),
        ),
        "MIT-0",
    ),
    (
        "purpose with or without fee is hereby granted",
        1400,
        (("except as contained in this notice", "curl"), ("hereby granted,? provided that", "ISC")),
        "0BSD",
    ),
    (
        "redistribution and use in source and binary forms",
        2200,
        (
            ("all advertising materials", "BSD-4-Clause"),
            ("if any files are modified,? you must cause", "BSD-3-Clause-Modification"),
            (
                "(?:neither the names? .{0,300}|names? of .{0,200}(?:may|must) not be used to )endorse or promote",
                "BSD-3-Clause",
            ),
        ),
        "BSD-2-Clause",
    ),
)
"""Of short licences, which are often a part of a file with several."""

_CONDITIONS: Final = {"BSD-2-Clause": 2, "BSD-3-Clause": 3, "BSD-4-Clause": 4}
"""How many a licence has: a text with more of them is another one (Apache 1.1, OpenSSL's…)."""
_ANY_NUMBER: Final = 99

_GNU_TITLES: Final = (
    ("gnu affero general public license version 3,? 19 november 2007", "AGPL-3.0"),
    ("gnu lesser general public license version 3,? 29 june 2007", "LGPL-3.0"),
    ("gnu lesser general public license version 2\\.1,? february 1999", "LGPL-2.1"),
    ("gnu library general public license version 2,? june 1991", "LGPL-2.0"),
    ("gnu general public license version 3,? 29 june 2007", "GPL-3.0"),
    ("gnu general public license version 2,? june 1991", "GPL-2.0"),
)
"""With their dates: of the whole text, wherever it begins in a file."""

_MENTIONS: Final = (
    ("licensed under the apache license,? version 2\\.0|apache license v2\\.0 with llvm exceptions", "Apache-2.0"),
    ("subject to the terms of the mozilla public license,? v\\. 2\\.0", "MPL-2.0"),
    ("subject to the mozilla public license,? version 1\\.1", "MPL-1.1"),
)
"""What names a licence, and is not its text."""
_PHRASES: Final = (
    ("this is free and unencumbered software released into the public domain", "Unlicense"),
    *_GNU_TITLES,
    ("by obtaining, using,? and/or copying this software", "MIT-CMU"),
    ("permission notice appear in supporting documentation", "HPND"),
    # Of the texts with the title "The Artistic License", Perl's alone speaks of undump.
    ("state the conditions under which a package may be copied.*undump or unexec", "Artistic-1.0-Perl"),
    ("the origin of this software must not be misrepresented", "Zlib"),
)

_RESTRICTIONS: Final = re.compile(
    r"commons clause|non-?commercial (?:use|purposes)|not(?: be)? used? (?:it )?for (?:any )?commercial|"
    r"for evaluation (?:use|purposes) only|(?:academic|educational|research|internal|personal)(?: use| purposes) only|"
    r"may not be redistributed"
)
"""Words that no free licence has."""

_GNU_NOTICE: Final = re.compile(
    r"gnu (?P<kind>lesser |library |affero )?general public license(?:(?!public license).){0,120}?"
    r"version (?P<version>[123](?:\.\d)?)(?P<rest>(?:(?!gnu ).){0,60})"
)
_NOTICE: Final = 20_000
"""Characters: no notice stands further down."""
_WHOLE_TEXT: Final = re.compile(
    "|".join(title for title, _ in _GNU_TITLES) + r"|mozilla public license,? version \d\.\d\W+1\. definitions"
    r"|eclipse public license - v|european union public licence v\. ?1|common development and distribution license \("
)
"""Where the text of a licence begins that speaks of GNU licences: "any later version" is no grant in it."""
_UNDER: Final = re.compile(
    r"\b(?:licen[cs]ed|released|distributed|available|provided|published) (?:\w+ )?under "
    r"(?:the )?(?:terms of )?(?:the )?(?P<names>.{3,120}?)(?:\.(?: |$)|:|$)"
)


_STANZA: Final = re.compile(r"^Files?: *\S.*\n(?:.*\n){0,40}?License: *(\S.*)$", re.MULTILINE)
"""Of a machine-readable copyright file: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/."""
_FEW: Final = 2


def identify(text: str) -> tuple[Term, ...]:
    """Return the licences whose text or notice `text` is; () for none that is known.

    The full text of a GNU licence does not tell "only" from "or later": `Term.later` is None then.
    """
    stanzas = [from_field(name) for name in _STANZA.findall(text[:_LONGEST])]
    if len(stanzas) >= _FEW and all(stanzas):
        return tuple(dict.fromkeys(term for terms in stanzas for term in terms))
    words = plain(text[:_LONGEST])
    if (whole := _whole(words)) is not None:
        return (Term(whole),)
    names = list(_parts(words))
    terms = [Term(name) for name in names if name != "HPND" or "MIT-CMU" not in names]
    return tuple(dict.fromkeys([*terms, *gnu_notices(text)])) or _alike(words)


def restrictions(text: str) -> tuple[str, ...]:
    """Return the words of a text that allow some uses only, which no free licence does."""
    return tuple(dict.fromkeys(_RESTRICTIONS.findall(plain(text[:_LONGEST]))))


def whole_texts(text: str) -> tuple[Term, ...]:
    """Return the licences whose whole texts a file has, mentions and notices of others left out."""
    words = plain(text[:_LONGEST])
    whole = _whole(words)
    names = [whole] if whole is not None else [*_texts(words)]
    return tuple(dict.fromkeys(map(Term, names)))


def _parts(words: str) -> Iterator[str]:
    """Yield the licences that a text may hold several of, those that it only mentions too."""
    yield from _texts(words)
    yield from (name for phrase, name in _MENTIONS if re.search(phrase, words))


def _texts(words: str) -> Iterator[str]:
    """Yield the licences whose texts are one after the other."""
    if (found := _first_whole(words)) is not None:
        start, name = found
        yield name
        # Python's own licence goes on with those of its past.
        words = words[:start] if name == "PSF-2.0" and _PYTHONS_PAST in words[start:] else words
    if any(phrase in words for phrase in _PYTHON):
        yield "PSF-2.0"
    yield from (name for phrase, name in _PHRASES if re.search(phrase, words))
    for grant in _GRANTS:
        yield from _granted(words, *grant)


def _whole(words: str) -> str | None:
    """Return the licence that a text is from beginning to end, None for one that may hold several."""
    if "llvm exceptions to the apache 2.0 license" in words:
        return "Apache-2.0 WITH LLVM-exception"
    start, name = _first_whole(words) or (0, None)
    if name is None or name == "Apache-2.0":
        return None
    rest = words[:start] if name in _WITH_GRANTS else words
    return None if any(_granted(rest, *grant) for grant in _GRANTS) else name


def _first_whole(words: str) -> tuple[int, str] | None:
    """Return where a text of some length begins that a file is, or goes on with after a short one, and its name."""
    if (python := min((at for phrase in _PYTHON if (at := words.find(phrase)) >= 0), default=_PREFACE)) < _PREFACE:
        return python, "PSF-2.0"
    start = words[:2000]
    found = ((match.start(), name) for pattern, name in _TITLES if (match := re.search(pattern, start)))
    return next(found, None)


def own_words(text: str) -> str:
    """Return the words of a text up to the whole text of a licence that speaks of GNU licences."""
    words = plain(text[:_NOTICE])
    found = _WHOLE_TEXT.search(words)
    return words[: found.start()] if found else words


def gnu_notices(text: str) -> tuple[Term, ...]:
    """Return the GNU licences that notices name with their versions, the first one of each kind."""
    found: dict[str, Term] = {}
    for match in _GNU_NOTICE.finditer(own_words(text)):
        prefix = {"lesser ": "L", "library ": "L", "affero ": "A"}.get(match["kind"] or "", "")
        version = match["version"] if "." in match["version"] else f"{match['version']}.0"
        later = True if re.search("any later version|or later", match["rest"]) else None
        found.setdefault(prefix, Term(f"{prefix}GPL-{version}", later))
    return tuple(found.values())


def named_in_words(text: str) -> tuple[Term, ...]:
    """Return the licences that a remark says something is under, by their names."""
    match = _UNDER.search(own_words(text))
    return from_field(match["names"]) if match else ()


def _granted(words: str, anchor: str, length: int, choices: tuple[tuple[str, str], ...], otherwise: str) -> list[str]:
    """Return one licence for each time that the anchor is found, identified by what follows it."""
    found = []
    starts = [match.start() for match in re.finditer(anchor, words)]
    for start, following in pairwise([*starts, len(words)]):
        part = words[start : min(start + length, following)]
        name = next((name for pattern, name in choices if re.search(pattern, part)), otherwise)
        if _conditions(part) <= _CONDITIONS.get(name, _ANY_NUMBER):
            found.append(name)
    return found


def _conditions(words: str) -> int:
    """Return how many conditions are numbered, before the disclaimer."""
    conditions, _, _ = words.partition("this software is provided")
    count = 0
    for number in re.findall(r"(?<=\s)\(?([1-9])[.)](?=\s)", conditions):
        count += number == str(count + 1)
    return count


def plain(text: str) -> str:
    """Return text in lower case, without decoration, quotes and layout; `version` and its number side by side."""
    bare = re.sub(r"`_+|[\"'`\u201c\u201d\u2018\u2019*#]+|^[ \t]*(?://|;|\.\.)", " ", text.lower(), flags=re.MULTILINE)
    return re.sub(r"licen[cs]e,? version", "license version", " ".join(bare.split()))


@cache
def _bundled() -> dict[str, str]:
    """Return the words of each licence, from grayskull's data files."""
    spec = find_spec("grayskull")
    if spec is None or not spec.submodule_search_locations:
        return {}
    folder = Path(next(iter(spec.submodule_search_locations)), "license", "data")
    return {
        path.name.removesuffix("-only"): plain(path.read_text(encoding="utf-8", errors="replace"))
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix != ".py"
    }


def _alike(words: str) -> tuple[Term, ...]:
    """Return the bundled text that `words` is nearly equal to."""
    if len(words) < 400:
        return ()
    from rapidfuzz import fuzz  # noqa: PLC0415  (slow to import, rarely needed)

    scores = {
        name: fuzz.ratio(words, other, score_cutoff=_ALIKE)
        for name, other in _bundled().items()
        if 0.7 < len(words) / len(other) < 1.4
    }
    best = max(scores, key=lambda name: scores[name], default=None)
    return (Term(best),) if best is not None and scores[best] else ()
