from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from dirac_forge.recipe.licences.decision import LicenceDecision, decide
from dirac_forge.recipe.licences.files import licence_files
from dirac_forge.recipe.licences.names import normalised
from dirac_forge.upstream.files.facts import CoreMetadata


def full(name: str) -> str:
    """A bundled licence's text."""
    spec = find_spec("grayskull")
    assert spec is not None
    return Path(next(iter(spec.submodule_search_locations or ())), "license", "data", name).read_text(encoding="utf-8")


MIT, BSD2, BSD3, APACHE = full("MIT"), full("BSD-2-Clause"), full("BSD-3-Clause"), full("Apache-2.0")
PSF = "Python Software Foundation License Version 2\n1. This License Agreement is between the PSF and the Licensee."
GPL3, LGPL3 = full("GPL-3.0-only"), full("LGPL-3.0-only")
OSI = "License :: OSI Approved :: "


def decided(
    texts: dict[str, str] | None = None,
    *,
    expression: str | None = None,
    field: str | None = None,
    classifiers: tuple[str, ...] = (),
    files: tuple[str, ...] = (),
    wheel: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> LicenceDecision:
    metadata = CoreMetadata(
        name="p",
        version=Version("1"),
        license=field,
        license_expression=expression,
        license_files=files,
        classifiers=tuple(OSI + name for name in classifiers),
    )
    return decide(metadata, texts or {}, wheel_texts=wheel, headers=headers)


def notes(decision: LicenceDecision) -> list[str]:
    return [f"{note.level}: {note.text}" for note in decision.notes]


def test_patterns_of_a_tree_stand_for_the_files_that_they_match() -> None:
    files = ["LICENSE", "NOTICE", "demo/vendored/a/LICENSE", "demo/vendored/b/COPYING", "demo/deep/er/LICENSE.txt"]
    declared = ["LICEN[CS]E*", "demo/vendored/*/[LC]*", "demo/**/LICENSE.txt", "missing*", "NOTICE"]
    assert licence_files(declared, {}, files) == (
        "LICENSE",
        "demo/vendored/a/LICENSE",
        "demo/vendored/b/COPYING",
        "demo/deep/er/LICENSE.txt",
        "NOTICE",
    )


def test_an_expression_is_the_word_of_the_project() -> None:
    made = decided({"LICENSE": MIT}, expression="mit OR gpl-3.0+", field="BSD", classifiers=("BSD License",))
    assert made == LicenceDecision(expression="MIT OR GPL-3.0-or-later", files=("LICENSE",))


def test_an_expression_that_the_files_contradict_is_kept_and_noted() -> None:
    made = decided({"LICENSE": BSD3}, expression="MIT")
    assert made.expression == "MIT"
    assert notes(made) == ["warning: License-Expression says MIT, but LICENSE reads like BSD-3-Clause; MIT is taken."]


def test_files_of_others_are_to_be_checked() -> None:
    made = decided(
        {"LICENSE": MIT, "vendor/x/LICENSE": APACHE}, expression="MIT", files=("LICENSE", "vendor/x/LICENSE")
    )
    assert made.files == ("LICENSE", "vendor/x/LICENSE")
    assert notes(made) == [
        "warning: vendor/x/LICENSE also contains text that reads like Apache-2.0, which license leaves out."
    ]


def test_an_expression_that_is_none_gives_way() -> None:
    made = decided({"LICENSE": MIT}, expression="My Own", classifiers=("MIT License",))
    assert made.expression == "MIT"
    assert notes(made) == ["warning: License-Expression is not SPDX: 'My Own'."]


def test_a_part_of_the_field_that_is_not_known_is_named_and_the_text_is_doubted() -> None:
    made = decided({"LICENSE": "For non-commercial research only."}, field="MIT OR foo")
    assert made.expression == "MIT"
    assert notes(made) == [
        (
            "warning: The License field has a part that is no licence known here: foo; MIT is taken. Look it up, or "
            "write LicenseRef-NAME."
        ),
        "warning: LICENSE reads like no licence known here: compare with license.",
    ]


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("MIT-foo", "MIT-foo"),
        ("Modified MIT", "Modified MIT"),
        ("Apache 2.0 with Commons Clause", "Apache 2.0 with Commons Clause"),
        ("BSL", "BSL"),
        (
            "this program is under the MIT license with additional restrictions, which are in the file LICENSE",
            "this program is under the MIT license with additional restrictions",
        ),
    ],
)
def test_what_only_resembles_a_licence_is_unknown(field: str, part: str) -> None:
    made = decided({"LICENSE": "Mine."}, field=field)
    assert made.expression == ""
    assert notes(made)[0] == (
        f"warning: The License field has a part that is no licence known here: {part}; nothing is taken. Look it up, "
        "or write LicenseRef-NAME."
    )
    with_text = decided({"LICENSE": MIT}, field=field)
    assert (with_text.expression, len(with_text.notes)) == ("MIT", 1)


