"""Licences by their text: the one place that knows the licence texts that grayskull brings along.

Nothing is fetched and grayskull's own discovery is not imported: it asks spdx.org. Most texts are told by phrases that
only they have; the rest is compared with grayskull's bundled texts.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from dirac_forge.recipe.licence_names import Term

__all__ = ["identify"]

_LONGEST: Final = 200_000
_ALIKE: Final = 90.0
"""Per cent, of `rapidfuzz.fuzz.ratio`. The most alike of the bundled texts, GPL-3.0 and AGPL-3.0, are told by their
titles before; another holder's name in a short licence costs less than this."""

_TITLES: Final = (
    (r"gnu affero general public license version 3", "AGPL-3.0"),
    (r"gnu lesser general public license version 3", "LGPL-3.0"),
    (r"gnu lesser general public license version 2\.1", "LGPL-2.1"),
    (r"gnu library general public license version 2", "LGPL-2.0"),
    (r"gnu general public license version 3", "GPL-3.0"),
    (r"gnu general public license version 2", "GPL-2.0"),
    (r"gnu general public license version 1", "GPL-1.0"),
    (r"apache license version 2\.0,? january 2004", "Apache-2.0"),
    (r"mozilla public license,? version 2\.0", "MPL-2.0"),
    (r"zope public license \(zpl\) version 2\.1", "ZPL-2.1"),
    (r"eclipse public license - v 2\.0", "EPL-2.0"),
    (r"european union public licence v\. ?1\.2", "EUPL-1.2"),
    (r"european union public licence v\. ?1\.1", "EUPL-1.1"),
    (r"cecill-b free software license agreement|contrat de licence de logiciel libre cecill-b", "CECILL-B"),
    (r"cecill-c free software license agreement|contrat de licence de logiciel libre cecill-c", "CECILL-C"),
    (r"cecill free software license agreement.{0,400}version 2\.1", "CECILL-2.1"),
    (r"boost software license - version 1\.0", "BSL-1.0"),
    (r"cc0 1\.0 universal", "CC0-1.0"),
    (r"do what the fuck you want to public license", "WTFPL"),
)
"""Of whole licences, found at the start of a file."""

_PYTHON: Final = ("psf license agreement", "python software foundation license version 2")
"""Of Python's own licence, which goes on with the licences of its past."""

_PERMISSION: Final = "permission is hereby granted, free of charge, to any person obtaining a copy"
_BSD: Final = "redistribution and use in source and binary forms"
_ENDORSE: Final = "(?:neither the names? .{0,300}|names? of .{0,200}may not be used to )"
_PHRASES: Final[tuple[tuple[str, str, str], ...]] = (
    # found, not found, licence
    ("this is free and unencumbered software released into the public domain", "", "Unlicense"),
    ("licensed under the apache license,? version 2\\.0|apache license v2\\.0 with llvm exceptions", "", "Apache-2.0"),
    ("subject to the terms of the mozilla public license,? v\\. 2\\.0", "", "MPL-2.0"),
    ("the software shall be used for good, not evil", "", "JSON"),
    (f"{_PERMISSION}.*except as contained in this notice", "", "X11"),
    (
        f"{_PERMISSION}.*permission notice.{{0,60}}shall be included",
        "except as contained in this notice|not evil",
        "MIT",
    ),
    (_PERMISSION, "shall be included|except as contained", "MIT-0"),
    ("purpose with or without fee is hereby granted.*except as contained in this notice", "", "curl"),
    ("purpose with or without fee is hereby granted,? provided that", "except as contained in this notice", "ISC"),
    ("purpose with or without fee is hereby granted", "hereby granted,? provided", "0BSD"),
    ("by obtaining, using,? and/or copying this software", "", "MIT-CMU"),
    ("permission notice appear in supporting documentation", "by obtaining, using", "HPND"),
    (f"{_BSD}.*all advertising materials", "", "BSD-4-Clause"),
    (f"{_BSD}.*{_ENDORSE}endorse or promote", "all advertising materials", "BSD-3-Clause"),
    (_BSD, "endorse or promote|all advertising materials", "BSD-2-Clause"),
    ("the origin of this software must not be misrepresented", "", "Zlib"),
)
"""Of licences that are often a part of a file, or quoted as a notice."""


def identify(text: str) -> tuple[Term, ...]:
    """The licences whose text or notice `text` is; () for none that is known.

    The full text of a GNU licence does not tell "only" from "or later": `Term.later` is None then.
    """
    words = _words(text[:_LONGEST])
    if any(phrase in words for phrase in _PYTHON):
        return (Term("PSF-2.0"),)
    found: dict[Term, None] = {}
    for pattern, name in _TITLES:
        if re.search(rf"\A.{{0,1500}}?{pattern}", words):
            found[Term(name)] = None
            break
    if not any(term.gnu or term.name.startswith(("MPL", "EPL", "EUPL", "CECILL", "CC0")) for term in found):
        for present, absent, name in _PHRASES:
            if re.search(present, words) and not (absent and re.search(absent, words)):
                found[Term(name)] = None
    if "llvm exceptions to the apache 2.0 license" in words:
        found = {Term("Apache-2.0 WITH LLVM-exception"): None}
    return tuple(found) or _alike(words)


def _words(text: str) -> str:
    """Lower case, without decoration, quotes and layout; `version` and its number side by side."""
    plain = re.sub(r"[\"'`\u201c\u201d\u2018\u2019*#]+|^\s*(?://|;|\.\.)", " ", text.lower(), flags=re.MULTILINE)
    return re.sub(r"licen[cs]e,? version", "license version", " ".join(plain.split()))


@cache
def _bundled() -> dict[str, str]:
    """Licence to its words, from grayskull's data files."""
    spec = find_spec("grayskull")
    if spec is None or not spec.submodule_search_locations:
        return {}
    folder = Path(next(iter(spec.submodule_search_locations)), "license", "data")
    return {
        path.name.removesuffix("-only"): _words(path.read_text(encoding="utf-8", errors="replace"))
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix != ".py"
    }


def _alike(words: str) -> tuple[Term, ...]:
    """The bundled text that `words` is nearly equal to."""
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
