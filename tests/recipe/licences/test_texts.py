from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from dirac_forge.recipe.licences.names import Term
from dirac_forge.recipe.licences.texts import gnu_notices, identify, named_in_words, own_words, whole_texts

GRANT = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software "
REDISTRIBUTION = "Redistribution and use in source and binary forms, with or without modification, are permitted "
MIT = f"{GRANT}… The above copyright notice and this permission notice shall be included in all copies."
PURPOSE = "Permission to use, copy, modify this software for any purpose with or without fee is hereby granted"


def bundled() -> list[Path]:
    spec = find_spec("grayskull")
    assert spec is not None
    folder = Path(next(iter(spec.submodule_search_locations or ())), "license", "data")
    return sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ".py")


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.name)
def test_whole_licences_are_told_apart(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert identify(text) == (Term(path.name.removesuffix("-only")),)
    assert identify("\ufeff" + text.replace("\n", "\r\n")) == (Term(path.name.removesuffix("-only")),)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            f"{GRANT}… The above copyright notice and this\n  permission notice shall be included in all copies.",
            ["MIT"],
        ),
        (f"{GRANT}… without restriction.", ["MIT-0"]),
        (f"{GRANT}… notice shall be included … Except as contained in this notice, the name …", ["X11"]),
        (f"{GRANT}… shall be included … The Software shall be used for Good, not Evil.", ["JSON"]),
        (f"{PURPOSE}, provided that the above copyright notice …", ["ISC"]),
        (f"{PURPOSE}.", ["0BSD"]),
        (f"{PURPOSE}, provided that … Except as contained in this notice, the name of a holder …", ["curl"]),
        (f"{REDISTRIBUTION} provided that: 1. … 2. …", ["BSD-2-Clause"]),
        (
            f"{REDISTRIBUTION} … Neither the name of the holder nor names of others may be used to endorse or promote",
            ["BSD-3-Clause"],
        ),
        (f"{REDISTRIBUTION} … All advertising materials mentioning features", ["BSD-4-Clause"]),
        (f"{REDISTRIBUTION} … Names of the holders must not be used to endorse or promote …", ["BSD-3-Clause"]),
        (f"{REDISTRIBUTION}: 1. … 4. If any files are modified, you must cause them …", ["BSD-3-Clause-Modification"]),
        (f"{REDISTRIBUTION}: 1. retain … 2. reproduce … 3. acknowledge … This software is provided as is", []),
        (f"{REDISTRIBUTION}: 1. retain … (2) reproduce … This software is provided as is. 3. x", ["BSD-2-Clause"]),
        (f"{REDISTRIBUTION} …\n\n{GRANT}… shall be included", ["MIT", "BSD-2-Clause"]),
        ('Licensed under the Apache License, Version 2.0 (the "License")', ["Apache-2.0"]),
        (
            "… and that both that copyright notice and this permission notice appear in supporting documentation",
            ["HPND"],
        ),
        (
            "Apache License\nVersion 2.0, January 2004 … LLVM Exceptions to the Apache 2.0 License",
            ["Apache-2.0 WITH LLVM-exception"],
        ),
        ("PSF LICENSE AGREEMENT FOR PYTHON 3 … permission notice appear in supporting documentation", ["PSF-2.0"]),
        ("Zope Public License (ZPL) Version 2.1", ["ZPL-2.1"]),
        ("All rights are the author's.", []),
        ("", []),
    ],
)
def test_short_licences_are_told_by_their_words(text: str, names: list[str]) -> None:
    assert [term.name for term in identify(text)] == names


def test_a_machine_readable_file_names_the_licence_of_each_part() -> None:
    text = (
        "Files: *\nCopyright: somebody\nLicense: BSD-3-Clause\n\n"
        "File: a.py\nCopyright: 2003 A\n           2004 B\nLicense: BSD-3-Clause\n\n"
        "Files: b.py\nCopyright: C\nLicense: MIT\n"
    )
    assert identify(text) == (Term("BSD-3-Clause"), Term("MIT"))


def test_a_nearly_equal_text_is_that_licence() -> None:
    (unlicense,) = (path for path in bundled() if path.name == "Unlicense")
    lines = unlicense.read_text(encoding="utf-8").splitlines()
    assert identify("\n".join(["Gift", *lines[2:]])) == (Term("Unlicense"),)