def test_an_exception_that_is_not_known_is_told() -> None:
    made = decided({"LICENSE": GPL3}, field="GPLv3 or later with an exception for plug-ins")
    assert made.expression == "GPL-3.0-or-later"
    assert notes(made) == [
        (
            "warning: The License field speaks of an exception that is not known here: 'GPLv3 or later with an "
            "exception for plug-ins'; GPL-3.0-or-later is taken. Look its identifier up, and add it with WITH."
        )
    ]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("Open Group Test Suite License",), "A classifier names a licence that is not known here: {}; MIT is taken."),
        (("QPL", "Freeware"), "Classifiers name licences that are not known here: {}; MIT is taken."),
    ],
)
def test_classifiers_of_licences_that_are_not_known_are_told(names: tuple[str, ...], told: str) -> None:
    made = decided({"LICENSE": MIT}, field="MIT", classifiers=("MIT License", *names))
    assert made.expression == "MIT"
    assert notes(made) == [
        f"warning: {told.format(' and '.join(names))} Look {'it' if len(names) == 1 else 'them'} up."
    ]
    assert decided({"LICENSE": "x"}, field="PostgreSQL", classifiers=("PostgreSQL License",)).notes == ()


def test_a_text_in_the_field_that_is_no_licence_known_is_told() -> None:
    made = decided({"LICENSE": "x"}, field="MIT License\n\n" + "You may look at it, but not touch anything. " * 12)
    assert made.expression == "MIT"
    assert notes(made) == [
        (
            "warning: The License field is a text that reads like no licence known here; by its first line MIT is "
            "taken: compare."
        )
    ]


def test_a_licence_file_that_is_the_text_of_no_known_licence_is_told() -> None:
    made = decided({"LICENSE": "You may look at it, but not touch anything. " * 12}, field="MIT")
    assert made.expression == "MIT"
    assert notes(made) == ["warning: LICENSE reads like no licence known here: compare with license."]


@pytest.mark.parametrize("asked", ["expression", "field"])
def test_a_licence_file_with_restrictions_is_told(asked: str) -> None:
    text = f"“Commons Clause” License Condition v1.0\n\n{MIT}\nIt must not be used for commercial purposes."
    made = decided({"LICENSE": text}, **{asked: "MIT"})  # type: ignore[arg-type]
    assert made.expression == "MIT"
    assert notes(made) == [
        (
            "warning: LICENSE restricts what the software may be used for (commons clause, not be used for "
            "commercial), which no free licence does: compare with license."
        )
    ]


def test_a_proprietary_licence_is_noted() -> None:
    made = decided({"LICENSE": "Ask us."}, field="Proprietary, ask us")
    assert made.expression == "LicenseRef-Proprietary"
    assert [(one.level, one.kind.name) for one in made.notes] == [("warning", "PROPRIETARY")]


