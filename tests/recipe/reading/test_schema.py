"""Keys of recipe.yaml: those that it has, and those that it has not."""

from __future__ import annotations

import pytest

from dirac_forge.recipe.reading.recipe_text import Mistake
from dirac_forge.recipe.reading.schema import unfit_v1
from dirac_forge.recipe.reading.yamlnodes import compose

GOOD = """\
schema_version: 1
context:
  version: "1.0"
  anything: [1, 2]
package:
  name: ${{ name }}
  version: ${{ version }}
source:
  - url: https://example.org/a.tar.gz
    sha256: ${{ hash }}
    patches:
      - if: win
        then: a.patch
        else: [b.patch]
  - if: linux
    then:
      git: https://example.org/a.git
      tag: v1
build:
  number: ${{ number }}
  noarch: python
  script:
    interpreter: python
    content: print()
  python:
    entry_points: [a = a:main]
    version_independent: true
requirements:
  build:
    - if: build_platform != target_platform
      then: [python, cross-python]
  run:
    - ${{ pin_subpackage("a", exact=True) }}
  run_exports:
    weak: [a]
  ignore_run_exports:
    from_package: [b]
tests:
  - python:
      imports: [a]
      pip_check: false
  - script: a --help
    requirements:
      run: [pytest]
about:
  license: MIT
extra:
  recipe-maintainers: [me]
  feedstock-name: a
"""


def mistakes(text: str) -> list[Mistake]:
    return list(unfit_v1(compose(text)))


def test_what_the_format_has() -> None:
    assert mistakes(GOOD) == []
    assert mistakes("recipe: {name: r}\noutputs:\n  - package: {name: b}\n    inherit: a\n") == []


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("test: []", 1, "unknown key 'test': recipe.yaml has 'tests' instead"),
        ("requirements:\n  rum: [a]", 2, "unknown key 'rum' in requirements; did you mean 'run'?"),
        (
            "requirements:\n  run_constrained: []",
            2,
            "unknown key 'run_constrained' in requirements: recipe.yaml has 'run_constraints' instead",
        ),
        ("build:\n  scripts: a", 2, "unknown key 'scripts' in build; did you mean 'script'?"),
        ("build:\n  number: one", 2, "number: expected a whole number, got 'one'"),
        ("build:\n  noarch: true", 2, "noarch: expected python or generic, got 'true'"),
        ("source:\n  url: u\n  sha256: abc", 3, "sha256: expected 64 hexadecimal digits, got 'abc'"),
        ("build:\n  number: 0\n  number: 1", 3, "number is already in line 2"),
        ("requirements:\n  run:\n    - if: win\n      else: a", 3, "run: an `if` without `then`"),
        ("about:\n  home: u", 2, "unknown key 'home' in about: recipe.yaml has 'homepage' instead"),
        (
            "outputs:\n  - package: {name: a}\n    tests:\n      - python: {import: [a]}",
            4,
            "unknown key 'import' in python; did you mean 'imports'?",
        ),
        (
            "package: {name: a}\noutputs:\n  - package: {name: b}",
            1,
            "unknown key 'package' next to outputs: write 'recipe' instead",
        ),
        ("build:\n  python:\n    entry_points:\n\nabout: {}", 3, "entry_points: expected a list, got nothing"),
        (
            "build:\n  python:\n    entry_points:\n      - foo = bar",
            4,
            "entry_points: expected NAME = MODULE:FUNCTION, got 'foo = bar'",
        ),
        ("requirements:\n  host: python", 2, "host: expected a list, got 'python'"),
        ("requirements:\n  host: {if: win, then: a}", 2, "host: expected a list, got a mapping"),
        ("source:\n  url: u\n  patches: a.patch", 3, "patches: expected a list, got 'a.patch'"),
        ("tests:\n  - requirements:\n      run:\n    script: a", 3, "run: expected a list, got nothing"),
        ("outputs:\n  package: {name: b}", 2, "outputs: expected a list, got a mapping"),
        ("requirements:\n  run:\n    - iff: win", 3, "unknown key 'iff' in run; did you mean 'if'?"),
        ("tests:\n  - files: {recipe: [{iff: win}]}", 2, "unknown key 'iff' in recipe; did you mean 'if'?"),
        ("package:\n  name: a b", 2, "name: expected a name of letters, digits, -, _ and ., got 'a b'"),
        (
            "build:\n  zzz: 1",
            2,
            (
                "unknown key 'zzz' in build; expected one of always_copy_files, always_include_files, dynamic_linking, "
                "files, flags, merge_build_and_host_envs, noarch, number, post_process, prefix_detection, python, "
                "script, skip, string, variant"
            ),
        ),
    ],
)
def test_what_it_has_not(text: str, line: int, problem: str) -> None:
    assert mistakes(text) == [Mistake(problem, line)]


def test_empty_requirements_are_a_list_without_items() -> None:
    assert mistakes("requirements:\n  host:\n  run:\n  run_exports: {weak: }\n") == []


def test_a_misspelt_branch() -> None:
    text = "requirements:\n  run:\n    - if: win\n      than: a"
    assert mistakes(text) == [
        Mistake("run: an `if` without `then`", 3),
        Mistake("unknown key 'than' next to `if`; did you mean 'then'?", 4),
    ]


def test_what_aliases_repeat_is_looked_at_once() -> None:
    lists = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
    assert mistakes(f"extra:\n  a0: &a0 [x]\n  {lists.replace(chr(10), chr(10) + '  ')}") == []


def test_the_build_engine_agrees() -> None:
    rattler_build = pytest.importorskip("rattler_build")
    known = GOOD.replace("${{ name }}", "a")
    rattler_build.Stage0Recipe.from_yaml(known)
    for old, new in (("pip_check", "pip_chek"), ("from_package", "from"), ("patches", "patchs")):
        broken = known.replace(old, new)
        with pytest.raises(rattler_build.RattlerBuildError):
            rattler_build.Stage0Recipe.from_yaml(broken)
        assert len(mistakes(broken)) == 1
