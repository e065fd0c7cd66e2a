"""What a recipe asks a person for, told from the authors' own remarks."""

from __future__ import annotations

from dirac_forge.recipe.model import Requirement
from dirac_forge.recipe.writing.scalars import V0, V1
from dirac_forge.recipe.writing.wording import placeholders, requirement

RECIPE = """\
# TODO: ask upstream for a tag
# TODO(dirac-forge): fill in host
# TODO(dirac-forge): fill in run

schema_version: 1
source:
  url: https://example.org/demo-1.tar.gz
  # TODO: add sha256, the SHA-256 of the file at this URL; it could not be found out
requirements:
  run:
    # TODO: Unpin
    - numpy <2
about:
  # TODO: add license, an SPDX expression; nothing that upstream published states it
  # TODO: add license_file; the sources ship none, so add a source for it too
  # TODO: add license headers
extra:
  recipe-maintainers: []  # TODO: add recipe-maintainers
"""


def test_only_what_is_written_here_is_to_be_filled_in() -> None:
    assert placeholders(RECIPE) == (2, 3, 8, 14, 15)


def test_the_version_of_another_output_is_pinned_without_its_build() -> None:
    line = Requirement(name="demo", kind="pin_version")
    assert requirement(line, V1) == "${{ pin_subpackage('demo', upper_bound='x.x.x.x.x.x') }}"
    assert requirement(line, V0) == "{{ pin_subpackage('demo', max_pin='x.x.x.x.x.x') }}"