@pytest.mark.parametrize("asked", ["expression", "field"])
def test_a_name_of_several_licences_is_no_expression(asked: str) -> None:
    made = decided({"LICENSE": "Mine."}, **{asked: "GPL"})  # type: ignore[arg-type]
    assert made.expression == ""
    assert "warning: The metadata says only GPL, no file says which: it has to be looked up." in notes(made)


def test_no_part_of_an_expression_that_is_none_is_lost_in_silence() -> None:
    made = decided({"LICENSE": MIT}, expression="MIT AND BSD-3-Clause AND Our-Own")
    assert made.expression == "BSD-3-Clause AND MIT"
    assert notes(made)[0] == "warning: License-Expression is not SPDX: 'MIT AND BSD-3-Clause AND Our-Own'."


@pytest.mark.parametrize(
    ("field", "classifiers", "text", "spdx"),
    [
        ("BSD", ("BSD License",), BSD2, "BSD-2-Clause"),
        (None, ("BSD License",), BSD3, "BSD-3-Clause"),
        ("BSD-3-Clause", ("BSD License",), BSD3, "BSD-3-Clause"),
        ("Apache License 2.0", ("Apache Software License",), APACHE, "Apache-2.0"),
        (MIT, (), "", "MIT"),
        ("MIT", ("MIT License",), MIT, "MIT"),
        ("LGPL-3.0-or-newer", ("GNU Lesser General Public License v3 (LGPLv3)",), LGPL3, "LGPL-3.0-or-later"),
        ("GPLv3", ("GNU General Public License v3 or later (GPLv3+)",), GPL3, "GPL-3.0-or-later"),
        ("GPL-3.0-only", ("GNU General Public License v3 (GPLv3)",), GPL3, "GPL-3.0-only"),
        ("UNKNOWN", (), BSD2, "BSD-2-Clause"),
        (None, ("Python Software Foundation License",), "", "PSF-2.0"),
        ("ISC license", ("ISC License (ISCL)",), "", "ISC"),
        ("LicenseRef-Own", (), "", "LicenseRef-Own"),
    ],
)
def test_field_classifiers_and_text_together(
    field: str | None, classifiers: tuple[str, ...], text: str, spdx: str
) -> None:
    made = decided({"LICENSE": text}, field=field, classifiers=classifiers)
    assert (made.expression, made.notes) == (spdx, ())


def test_the_text_of_the_gpl_does_not_tell_of_later_versions() -> None:
    made = decided({"COPYING": GPL3})
    assert made.expression == "GPL-3.0-only"
    assert notes(made) == ["warning: Nothing mentions later versions: GPL-3.0-only, not GPL-3.0-or-later."]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "setup.py",
            "# under the GNU General Public License; either version 3, or (at your option) any later version\n",
        ),
        ("README.md", "Licence: GPLv3 or later"),
    ],
)
def test_a_notice_elsewhere_tells_of_later_versions(path: str, text: str) -> None:
    assert decided({"LICENSE": GPL3, path: text}) == LicenceDecision(expression="GPL-3.0-or-later", files=("LICENSE",))
    old = decided({"LICENSE": GPL3, path: text}, expression="GPL-3.0")
    assert old == LicenceDecision(expression="GPL-3.0-or-later", files=("LICENSE",))


def test_a_gnu_licence_without_version_gets_it_from_a_text_or_notice() -> None:
    lgpl = ("GNU Library or Lesser General Public License (LGPL)",)
    assert decided({"LICENSE": LGPL3}, classifiers=lgpl).expression == "LGPL-3.0-only"
    notice = "GNU Lesser General Public License; either version 2.1, or (at your option) any later version."
    assert decided({"setup.py": notice}, classifiers=lgpl).expression == "LGPL-2.1-or-later"
    made = decided(classifiers=lgpl)
    assert made.expression == ""
    assert notes(made)[1:] == [
        "warning: The metadata says only LGPL, no file says which: it has to be looked up.",
        "todo: license: neither metadata nor a licence file states it; look at the project's repository.",
    ]


