from __future__ import annotations

import pytest

from dirac_forge.recipe.licences import names
from dirac_forge.recipe.licences.names import (
    Term,
    dual,
    from_classifier,
    from_field,
    later_versions,
    normalised,
    not_understood,
)


@pytest.mark.parametrize(
    ("expression", "spdx"),
    [
        ("mit", "MIT"),
        ("GPL-3.0+", "GPL-3.0-or-later"),
        ("gpl-2.0-or-later with classpath-exception-2.0", "GPL-2.0-or-later WITH Classpath-exception-2.0"),
        ("GPL-2.0 AND gpl-3.0-with-gcc-exception", "GPL-2.0-only AND GPL-3.0-only WITH GCC-exception-3.1"),
        ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("GPL-3.0-with-GCC-exceptions", None),
        ("Apache-2.0 OR (MIT AND curl)", "Apache-2.0 OR (MIT AND curl)"),
        ("LicenseRef-Own OR MIT", "LicenseRef-Own OR MIT"),
        ("CECILL-2.1", "CECILL-2.1"),
        ("EUPL-1.2", "EUPL-1.2"),
        ("BSD", None),
        ("GPLv3", None),
        ("MIT License", None),
        ("MIT OR", None),
        ("((((", None),
        ("", None),
        ("MIT AND " * 200 + "MIT", None),
    ],
)
def test_an_expression_is_spdx_or_none(expression: str, spdx: str | None) -> None:
    assert normalised(expression) == spdx


@pytest.mark.parametrize(
    ("field", "terms"),
    [
        ("MIT license", [Term("MIT")]),
        ("The MIT License (MIT)", [Term("MIT")]),
        ("Expat", [Term("MIT")]),
        ("BSD", [Term("BSD")]),
        ("new BSD", [Term("BSD-3-Clause")]),
        ("3-Clause BSD License", [Term("BSD-3-Clause")]),
        ("BSD 2-Clause", [Term("BSD-2-Clause")]),
        ("BSD-2-Clause", [Term("BSD-2-Clause")]),
        ("Simplified BSD", [Term("BSD-2-Clause")]),
        ("Apache 2", [Term("Apache-2.0")]),
        ("Apache License, Version 2.0", [Term("Apache-2.0")]),
        ("ASL 2.0", [Term("Apache-2.0")]),
        ("Apache", [Term("Apache")]),
        ("GPLv3+", [Term("GPL-3.0", later=True)]),
        ("GPL-3.0-only", [Term("GPL-3.0", later=False)]),
        ("GPL v2", [Term("GPL-2.0")]),
        ("GNU General Public License v3 or later (GPLv3+)", [Term("GPL-3.0", later=True)]),
        ("GPL", [Term("GPL")]),
        ("LGPL 3", [Term("LGPL-3.0")]),
        ("LGPLv2.1+", [Term("LGPL-2.1", later=True)]),
        ("LGPL-3.0-or-newer", [Term("LGPL-3.0", later=True)]),
        ("GNU Lesser General Public License, version 2.1", [Term("LGPL")]),
        ("AGPL-3.0", [Term("AGPL-3.0")]),
        ("ISC license", [Term("ISC")]),
        ("PSF", [Term("PSF-2.0")]),
        ("MPL 2.0", [Term("MPL-2.0")]),
        ("ZPL 2.1", [Term("ZPL-2.1")]),
        ("HPND", [Term("HPND")]),
        ("MIT-CMU", [Term("MIT-CMU")]),
        ("Public Domain", [Term("LicenseRef-Public-Domain")]),
        ("CC0", [Term("CC0-1.0")]),
        ("EUPL 1.2", [Term("EUPL-1.2")]),
        ("CeCILL-B", [Term("CECILL-B")]),
        ("MIT/Apache-2.0", [Term("MIT"), Term("Apache-2.0")]),
        ("BSD and MIT", [Term("BSD"), Term("MIT")]),
        ("BSD-3-Clause-Clear", [Term("BSD-3-Clause-Clear")]),
        ("zlib-acknowledgement, MIT", [Term("zlib-acknowledgement"), Term("MIT")]),
        ("CC-BY-4.0 for data", [Term("CC-BY-4.0")]),
        ("Business Source License 1.1", [Term("BUSL-1.1")]),
        ("BSL-1.1", [Term("BUSL-1.1")]),
        ("BSL-1.0", [Term("BSL-1.0")]),
        ("Boost Software License 1.0", [Term("BSL-1.0")]),
        ("AFL 2.1", [Term("AFL")]),
        ("ZPL", [Term("ZPL")]),
        ("MIT/X11", [Term("MIT")]),
        ("MIT-License", [Term("MIT")]),
        ("Apache-License-2.0", [Term("Apache-2.0")]),
        ("LICENSE.MIT.txt", [Term("MIT")]),
        ("Modified BSD", [Term("BSD-3-Clause")]),
        ("BSD-like", [Term("BSD")]),
        ("UNKNOWN", []),
        ("Dual License", []),
        ("", []),
        ("see the file", []),
    ],
)
def test_a_field_names_licences(field: str, terms: list[Term]) -> None:
    assert from_field(field) == tuple(terms)


@pytest.mark.parametrize(
    "field",
    [
        "MIT-foo",
        "foo-MIT",
        "MIT.foo",
        "MIT-0-foo",
        "MIT-like",
        "MIT style",
        "Modified MIT",
        "MIT (modified)",
        "not MIT",
        "non-MIT",
        "MIT with additional restrictions",
        "MIT (non-commercial)",
        "MIT + Commons Clause",
        "Apache 2.0 with Commons Clause",
        "Apache-2.0-foo",
        "Apache 2.0-foo",
        "BSD-3-Clause-foo",
        "ISC-foo",
        "PSF-1.0-foo",
        "GPL-3.0-foo",
        "LGPL-2.1-with-linking-exception",
        "GPL-compatible",
        "compatible with GPLv3",
        "Nethack General Public License",
        "based on the MIT license",
        "Boost 2.0",
        "BSL",
    ],
)
def test_what_only_resembles_a_licence_is_none(field: str) -> None:
    assert from_field(field) == ()
    assert not_understood(field) == (field,)