def test_a_notice_tells_the_version_and_whether_later_ones_go() -> None:
    later = "GNU Lesser General Public License; either version 3 of it, or (at your option) any later version"
    assert gnu_notices(later) == identify(later) == (Term("LGPL-3.0", later=True),)
    assert gnu_notices("the GNU General Public License, version 2") == (Term("GPL-2.0"),)
    assert gnu_notices("x" * 20_000 + "GNU General Public License version 2") == ()
    choice = "the GNU General Public License Version 2 or later, or the GNU Lesser General Public License Version 2.1"
    assert gnu_notices(choice) == (Term("GPL-2.0", later=True), Term("LGPL-2.1"))


def test_the_text_of_a_licence_grants_no_later_versions_but_what_is_before_it_does() -> None:
    mpl = "Mozilla Public License Version 2.0\n====\n1. Definitions\nGNU General Public License, any later version"
    assert own_words(f"Free software.\n\n{mpl}") == "free software. "
    gpl = "GNU GENERAL PUBLIC LICENSE\nVersion 2, June 1991\n(at your option) any later version"
    words = "under the gnu general public license , version 2 or any later version. "
    assert own_words(f"Under the `GNU General Public License`_,\n# version 2 or any later version.\n\n{gpl}") == words
    assert identify(f"{'x' * 2000} {gpl}") == (Term("GPL-2.0"),)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        (
            "Pyphen is released under the GPL 2.0+/LGPL 2.1+/MPL 1.1 tri-license.\nSee COPYING.GPL",
            (Term("GPL-2.0", later=True), Term("LGPL-2.1", later=True), Term("MPL-1.1")),
        ),
        ("This project is distributed\n  under the terms of the MIT License.", (Term("MIT"),)),
        ("Licensed under terms that are told elsewhere.", ()),
        ("All rights reserved.", ()),
    ],
)
def test_a_remark_names_what_something_is_under(text: str, terms: tuple[Term, ...]) -> None:
    assert named_in_words(text) == terms


def test_a_huge_text_is_read_in_part() -> None:
    for text in ("lorem ipsum ", " \n", "\t", "gnu general public license ", "license, ", "\u2028 "):
        assert identify(text * 500_000) == ()


@pytest.mark.parametrize(
    ("text", "spdx"),
    [
        (
            "Permission is hereby granted, free of charge, to any person obtaining a copy of the Font Software",
            "OFL-1.1",
        ),
        (
            f"{GRANT.removesuffix('this software ')}the fonts accompanying this license",
            "Bitstream-Vera",
        ),
        (
            f"{GRANT}. Redistributions of source code must retain the above copyright notice.",
            "NCSA",
        ),
        ("The FreeType License, compatible to the GNU General Public License version 3", "FTL"),
    ],
)
def test_licences_that_begin_like_the_mit_licence(text: str, spdx: str) -> None:
    assert [term.spdx for term in identify(text)] == [spdx]


def test_the_licence_of_python_far_down_is_that_of_a_part() -> None:
    text = "Apache License Version 2.0, January 2004\n" + "word " * 2000 + "PSF License Agreement"
    assert [term.spdx for term in identify(text)] == ["Apache-2.0", "PSF-2.0"]


@pytest.mark.parametrize(
    ("text", "spdx"),
    [
        ("MOZILLA PUBLIC LICENSE\n  Version 1.1\n  ------\n1. Definitions.", "MPL-1.1"),
        ("Mozilla Public License Version 1.0\n\n1. Definitions.", "MPL-1.0"),
        ("Eclipse Public License - v 1.0", "EPL-1.0"),
        ("COMMON DEVELOPMENT AND DISTRIBUTION LICENSE (CDDL) Version 1.0", "CDDL-1.0"),
        ("Open Software License v. 3.0", "OSL-3.0"),
    ],
)
def test_whole_licences_are_told_by_their_titles(text: str, spdx: str) -> None:
    assert identify(text) == (Term(spdx),)


def test_texts_that_follow_each_other_are_all_told() -> None:
    python = "PSF License Agreement\n" + "words " * 50
    past = "BeOpen.com License Agreement for Python 2.0\nPermission notice appear in supporting documentation."
    assert [term.spdx for term in identify(f"{MIT}\n{python}")] == ["PSF-2.0", "MIT"]
    assert [term.spdx for term in identify(f"{MIT}\n{python}\n{past}")] == ["PSF-2.0", "MIT"]
    assert [term.spdx for term in identify(f"{python}\n{past}\n{MIT}")] == ["PSF-2.0"]
    assert [term.name for term in identify(f"{MIT}\nGNU General Public License\nVersion 3, 29 June 2007\n")] == [
        "GPL-3.0",
        "MIT",
    ]
    assert [term.name for term in whole_texts(f"{MIT}\nParts are licensed under the Apache License, Version 2.0.")] == [
        "MIT"
    ]