def test_the_gpl_beside_the_lgpl_belongs_to_it() -> None:
    made = decided({"COPYING": GPL3, "COPYING.LESSER": LGPL3})
    assert (made.expression, made.files) == ("LGPL-3.0-only", ("COPYING", "COPYING.LESSER"))


def test_a_text_outweighs_a_single_classifier_but_not_two_witnesses() -> None:
    made = decided({"LICENSE": BSD3}, classifiers=("MIT License",))
    assert made.expression == "BSD-3-Clause"
    assert notes(made) == [
        "warning: The metadata says MIT, but LICENSE reads like BSD-3-Clause; BSD-3-Clause is taken."
    ]
    assert decided({"LICENSE": BSD3}, field="MIT license", classifiers=("MIT License",)).expression == "MIT"
    made = decided({"LICENSE": f"{BSD3}\n{MIT}"}, classifiers=("Python Software Foundation License",))
    assert made.expression == "PSF-2.0"


def test_a_text_outweighs_an_exact_field_and_a_classifier_that_differ() -> None:
    made = decided({"LICENSE": BSD2}, field="ISC", classifiers=("MIT License",))
    assert made.expression == "BSD-2-Clause"
    assert notes(made) == [
        (
            "warning: The License field says ISC, the classifiers say MIT, but LICENSE reads like BSD-2-Clause; "
            "BSD-2-Clause is taken."
        )
    ]


def test_patterns_that_are_left_out_are_told() -> None:
    patterns = [f"{number}/*" for number in range(53)]
    made = decided({"LICENSE": MIT, "52/x": ""}, expression="MIT", files=("LICENSE", *patterns))
    assert made.files == ("LICENSE",)
    assert notes(made) == [
        (
            "warning: license-files has more patterns than are compared with the files; the last 3 were left out: "
            "check license_file"
        )
    ]


def test_a_text_beside_an_unknown_one_does_not_outweigh_an_exact_field() -> None:
    texts = {"LICENCE": "Whoever reads this may do as they like with it. " * 20, "LICENCE.MIT": MIT}
    made = decided(texts, field="python-ldap", classifiers=("Python Software Foundation License",))
    assert made.expression == "python-ldap"
    assert notes(made) == [
        (
            "warning: The License field says python-ldap, the classifiers say PSF-2.0, but LICENCE.MIT reads like MIT, "
            "and LICENCE like no licence known here; python-ldap is taken."
        )
    ]
    made = decided({"LICENSE": BSD2}, field="MIT", classifiers=("MIT License",))
    assert notes(made) == [
        (
            "warning: The License field says MIT, the classifiers say MIT, but LICENSE reads like BSD-2-Clause; MIT is "
            "taken."
        )
    ]


@pytest.mark.parametrize("said", [{"field": "MIT"}, {"field": "MIT license"}, {"classifiers": ("MIT License",)}])
def test_one_rule_for_what_metadata_and_the_file_say(said: dict[str, Any]) -> None:
    other = decided({"LICENSE": BSD2}, **said)
    assert other.expression == "BSD-2-Clause"
    assert notes(other) == [
        "warning: The metadata says MIT, but LICENSE reads like BSD-2-Clause; BSD-2-Clause is taken."
    ]
    both = decided({"LICENSE": f"{MIT}\nThis project contains code of Python's.\n{PSF}"}, **said)
    assert both.expression == "MIT AND PSF-2.0"
    assert notes(both) == ["warning: Several licences, and nothing says that one may choose: MIT AND PSF-2.0 is taken."]
    partly = decided({"LICENSE": "No text of a licence that anybody knows. " * 20, "LICENSE.rtf": BSD2}, **said)
    assert partly.expression == "MIT"