@pytest.mark.parametrize(
    ("classifier", "term"),
    [
        ("License :: OSI Approved :: MIT License", Term("MIT")),
        ("License :: OSI Approved :: BSD License", Term("BSD")),
        ("License :: OSI Approved :: Apache Software License", Term("Apache")),
        ("License :: OSI Approved :: GNU General Public License v3 (GPLv3)", Term("GPL-3.0")),
        ("License :: OSI Approved :: GNU General Public License v2 or later (GPLv2+)", Term("GPL-2.0", later=True)),
        ("License :: OSI Approved :: GNU Library or Lesser General Public License (LGPL)", Term("LGPL")),
        (
            "License :: OSI Approved :: GNU Lesser General Public License v3 or later (LGPLv3+)",
            Term("LGPL-3.0", later=True),
        ),
        ("License :: OSI Approved :: GNU Affero General Public License v3", Term("AGPL-3.0")),
        ("License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)", Term("MPL-2.0")),
        ("License :: OSI Approved :: Python Software Foundation License", Term("PSF-2.0")),
        ("License :: OSI Approved :: ISC License (ISCL)", Term("ISC")),
        ("License :: OSI Approved :: The Unlicense (Unlicense)", Term("Unlicense")),
        ("License :: OSI Approved :: Zope Public License", Term("ZPL")),
        ("License :: OSI Approved :: Historical Permission Notice and Disclaimer (HPND)", Term("HPND")),
        ("License :: OSI Approved :: CMU License (MIT-CMU)", Term("MIT-CMU")),
        ("License :: OSI Approved :: European Union Public Licence 1.2 (EUPL 1.2)", Term("EUPL-1.2")),
        ("License :: CeCILL-C Free Software License Agreement (CECILL-C)", Term("CECILL-C")),
        ("License :: CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", Term("CC0-1.0")),
        ("License :: OSI Approved :: GNU Lesser General Public License v2 (LGPLv2)", Term("LGPL-2")),
        ("License :: Public Domain", Term("LicenseRef-Public-Domain")),
        ("License :: Other/Proprietary License", Term("LicenseRef-Proprietary")),
        ("License :: OSI Approved", None),
        ("Programming Language :: Python", None),
        ("Topic :: Software Development :: Libraries :: MIT", None),
    ],
)
def test_a_classifier_names_a_licence(classifier: str, term: Term | None) -> None:
    assert from_classifier(classifier) == term


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (Term("BSD"), Term("BSD-2-Clause"), True),
        (Term("GPL"), Term("GPL-3.0", later=True), True),
        (Term("GPL-3.0"), Term("GPL-3.0", later=False), True),
        (Term("GPL-3.0", later=True), Term("GPL-3.0", later=False), False),
        (Term("GPL"), Term("LGPL-3.0"), False),
        (Term("MIT"), Term("MIT-0"), False),
    ],
)
def test_terms_agree_when_both_can_be_meant(one: Term, other: Term, agree: bool) -> None:
    assert one.agrees(other) is other.agrees(one) is agree


def test_words_that_leave_a_choice_or_a_later_version() -> None:
    assert dual("Dual License")
    assert dual("under the terms of *either* of these licenses")
    assert dual("GPL/MPL tri-license")
    assert dual("Alternatively, you may use it under the MIT license")
    assert not dual("MIT")
    assert not dual("either version 2 of the License, or (at your option) any later version")
    assert later_versions("GNU General Public License …; either version 3, or (at your option) any later version.")
    assert later_versions("GPLv3+")
    assert later_versions("Licence: GPL v3, or later")
    assert not later_versions("the GNU General Public License, version 2")
    assert not later_versions("GPL. Works with Python 3.8 or later")


def test_usual_identifiers_are_those_of_the_list_of_all() -> None:
    licensing = names._licensing()
    parsed = (licensing.parse(name, validate=True, strict=True) for name in sorted(names._USUAL))
    assert [one.render("{symbol.key}") for one in parsed] == sorted(names._USUAL)
    assert "GPL-3.0" not in names._USUAL


@pytest.mark.parametrize(
    ("field", "named"),
    [
        ("GPLv2+ with a special exception which allows to build non-free programs (and commercial ones)", ["GPL-2.0"]),
        ("MIT, commercial use allowed", ["MIT"]),
        ("BSD, Copyright 2020, all rights reserved", ["BSD"]),
        ("Free for personal and commercial use", []),
        ("no proprietary licence", []),
        ("GPL with exceptions for commercial programs, or MIT", ["GPL", "MIT"]),
        ("GPL v3 or commercial", ["GPL-3.0", "LicenseRef-Proprietary"]),
        ("GNU AFFERO GPL 3.0 or Artifex Commercial License", ["AGPL-3.0", "LicenseRef-Proprietary"]),
        ("NVIDIA Proprietary Software", ["LicenseRef-Proprietary"]),
        ("Proprietary - see LICENSE", ["LicenseRef-Proprietary"]),
        ("All rights reserved.", ["LicenseRef-Proprietary"]),
    ],
)
def test_a_licence_is_proprietary_only_where_the_words_say_nothing_else(field: str, named: list[str]) -> None:
    assert [term.name for term in from_field(field)] == named
