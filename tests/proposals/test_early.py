"""Which projects the index is asked for before the recipes are rendered."""

from __future__ import annotations

import pytest

from dirac_forge.proposals.early import projects_in

SOURCE = "https://pypi.org/packages/source"


@pytest.mark.parametrize(
    ("text", "projects"),
    [
        (f"url: {SOURCE}/d/dirac-core/dirac_core-${{{{ version }}}}.tar.gz\n", ["dirac-core"]),
        (f"context:\n  name: M2Crypto\nurl: {SOURCE}/${{{{ name[0] }}}}/${{{{ name }}}}/x.tar.gz\n", ["M2Crypto"]),
        (f'{{% set name = "a.b" %}}\nurl: {SOURCE}/{{{{ name[0] }}}}/{{{{ name|lower }}}}/x.tar.gz\n', ["a.b"]),
        (
            "url: https://pypi.io/packages/source/a/a/a-1.tar.gz\nurl: https://pypi.org/packages/source/b/b/b-1.zip\n",
            ["a", "b"],
        ),
        (f"url: {SOURCE}/d/{{{{ nowhere }}}}/x.tar.gz\n", []),
        ("url: https://example.org/packages/source/a/a/a-1.tar.gz\n", []),
    ],
)
def test_projects_of_sources(text: str, projects: list[str]) -> None:
    assert list(projects_in(text)) == projects