def test_the_texts_of_one_file_say_which_licences_an_open_term_is() -> None:
    made = decided({"LICENSE": f"{BSD3}\n{BSD2}\n{MIT}"}, classifiers=("BSD License",))
    assert made.expression == "BSD-2-Clause AND BSD-3-Clause AND MIT"
    gnu = decided({"LICENSE": f"{GPL3}\n{MIT}"}, field="GPLv3+")
    assert gnu.expression == "GPL-3.0-or-later AND MIT"


def test_licences_of_other_files_are_told_and_the_expression_of_the_project_stays() -> None:
    made = decided({"LICENSE": MIT, "LICENSE.third-party": f"{PSF}\n{BSD3}\n{MIT}"}, field="MIT")
    assert (made.expression, len(made.notes)) == ("MIT", 1)
    assert decided({"LICENSE": f"{MIT}\n{PSF}"}, expression="MIT").expression == "MIT"


def test_where_field_and_classifiers_differ_the_text_decides() -> None:
    made = decided({"LICENSE": APACHE}, field="MIT license", classifiers=("Apache Software License",))
    assert made.expression == "Apache-2.0"
    assert notes(made) == ["warning: The License field says MIT, the classifiers say Apache; Apache is taken."]


def test_a_choice_is_an_or_and_no_choice_is_an_and_with_a_note() -> None:
    both = ("BSD License", "Apache Software License")
    assert decided({"LICENSE": f"{APACHE}\n{BSD3}"}, field="Dual License", classifiers=both) == LicenceDecision(
        expression="Apache-2.0 OR BSD-3-Clause", files=("LICENSE",)
    )
    assert decided(field="MIT/Apache-2.0").expression == "Apache-2.0 OR MIT"
    files = {"LICENSE": "the terms of *either* of the licenses in", "LICENSE.APACHE": APACHE, "LICENSE.BSD": BSD2}
    assert decided(files).expression == "Apache-2.0 OR BSD-2-Clause"
    made = decided({"LICENSE-MIT": MIT, "LICENSE-BSD": BSD2})
    assert made.expression == "BSD-2-Clause AND MIT"
    assert notes(made) == [
        "warning: Several licences, and nothing says that one may choose: BSD-2-Clause AND MIT is taken."
    ]


def test_an_unspecific_bsd_is_assumed_to_be_the_usual_one() -> None:
    made = decided({"LICENSE": "see the web"}, field="BSD")
    assert made.expression == "BSD-3-Clause"
    assert notes(made) == ["warning: The metadata says only BSD, no file says which: BSD-3-Clause is assumed."]


def test_nothing_known_is_for_a_person() -> None:
    made = decided(field="UNKNOWN")
    assert (made.expression, made.files) == ("", ())
    assert notes(made) == [
        "warning: The sdist ships no licence file.",
        "todo: license: neither metadata nor a licence file states it; look at the project's repository.",
    ]


def test_an_empty_field_of_many_spaces_says_nothing() -> None:
    assert decided({"LICENSE": MIT}, field=" \n" * 50).expression == "MIT"


def test_the_wheel_helps_where_the_sdist_ships_no_licence() -> None:
    made = decided(wheel={"licenses/LICENSE": BSD2}, field="BSD")
    assert (made.expression, made.files) == ("BSD-2-Clause", ())
    assert notes(made) == ["warning: The sdist ships no licence file; the wheel has licenses/LICENSE."]


