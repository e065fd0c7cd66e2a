"""The rules find what they are about: each in a recipe that is fine but for one thing."""

from __future__ import annotations

import re

import pytest

from dirac_forge.recipe.writing import v0 as text_v0
from dirac_forge.recipe.writing import v1 as text_v1
from dirac_forge.recipe.writing.forge_config import conda_forge_yml
from support.lint import RULES, lint
from support.recipes import COMPILED, FAMILY, NEWER_PYTHON, SYSTEMS

PURE_V1, PURE_V0 = text_v1.write(NEWER_PYTHON), text_v0.write(NEWER_PYTHON)
BUILT_V1, BUILT_V0 = text_v1.write(COMPILED), text_v0.write(COMPILED)
SYSTEMS_V1, SYSTEMS_V0 = text_v1.write(SYSTEMS), text_v0.write(SYSTEMS)
NOARCH, BUILT = conda_forge_yml(NEWER_PYTHON), conda_forge_yml(COMPILED)

BROKEN: tuple[tuple[str, str, str, str], ...] = (
    ("R-000", PURE_V1, r"^about:", "abouts:"),
    ("R-001", PURE_V1, r"(?s)(build:.*?\n\n)(requirements:.*?\n\n)", r"\2\1"),
    ("R-001", PURE_V0, r"(?s)(test:.*?\n\n)(about:.*?\n\n)", r"\2\1"),
    ("R-002", PURE_V1, r"^  summary: .*\n", ""),
    ("R-002", PURE_V0, r"^  home: .*\n", ""),
    ("R-013", PURE_V1, r"^  license_file: .*\n", ""),
    ("R-003", PURE_V1, r"(?s)extra:.*", ""),
    ("R-004", PURE_V0, r"(?s)recipe-maintainers:\n.*", "recipe-maintainers: chaen\n"),
    ("R-005", PURE_V1, r"(?s)^tests:.*?\n\n", ""),
    ("R-005", PURE_V0, r"(?s)^test:.*?\n\n", ""),
    ("R-006", text_v1.write(FAMILY), r"(?s)\A(.*?)    tests:.*?\n\n", r"\1"),
    ("R-007", PURE_V1, r"license: .*", "license: Unknown"),
    ("R-010", PURE_V1, r"license: .*", "license: MIT License"),
    ("R-044", PURE_V0, r"license: .*", "license: GPLv3"),
    ("R-008", PURE_V1, r"^  number: 0\n", ""),
    ("R-009", BUILT_V1, r"(?s)(  host:.*?)(  run:.*?)(  run_c)", r"\2\1\3"),
    ("R-011", PURE_V1, r"\Z", "\n"),
    ("R-012", PURE_V1, r"\n\Z", ""),
    ("R-014", PURE_V1, r"name: particles", "name: Particles"),
    ("R-015", PURE_V0, r"  version: .*\n", ""),
    ("R-016", PURE_V1, r'version: "1.10"', 'version: "v1.10"'),
    ("R-018", PURE_V0, r"  number: 0", "  number: 0\n  nubmer: 1"),
    ("R-019", PURE_V1, r"^  sha256: .*\n", ""),
    ("R-050", PURE_V0, r"https://pypi.org", "https://pypi.io"),
    ("R-028", PURE_V1, r"\.tar\.gz", "-py3-none-any.whl"),
    ("R-020", PURE_V1, r"noarch: python", "noarch: yes-please"),
    ("R-021", PURE_V1, r"requests >=2,<3", "requests >= 2"),
    ("R-022", PURE_V1, r"requests >=2,<3", "requests>=2"),
    ("R-048", PURE_V0, r"requests >=2,<3", "requests 2 0 3"),
    ("R-023", BUILT_V1, r"  run:\n    - python\n", "  run:\n"),
    ("R-024", BUILT_V1, r"  run:\n    - python\n", "  run:\n    - python >=3.11\n"),
    ("R-025", PURE_V1, r"\$\{\{ version \}\}", "${{version}}"),
    ("R-025", PURE_V0, r"\{\{ PYTHON \}\}", "{{PYTHON}}"),
    ("R-026", PURE_V1, r"    - python >=.*\n", ""),
    ("R-027", text_v1.write(FAMILY), r"pin_subpackage\('particles-core'", "pin_subpackage('elsewhere'"),
    ("R-027", text_v0.write(FAMILY), r"pin_subpackage\('particles-core'", "pin_subpackage('elsewhere'"),
    ("R-031", BUILT_V1, r"    - cargo-bundle-licenses\n", ""),
    ("R-033", BUILT_V0, r"    - \{\{ stdlib.*\n", ""),
    ("R-034", BUILT_V1, r"    - \$\{\{ stdlib.*\n", "    - sysroot_linux-64 2.17\n"),
    ("R-035", BUILT_V1, r"(  run:\n)", r"\1    - __osx >=11\n"),
    ("R0-006", BUILT_V0, r"    - \{\{ stdlib.*\n", "    - toolchain\n"),
    ("R-039", text_v1.write(FAMILY), r"feedstock-name: .*", "feedstock-name: particles-feedstock"),
    ("R-040", PURE_V1, r'version: "1.10"', "version: 1.10"),
    ("R-041", BUILT_V1, r"  number: 0", "  number: 0\n  noarch: python"),
    ("R-046", PURE_V1, r"    - hatchling .*\n", ""),
    ("R-046", BUILT_V1, r"(  host:\n    - maturin .*\n    - pip\n)    - python\n", r"\1"),
    ("R-047", PURE_V1, r"    - python \$\{\{ python_min \}\}\.\*", "    - python"),
    ("R-047", PURE_V0, r"    - python \{\{ python_min \}\}", "    - python"),
    ("R-049", PURE_V0, r"-m pip install", "setup.py install"),
    ("R-052", PURE_V1, r'python_min: "3.11"', 'python_min: "3.9"'),
    ("R-052", PURE_V0, r'python_min = "3.11"', 'python_min = "3.10"'),
    ("R0-001", SYSTEMS_V0, r"  # \[win\]", " # [win]"),
    ("R0-002", BUILT_V0, r"py<311", "py311"),
    ("R0-004", SYSTEMS_V0, r"# \[win\]", "# [py<39]"),
    ("R0-005", PURE_V0, r"\{% set name", "{%set name"),
    ("R1-001", PURE_V1, r"requests >=2,<3", "requests >=2,<3  # [linux]"),
    ("R1-002", SYSTEMS_V1, r"if: win", "if: linux64"),
    ("R1-002", PURE_V1, r"  noarch: python", "  noarch: python\n  skip: win"),
    ("R1-004", PURE_V1, r'        - "\*"\n', ""),
)


@pytest.mark.parametrize(("identifier", "text", "pattern", "replacement"), BROKEN)
def test_a_rule_finds_what_it_is_about(identifier: str, text: str, pattern: str, replacement: str) -> None:
    broken = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    assert broken != text
    config = conda_forge_yml(SYSTEMS) if text in {SYSTEMS_V0, SYSTEMS_V1} else NOARCH
    assert lint(text, config) == []
    assert identifier in {finding.split()[0] for finding in lint(broken, config)}


def test_conditions_in_noarch_need_several_noarch_platforms() -> None:
    for text, identifier in ((SYSTEMS_V1, "R1-002"), (SYSTEMS_V0, "R0-004")):
        assert lint(text, conda_forge_yml(SYSTEMS)) == []
        assert {finding.split()[0] for finding in lint(text, NOARCH)} == {identifier}


def test_each_rule_has_a_case() -> None:
    source = re.compile(r"R\d?-\d{3}")
    claimed = {name for rule in RULES for constant in rule.__code__.co_consts for name in source.findall(str(constant))}
    assert claimed - {identifier for identifier, *_ in BROKEN} == set()