@pytest.mark.parametrize(
    ("paths", "declared", "files"),
    [
        (["LICENSE", "NOTICE", "AUTHORS"], (), ["LICENSE", "NOTICE"]),
        (["LICENSE", "AUTHORS.rst", "NOTICE"], ("LICENSE", "AUTHORS.rst", "NOTICE"), ["LICENSE", "NOTICE"]),
        (["COPYING.LESSER", "COPYING", "licenses.py"], (), ["COPYING", "COPYING.LESSER"]),
        (["LICENCE.txt", "vendor/a/LICENSE", "tests/LICENSE"], (), ["LICENCE.txt"]),
        (["LICENSE", "vendor/a/LICENSE"], ("vendor/a/LICENSE", "LICENSE"), ["vendor/a/LICENSE", "LICENSE"]),
        (["src/p/LICENSE", "docs/license.rst", "p.egg-info/LICENSE"], (), ["src/p/LICENSE"]),
        (["LICENSES/MIT.txt", "LICENSES/BSD-3-Clause.txt"], (), ["LICENSES/BSD-3-Clause.txt", "LICENSES/MIT.txt"]),
        (["MIT-LICENSE.txt", "UNLICENSE", "README.md"], (), ["MIT-LICENSE.txt", "UNLICENSE"]),
        (["LICENSE"], ("LICENSE.md",), ["LICENSE"]),
        (["vendor/LICENSE", "NOTICE"], (), []),
    ],
)
def test_which_files_hold_the_licence(paths: list[str], declared: tuple[str, ...], files: list[str]) -> None:
    for order in (paths, paths[::-1]):
        assert list(decided(dict.fromkeys(order, MIT), files=declared).files) == files


@given(
    st.none() | st.text(max_size=80),
    st.none() | st.text(max_size=500),
    st.lists(st.text(max_size=40), max_size=3),
    st.dictionaries(st.sampled_from(["LICENSE", "NOTICE", "setup.py", "a/COPYING"]), st.text(max_size=200)),
)
def test_any_metadata_gives_spdx_or_a_todo(
    expression: str | None, field: str | None, classifiers: list[str], texts: dict[str, str]
) -> None:
    made = decided(texts, expression=expression, field=field, classifiers=tuple(classifiers))
    assert (made.expression == "") == any(note.level == "todo" for note in made.notes)
    assert not made.expression or normalised(made.expression) == made.expression


def test_declared_files_of_any_name_and_depth_are_kept_and_lists_of_people_are_not() -> None:
    declared = ("LICENSE", "vendor/a/b/c/d/LICENSE-lib", "docs/terms.rst", "AUTHORS.md", "missing.txt")
    there = ("LICENSE", "vendor/a/b/c/d/LICENSE-lib", "docs/terms.rst", "AUTHORS.md")
    assert licence_files(declared, {"LICENSE": MIT}, there) == (
        "LICENSE",
        "vendor/a/b/c/d/LICENSE-lib",
        "docs/terms.rst",
    )


def test_nothing_under_eggs_is_a_licence_of_the_project() -> None:
    assert licence_files((), {".eggs/tool-1.0-py3.egg/LICENSE": MIT}) == ()


def test_dual_licensed_is_a_choice() -> None:
    assert decided({}, field="dual-licensed under MIT and Apache-2.0").expression == "Apache-2.0 OR MIT"


@pytest.mark.parametrize(
    ("field", "text", "spdx"),
    [
        (
            "GPLv2 with linking exception",
            "the authors give you unlimited permission to link the compiled version of this file into other programs",
            "GPL-2.0-only WITH GCC-exception-2.0",
        ),
        (
            "GPLv2-or-later with a special exception which allows to use it to build and distribute non-free programs",
            "",
            "GPL-2.0-or-later WITH Bootloader-exception",
        ),
        ("LGPL-3.0 with static linking exception", "", "LGPL-3.0-only WITH LGPL-3.0-linking-exception"),
        ("MIT", "classpath exception", "MIT"),
    ],
)
def test_exceptions_that_spdx_lists_are_found(field: str, text: str, spdx: str) -> None:
    assert decided({"README.md": text, "LICENSE": ""}, field=field).expression == spdx


def test_a_file_of_reuse_is_the_licence_that_it_is_named_after() -> None:
    text = "Permission notice appear in supporting documentation."
    assert decided({"LICENSES/BSD-2-Clause.txt": text}, field="BSD-2-Clause").notes == ()


def test_other_or_proprietary_beside_a_licence_is_no_licence() -> None:
    classifiers = ("License :: OSI Approved :: MIT License", "License :: Other/Proprietary License")
    assert decided({"LICENSE": MIT}, classifiers=classifiers).expression == "MIT"
    assert decided({}, classifiers=classifiers[1:]).expression == "LicenseRef-Proprietary"


def test_file_and_classifier_outweigh_a_field_that_names_another_licence() -> None:
    text = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software"
    classifiers = (
        "License :: OSI Approved :: MIT License",
        "License :: OSI Approved :: MIT No Attribution License (MIT-0)",
    )
    made = decided({"LICENSE": text}, field="MIT", classifiers=classifiers)
    assert made.expression == "MIT-0"
    assert notes(made) == [
        "warning: The License field says MIT, a classifier and LICENSE say MIT-0; MIT-0 is taken.",
    ]


def test_a_readme_that_says_dual_licensed_gives_a_choice() -> None:
    texts = {
        "LICENSE-APACHE": APACHE,
        "LICENSE-MIT": MIT,
        "README.rst": "It is dual-licensed under MIT and Apache 2.0.",
    }
    classifiers = (OSI + "Apache Software License", OSI + "MIT License")
    assert decided(texts, classifiers=classifiers).expression == "Apache-2.0 OR MIT"
    plain = {**texts, "README.rst": "MIT and Apache 2.0."}
    assert decided(plain, classifiers=classifiers).expression == "Apache-2.0 AND MIT"


def test_a_licence_file_that_begins_with_a_choice_gives_one() -> None:
    artistic = (
        'The "Artistic License"\nThe intent of this document is to state the conditions under which a Package may be '
        'copied, such that control is maintained. Package via the so-called "undump" or "unexec" methods'
    )
    decision = decided(
        {"LICENSE": f"You can redistribute it under the terms of either:\n* GPLv2+, or\n* the one below\n\n{artistic}"},
        field="Artistic License",
        classifiers=(
            "License :: OSI Approved :: Artistic License",
            "License :: OSI Approved :: GNU General Public License v2 or later (GPLv2+)",
        ),
    )
    assert (decision.expression, decision.notes) == ("Artistic-1.0-Perl OR GPL-2.0-or-later", ())


GPL2_PLUS = "under the GNU General Public License; either version 2 of it, or (at your option) any later version."
GPL2 = "under the GNU General Public License, version 2, as published by"
SPDX = "SPDX-License-Identifier: GPL-2.0-or-later Copyright 2020"
GPL2_TEXT = full("GPL-2.0-only")


@pytest.mark.parametrize(
    ("headers", "spdx", "told"),
    [
        ({"src/a.c": GPL2_PLUS}, "GPL-2.0-or-later", "info: GPL-2.0-or-later, because the header of src/a.c says so."),
        ({"src/a.c": GPL2}, "GPL-2.0-only", "info: GPL-2.0-only, because the header of src/a.c says so."),
        ({"a.c": SPDX}, "GPL-2.0-or-later", "info: GPL-2.0-or-later, because the header of a.c says so."),
        (
            {"a.c": GPL2_PLUS, "b.c": GPL2},
            "GPL-2.0-only",
            "warning: Headers of sources differ on later versions (a.c, b.c): GPL-2.0-only is taken.",
        ),
        (
            {"a.c": GPL2_PLUS.replace("version 2", "version 3")},
            "GPL-2.0-only",
            "warning: Nothing mentions later versions: GPL-2.0-only, not GPL-2.0-or-later.",
        ),
    ],
)
def test_headers_of_sources_tell_of_later_versions(headers: dict[str, str], spdx: str, told: str) -> None:
    made = decided({"LICENSE": GPL2_TEXT}, field="GNU General Public License (GPL)", headers=headers)
    assert (made.expression, notes(made)) == (spdx, [told])
    assert decided({"LICENSE": GPL2_TEXT}, expression="GPL-2.0", headers=headers).expression == spdx


def test_a_gnu_licence_without_version_gets_it_from_a_header() -> None:
    assert decided({"README": "x"}, field="GPL", headers={"src/a.c": GPL2_PLUS}).expression == "GPL-2.0-or-later"


def test_notices_in_modules_and_vendored_files_are_those_of_others() -> None:
    for path in ("cmake/FindX.cmake", "vendor/x/CMakeLists.txt"):
        made = decided({"LICENSE": GPL2_TEXT, path: GPL2_PLUS}, field="GPL")
        assert made.expression == "GPL-2.0-only"


def test_a_tri_licence_keeps_its_three_licences() -> None:
    texts = {
        "COPYING.GPL": GPL2_TEXT,
        "COPYING.LGPL": full("LGPL-2.1-only"),
        "COPYING.MPL": "MOZILLA PUBLIC LICENSE\n Version 1.1\n\n1. Definitions.",
        "LICENSE": "Pyphen is released under the GPL 2.0+/LGPL 2.1+/MPL 1.1 tri-license.",
    }
    classifiers = (
        "GNU General Public License v2 or later (GPLv2+)",
        "GNU Lesser General Public License v2 or later (LGPLv2+)",
        "Mozilla Public License 1.1 (MPL 1.1)",
    )
    expression = "GPL-2.0-or-later OR LGPL-2.1-or-later OR MPL-1.1"
    expected = LicenceDecision(expression=expression, files=tuple(texts))
    assert decided(texts, classifiers=classifiers) == expected
    assert decided(texts) == expected
    assert decided({"LICENSE": texts["LICENSE"]}).expression == expression


def test_the_lesser_gpl_2_is_the_one_of_the_text() -> None:
    lesser = ("GNU Lesser General Public License v2 or later (LGPLv2+)",)
    for field in (None, "LGPLv2+"):
        made = decided({"LICENSE": full("LGPL-2.1-only")}, field=field, classifiers=lesser)
        assert (made.expression, made.notes) == ("LGPL-2.1-or-later", ())
    made = decided({"LICENSE": "see the web"}, classifiers=lesser)
    assert made.expression == "LGPL-2.0-or-later"
    assert notes(made) == ["warning: The metadata says only LGPL-2, no file says which: LGPL-2.0 is assumed."]


def test_a_notice_in_a_long_licence_file_tells_of_later_versions() -> None:
    copying = f"{'words ' * 1000}\nreleased under the `GNU General\n  Public License`_ version 3 or later."
    assert decided({"COPYING.rst": copying, "licenses/gpl-3-0.txt": GPL3}, field="GPL 3").expression == (
        "GPL-3.0-or-later"
    )


def test_an_exception_goes_with_a_single_licence_and_is_no_licence() -> None:
    field = (
        "GPLv2-or-later with a special exception which allows to build and distribute non-free programs "
        "(including commercial ones)"
    )
    made = decided({"COPYING.txt": GPL2_TEXT}, field=field)
    assert (made.expression, made.notes) == ("GPL-2.0-or-later WITH Bootloader-exception", ())
    made = decided(field="GPL-2.0-or-later or MIT, link or embed compiled bootloader")
    assert made.expression == "GPL-2.0-or-later OR MIT"


def test_a_commercial_licence_beside_a_free_one_is_only_told() -> None:
    made = decided(
        {"COPYING": full("AGPL-3.0-only")}, field="Dual Licensed - GNU AFFERO GPL 3.0 or X Commercial License"
    )
    assert made.expression == "AGPL-3.0-only"
    assert notes(made) == [
        "warning: Nothing mentions later versions: AGPL-3.0-only, not AGPL-3.0-or-later.",
        "info: Upstream offers a commercial licence, too, which license leaves out.",
    ]
