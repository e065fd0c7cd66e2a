"""Editing recipes: what changes, what must not, and what is refused."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirac_forge.recipe.editing import text_nodes, text_places
from dirac_forge.recipe.editing.edit import finish, notes_on, start, version_of
from dirac_forge.recipe.editing.notes import ArchiveKept, CommitKept, HashKept, NoHash, NumberFallen, OldVersionLeft
from dirac_forge.recipe.platforms import PLATFORMS
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import RecipeError
from dirac_forge.recipe.reading.yamlnodes import Node

OLD, NEW, OTHER, NEWER = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)
PYTHONS = [(platform, {"python": python}) for platform in PLATFORMS for python in ("3.11.* *_cp311", "3.12.* *_cp312")]


def moved(text: str, to: str, hashes: dict[str, str], path: str = "meta.yaml") -> str:
    """The text at version `to`; `hashes` maps the end of a URL to its new hash."""
    draft = start(text, path=path, to=to, settings=PYTHONS)
    lengths = {64: "sha256", 40: "sha1", 32: "md5"}
    found: dict[str, dict[str, str]] = {}
    for source in draft.moved:
        for url in source.urls:
            for end, value in hashes.items():
                if url.endswith(end):
                    found.setdefault(url, {})[lengths[len(value)]] = value
    return finish(draft, found)


def changed(before: str, after: str) -> list[str]:
    assert before.count("\n") == after.count("\n")
    return [new.strip() for old, new in zip(before.split("\n"), after.split("\n"), strict=True) if old != new]


def v0(
    source: str, *, head: str = '{% set version = "1.2.3" %}', version: str = "{{ version }}", build: str = ""
) -> str:
    return (
        f"{head}\npackage:\n  name: demo\n  version: {version}\n\nsource:\n{source}\n"
        f"build:\n  number: 4{build}\nabout:\n  license: MIT\n"
    )


SOURCE = f"  url: https://example.com/demo-{{{{ version }}}}.tar.gz\n  sha256: {OLD}"


def test_a_plain_recipe() -> None:
    text = v0(SOURCE)
    result = moved(text, "1.3.0", {"demo-1.3.0.tar.gz": NEW})
    assert changed(text, result) == ['{% set version = "1.3.0" %}', f"sha256: {NEW}", "number: 0"]
    assert version_of(result, path="meta.yaml") == "1.3.0"


def test_a_hash_that_is_looked_up_by_version() -> None:
    head = f'{{% set version = "1.2.3" %}}\n{{% set hashes = {{"1.2.3": "{OLD}"}} %}}'
    text = v0("  url: https://example.com/demo-{{ version }}.tar.gz\n  sha256: {{ hashes[version] }}", head=head)
    lines = changed(text, moved(text, "1.3.0", {"demo-1.3.0.tar.gz": NEW}))
    assert lines[:2] == ['{% set version = "1.3.0" %}', f'{{% set hashes = {{"1.3.0": "{NEW}"}} %}}']


@pytest.mark.parametrize("to", ["1.2.3.post1", "1.2.3.1", "1.2.3rc1", "1.2.30", "11.2.3"])
def test_a_version_that_begins_or_ends_like_the_old_one(to: str) -> None:
    result = moved(v0(SOURCE), to, {f"demo-{to}.tar.gz": NEW})
    assert changed(v0(SOURCE), result)[0] == f'{{% set version = "{to}" %}}'


@pytest.mark.parametrize(
    ("head", "version", "to", "expected"),
    [
        ("{% set version = '1.2.3' %}", "{{ version }}", "1.10", "{% set version = '1.10' %}"),
        ('{%- set version  =  "1.2.3"  -%}', "{{ version }}", "2.0", '{%- set version  =  "2.0"  -%}'),
        ('{% set version = "1_2_3" %}', '{{ version | replace("_", ".") }}', "1.3.0", '{% set version = "1_3_0" %}'),
        ('{% set version = "v1.2.3" %}', "{{ version[1:] }}", "1.3.0", '{% set version = "v1.3.0" %}'),
        ("# nothing", "1.2.3", "1.3.0", "version: 1.3.0"),
        ("# nothing", '"1.2.3"   # why', "1.3.0", 'version: "1.3.0"   # why'),
    ],
)
def test_versions_are_spelled_as_before(head: str, version: str, to: str, expected: str) -> None:
    text = v0("  path: .", head=head, version=version)
    assert changed(text, moved(text, to, {})) == [expected, "number: 0"]


@pytest.mark.parametrize(
    ("package", "to", "expected"),
    [
        ("'1!{{ version }}'", "1!1.10.0", '{% set version = "1.10.0" %}'),
        ("1!{{ version }}.post1", "1!1.10.post1", '{% set version = "1.10" %}'),
        ("{{ version }}.post1", "1.10.0.post1", '{% set version = "1.10.0" %}'),
    ],
)
def test_a_version_with_something_fixed_around_it(package: str, to: str, expected: str) -> None:
    after = moved(v0(SOURCE, version=package), to, {".tar.gz": NEW})
    assert changed(v0(SOURCE, version=package), after) == [expected, f"sha256: {NEW}", "number: 0"]


@pytest.mark.parametrize(
    ("build", "rest"),
    [
        ("", "{{ 'extra:' }}\n  a: b\n"),
        ("\n  {% if 'x' in compiler('c') %}skip: false{% endif %}  # a remark", ""),
        ("\n  script_env:\n    {% if unix %}- A=1 {%- endif %}\n    {% if win %}- B=1 {%- endif %}\n    - C=1", ""),
        (
            "",
            (
                "{% macro same() %}\n    - a\n    - b\n{% endmacro %}\ntest:\n  commands: {{ same() }}\n"
                "    - c: d\n    # a remark\n    - e: f\n"
            ),
        ),
        ("", "test:\n  commands:\n    - a\n    {{ '- b' }}    # [linux]\n    {{ '- c' }}  # [win]\n    - d: e\n"),
        ("", "test:\n  requires:\n    - {{ pin_subpackage('x',  # [zos]\n         exact=True) }}  # [zos]\n"),
    ],
)
def test_lines_that_are_yaml_only_with_their_templates_do_not_stop_an_edit(build: str, rest: str) -> None:
    text = v0(SOURCE, build=build) + rest
    result = moved(text, "1.3.0", {"demo-1.3.0.tar.gz": NEW})
    assert changed(text, result) == ['{% set version = "1.3.0" %}', f"sha256: {NEW}", "number: 0"]


def test_a_version_on_a_line_that_is_yaml_only_with_its_templates_is_refused() -> None:
    text = v0(SOURCE, head='{% set name = "demo" %}', version="1.2.3 {% if unix %}: x {% endif %}#")
    text = text.replace("demo-{{ version }}", "demo-1.2.3").replace("{% if unix %}: x", "{% if zos %}: x")
    with pytest.raises(RecipeError, match=r"edit it by hand"):
        start(text, path="meta.yaml", to="1.3.0")


@pytest.mark.parametrize("quote", ["", "'", '"'])
@pytest.mark.parametrize("ending", [".post0", "_post1"])
def test_a_packagers_post_release_ends_with_the_next_one(quote: str, ending: str) -> None:
    text = v0(SOURCE, version=f"{quote}{{{{ version }}}}{ending}{quote}")
    assert changed(text, moved(text, "1.3.0", {"demo-1.3.0.tar.gz": NEW})) == [
        '{% set version = "1.3.0" %}',
        f"version: {quote}{{{{ version }}}}{quote}",
        f"sha256: {NEW}",
        "number: 0",
    ]
    v1 = (
        f"context:\n  version: 1.2.3\npackage:\n  name: a\n  version: {quote}${{{{ version }}}}{ending}{quote}\n"
        f"source:\n  url: https://e.org/a-${{{{ version }}}}.zip\n  sha256: {OLD}\nbuild:\n  number: 1\n"
    )
    assert changed(v1, moved(v1, "1.3.0", {"a-1.3.0.zip": NEW}, "recipe.yaml"))[:2] == [
        "version: 1.3.0",
        f"version: {quote}${{{{ version }}}}{quote}",
    ]


def test_the_epoch_stays_where_upstream_has_none() -> None:
    text = v0(SOURCE, version="'1!{{ version }}'")
    draft = start(text, path="meta.yaml", to="1.3.0")
    assert (draft.old, draft.new) == ("1!1.2.3", "1!1.3.0")
    after = finish(draft, {"https://example.com/demo-1.3.0.tar.gz": {"sha256": NEW}})
    assert changed(text, after) == ['{% set version = "1.3.0" %}', f"sha256: {NEW}", "number: 0"]


def test_a_version_that_slices_separate() -> None:
    head, version = '{% set day = "20240102" %}', "{{ day[:4] }}.{{ day[4:6] }}.{{ day[6:] }}"
    text = v0(SOURCE.replace("version", "day"), head=head, version=version)
    after = moved(text, "2024.03.14", {"demo-20240314.tar.gz": NEW})
    assert changed(text, after) == ['{% set day = "20240314" %}', f"sha256: {NEW}", "number: 0"]
    with pytest.raises(RecipeError, match=r"would be 2024\.01\.02, not 2024\.3\.14"):
        start(text, path="meta.yaml", to="2024.3.14")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://e.org/demo3/3/demo3-{{ version }}.zip", "https://e.org/demo3/4/demo3-4.zip"),
        ("https://e.org/v3/{{ name }}-v3.zip", "https://e.org/v4/demo3-v4.zip"),
        ("https://e.org/demo3/demo3-3.zip", "https://e.org/demo3/demo3-4.zip"),
        ("https://e.org/jdk3.zip", "https://e.org/jdk4.zip"),
    ],
)
def test_a_version_that_is_one_number_is_not_a_names_last_sign(url: str, expected: str) -> None:
    head = '{% set name = "demo3" %}\n{% set version = "3" %}'
    text = v0(f"  url: {url}\n  sha256: {OLD}", head=head).replace("name: demo\n", "name: {{ name }}\n")
    draft = start(text, path="meta.yaml", to="4")
    assert [source.urls for source in draft.moved] == [(expected,)]


@pytest.mark.parametrize(
    ("parts", "loop", "url", "hashed"),
    [
        (
            '{% set parts = [{"n": "core", "v": "1.2.3", "s": "HASH"}, {"n": "extra", "v": "0.9", "s": "OTHER"}] %}',
            "part in parts",
            "{{ part.n }}-{{ part.v }}",
            "{{ part.s }}",
        ),
        (
            '{% set parts = [("core", "1.2.3", "HASH"), ("extra", "0.9", "OTHER")] %}',
            "n, v, s in parts",
            "{{ n }}-{{ v }}",
            "{{ s }}",
        ),
        (
            '{% set parts = {"core": ("1.2.3", "HASH"), "extra": ("0.9", "OTHER")} %}',
            "n, p in parts.items()",
            "{{ n }}-{{ p[0] }}",
            "{{ p[1] }}",
        ),
        (
            "",
            'n, v, s in [("core", "1.2.3", "HASH"), ("extra", "0.9", "OTHER")]',
            "{{ n }}-{{ v }}",
            "{{ s }}",
        ),
    ],
)
def test_versions_in_what_a_loop_goes_through(parts: str, loop: str, url: str, hashed: str) -> None:
    source = f"{{% for {loop} %}}\n  - url: https://e.org/{url}.zip\n    sha256: {hashed}\n{{% endfor %}}"
    text = v0(source, head=f'{{% set version = "1.2.3" %}}\n{parts}')
    text = text.replace("HASH", OLD).replace("OTHER", OTHER)
    after = moved(text, "1.3.0", {"core-1.3.0.zip": NEW})
    assert after == text.replace("1.2.3", "1.3.0").replace(OLD, NEW).replace("number: 4", "number: 0")


def test_a_version_around_which_something_else_changes_is_refused() -> None:
    with pytest.raises(RecipeError, match=r"would be 1!1\.2\.3, not 2!1\.3\.0"):
        start(v0(SOURCE, version="'1!{{ version }}'"), path="meta.yaml", to="2!1.3.0")


def test_a_version_that_is_put_together() -> None:
    parts = '{% set major = "1" %}\n{% set minor = "2" %}\n{% set patch = "2" %}\n'
    head = parts + '{% set version = major ~ "." ~ minor ~ "." ~ patch %}'
    text = v0(SOURCE, head=head)
    result = moved(text, "1.3.4", {"demo-1.3.4.tar.gz": NEW})
    assert changed(text, result)[:2] == ['{% set minor = "3" %}', '{% set patch = "4" %}']


def test_a_number_without_quotes_gets_them_where_it_would_be_another_version() -> None:
    text = v0("  path: .", head="{% set version = 1.9 %}")
    assert changed(text, moved(text, "1.10", {})) == ['{% set version = "1.10" %}', "number: 0"]
    v1 = "context:\n  version: 1.2.3\npackage:\n  name: demo\n  version: ${{ version }}\nbuild:\n  number: 0\n"
    assert changed(v1, moved(v1, "2.0", {}, "recipe.yaml")) == ['version: "2.0"']
    assert changed(v1, moved(v1, "2.0.1", {}, "recipe.yaml")) == ["version: 2.0.1"]


def test_literal_urls_their_folders_and_other_spellings() -> None:
    source = (
        f"  - url: https://example.com/demo/1.2/demo-1.2.3.tar.gz\n    sha256: {OLD}\n    folder: demo-1.2.3\n"
        f"  - url: https://example.com/demo_1_2_3.zip  # 1.2.3 it is\n    sha256: {OTHER}\n"
        "    patches:\n      - fix-1.2.3.patch"
    )
    text = v0(source)
    result = moved(text, "1.3.0", {"/1.3/demo-1.3.0.tar.gz": NEW, "demo_1_3_0.zip": NEWER})
    assert changed(text, result)[1:] == [
        "- url: https://example.com/demo/1.3/demo-1.3.0.tar.gz",
        f"sha256: {NEW}",
        "folder: demo-1.3.0",
        "- url: https://example.com/demo_1_3_0.zip  # 1.2.3 it is",
        f"sha256: {NEWER}",
        "number: 0",
    ]


@pytest.mark.parametrize(
    ("file", "end"),
    [
        ("demo-123.tar.gz", "demo-140.tar.gz"),
        ("123/demo.zip", "140/demo.zip"),
        ("demo_123-src.zip", "demo_140-src.zip"),
    ],
)
def test_a_version_without_separators_in_a_url(file: str, end: str) -> None:
    text = v0(f"  url: https://example.com/{file}\n  sha256: {OLD}")
    result = moved(text, "1.4.0", {end: NEW})
    assert changed(text, result)[1:] == [f"url: https://example.com/{end}", f"sha256: {NEW}", "number: 0"]


@pytest.mark.parametrize("file", ["demo-1234.zip", "demo-a123.zip", "demo-123.4.zip", "demo-0.123.zip"])
def test_a_number_that_is_not_the_version_stays(file: str) -> None:
    source = f"  - {SOURCE.strip()}\n".replace("\n  sha", "\n    sha")
    text = v0(f"{source}  - url: https://example.com/{file}\n    sha256: {OTHER}")
    assert f"https://example.com/{file}\n    sha256: {OTHER}" in moved(text, "1.4.0", {"demo-1.4.0.tar.gz": NEW})


@pytest.mark.parametrize(("path", "head"), [("meta.yaml", '{{% set {} = "{}" %}}'), ("recipe.yaml", '  {}: "{}"')])
def test_a_variable_of_the_old_series_is_told(path: str, head: str) -> None:
    v1 = path == "recipe.yaml"
    values = (("version", "1.2.3"), ("series", "1.2"), ("cuda", "1.2"), ("name_version", "v1.2"))
    head = "\n".join([*(["context:"] if v1 else []), *(head.format(*pair) for pair in values)])
    text = v0(SOURCE, head=head)
    text = text.replace("{{", "${{") if v1 else text
    draft = start(text, path=path, to="1.3.0", settings=[("linux-64", {})])
    hashes = {"https://example.com/demo-1.3.0.tar.gz": {"sha256": NEW}}
    notes = notes_on(finish(draft, hashes), draft, hashes)
    assert [(note.line - v1, note.version) for note in notes if isinstance(note, OldVersionLeft)] == [
        (2, "1.2"),
        (4, "1.2"),
    ]
    draft = start(text, path=path, to="1.2.4", settings=[("linux-64", {})])
    hashes = {"https://example.com/demo-1.2.4.tar.gz": {"sha256": NEW}}
    assert notes_on(finish(draft, hashes), draft, hashes) == ()


def test_a_hash_that_a_fixed_file_shares_is_refused() -> None:
    head = f'{{% set version = "1.2.3" %}}\n{{% set hash = "{OLD}" %}}'
    source = (
        "  - url: https://example.com/demo-{{ version }}.zip\n    sha256: {{ hash }}\n"
        "  - url: https://example.com/fixed.zip\n    sha256: {{ hash }}"
    )
    with pytest.raises(RecipeError) as error:
        moved(v0(source, head=head), "1.3.0", {"demo-1.3.0.zip": NEW})
    assert error.value.message == (
        "meta.yaml:10: the hash of https://example.com/fixed.zip is also that of a file that moves: edit it by hand"
    )


def test_first_parts_in_a_variable_of_the_url_only() -> None:
    head = '{% set version = "1.2.3" %}\n{% set series = "1.2" %}\n{% set abi = "1.2" %}'
    text = v0(SOURCE.replace("example.com/", "example.com/{{ series }}/"), head=head)
    result = moved(text, "1.3.0", {"/1.3/demo-1.3.0.tar.gz": NEW})
    assert changed(text, result)[:2] == ['{% set version = "1.3.0" %}', '{% set series = "1.3" %}']


def test_files_of_other_versions_keep_their_hashes() -> None:
    text = v0(
        f"  - url: https://example.com/demo-{{{{ version }}}}.tar.gz\n    sha256: {OLD}\n"
        f"  - url: https://example.com/setuptools-75.8.0.whl\n    sha256: {OTHER}"
    )
    assert f"sha256: {OTHER}" in moved(text, "1.3.0", {"demo-1.3.0.tar.gz": NEW})


def test_every_kind_of_hash_and_hashes_in_variables() -> None:
    md5, sha1 = "1" * 32, "2" * 40
    head = f'{{% set version = "1.2.3" %}}\n{{% set hash = "{OLD}" %}}  # the file\'s'
    text = v0(SOURCE.replace(f"sha256: {OLD}", f"sha256: {{{{ hash }}}}\n  md5: {md5}\n  sha1: {sha1}"), head=head)
    url = "demo-1.3.0.tar.gz"
    draft = start(text, path="meta.yaml", to="1.3.0")
    result = finish(draft, {f"https://example.com/{url}": {"sha256": NEW, "md5": "3" * 32, "sha1": "4" * 40}})
    assert changed(text, result)[1:] == [
        f'{{% set hash = "{NEW}" %}}  # the file\'s',
        f"md5: {'3' * 32}",
        f"sha1: {'4' * 40}",
        "number: 0",
    ]
    with pytest.raises(RecipeError, match=r"meta.yaml:\d+: there is no md5 for https://example.com/demo-1.3.0.tar.gz"):
        finish(draft, {f"https://example.com/{url}": {"sha256": NEW, "sha1": "4" * 40}})


def test_a_file_for_each_platform_and_python() -> None:
    source = dedent(f"""\
        \x20 - url: https://example.com/demo-{{{{ version }}}}-linux.tar.gz  # [linux]
            sha256: {OLD}  # [linux]
            url: https://example.com/demo-{{{{ version }}}}-cp311.whl  # [not linux and py==311]
            sha256: {OTHER}  # [not linux and py==311]
            url: https://example.com/demo-{{{{ version }}}}-cp312.whl  # [not linux and py==312]
            sha256: {"e" * 64}  # [not linux and py==312]""")
    text = v0(source)
    result = moved(text, "1.3.0", {"linux.tar.gz": NEW, "cp311.whl": NEWER, "cp312.whl": "f" * 64})
    assert changed(text, result)[1:-1] == [
        f"sha256: {NEW}  # [linux]",
        f"sha256: {NEWER}  # [not linux and py==311]",
        f"sha256: {'f' * 64}  # [not linux and py==312]",
    ]


def test_hashes_in_branches_and_loops() -> None:
    text = dedent(f"""\
        {{% set version = "1.2.3" %}}
        {{% if win %}}
        {{% set sha = "{OLD}" %}}
        {{% else %}}
        {{% set sha = "{OTHER}" %}}
        {{% endif %}}
        {{% set parts = [("one", "{"1" * 64}"), ("two", "{"2" * 64}")] %}}
        package:
          name: demo
          version: {{{{ version }}}}
        source:
          - url: https://example.com/demo-{{{{ version }}}}-{{{{ "win" if win else "unix" }}}}.zip
            sha256: {{{{ sha }}}}
        {{% for part, digest in parts %}}
          - url: https://example.com/{{{{ part }}}}-{{{{ version }}}}.zip
            sha256: {{{{ digest }}}}
        {{% endfor %}}
        build:
          number: 0
        """)
    hashes = {"win.zip": NEW, "unix.zip": NEWER, "one-2.0.zip": "3" * 64, "two-2.0.zip": "4" * 64}
    assert changed(text, moved(text, "2.0", hashes)) == [
        '{% set version = "2.0" %}',
        f'{{% set sha = "{NEW}" %}}',
        f'{{% set sha = "{NEWER}" %}}',
        f'{{% set parts = [("one", "{"3" * 64}"), ("two", "{"4" * 64}")] %}}',
    ]


V1 = f"""\
schema_version: 1
context:
    name: demo   # odd indentation
    version: "1.2.3"
    build_number: 3

recipe:
  name: demo
  version: ${{{{ version }}}}
build:
  number: ${{{{ build_number }}}}

outputs:
  - package: {{name: lib{{}}demo}}
    source:
      - if: unix
        then:
          url: https://example.com/demo-${{{{ version }}}}.tar.gz
          sha256: {OLD}
        else:
          url: https://example.com/demo-${{{{ version }}}}.zip
          sha256: {OTHER}
      - url: https://example.com/v${{{{ version }}}}/LICENSE
        sha256: {"e" * 64}
    requirements:
      run:
        - python
  - package:
      name: tools
      version: "7.0"
    source:
      url: https://example.com/v${{{{ version }}}}/LICENSE
      sha256: {"e" * 64}
    requirements:
      run:
        - libdemo ==1.2.3
        - other ==1.2.3
""".replace("lib{}demo", "libdemo")


def test_v1_with_outputs_and_conditions() -> None:
    result = moved(V1, "1.3.0", {".tar.gz": NEW, ".zip": NEWER, "LICENSE": "e" * 64}, "recipe.yaml")
    assert changed(V1, result) == [
        'version: "1.3.0"',
        "build_number: 0",
        f"sha256: {NEW}",
        f"sha256: {NEWER}",
        "- libdemo ==1.3.0",
    ]
    rendered = parse_recipe(result, path="recipe.yaml").render(platform="win-64")
    assert {output.name: output.version for output in rendered.packages} == {"libdemo": "1.3.0", "tools": "7.0"}


def test_the_version_of_the_recipe_among_those_of_outputs() -> None:
    text = (
        "context:\n  tag: 6-40-02\n  standard: '20'\nrecipe:\n  name: demo\n  version: ${{ tag | replace('-', '.') }}\n"
        f"source:\n  url: https://example.com/v${{{{ tag }}}}.tar.gz\n  sha256: {OLD}\nbuild:\n  number: 0\n"
        "outputs:\n  - package:\n      name: demo\n  - package:\n      name: standard\n      version: ${{ standard }}\n"
    )
    result = moved(text, "6.42.00", {"v6-42-00.tar.gz": NEW}, "recipe.yaml")
    assert changed(text, result) == ["tag: 6-42-00", f"sha256: {NEW}"]


def test_a_tag_is_not_taken_for_a_version() -> None:
    with pytest.raises(RecipeError) as error:
        start(v0(SOURCE), path="meta.yaml", to="v1.3.0")
    assert error.value.message == "meta.yaml: v1.3.0 is not a version like 1.2.3: it begins with a letter"


def test_equal_files_that_differ_later_are_told_apart_by_their_place() -> None:
    result = moved(V1, "1.3.0", {".tar.gz": NEW, ".zip": NEWER, "LICENSE": "f" * 64}, "recipe.yaml")
    assert result.count("f" * 64) == 2
    assert "e" * 64 not in result


def test_mirrors_need_one_hash() -> None:
    text = v0(
        "  url:\n    - https://one.example/demo-{{ version }}.tgz\n    - https://two.example/demo-{{ version }}.tgz\n"
        f"  sha256: {OLD}"
    )
    draft = start(text, path="meta.yaml", to="2.0")
    assert [source.urls for source in draft.moved] == [
        ("https://one.example/demo-2.0.tgz", "https://two.example/demo-2.0.tgz")
    ]
    assert NEW in finish(draft, {"https://two.example/demo-2.0.tgz": {"sha256": NEW}})


@pytest.mark.parametrize(
    ("head", "number", "expected"),
    [
        ("", "  number: 1004", ["number: 0"]),
        ("{% set build = 3 %}", "  number: {{ build }}", ["{% set build = 0 %}"]),
        (
            "{% set build_number = 3 %}\n{% set build_number = build_number + 100 %}  # [win]",
            "  number: {{ build_number }}",
            ["{% set build_number = 0 %}"],
        ),
        (
            "{% set build = 2 %}  # [win]\n{% set build = 102 %}  # [not win]",
            "  number: {{ build }}",
            ["{% set build = 0 %}  # [win]", "{% set build = 100 %}  # [not win]"],
        ),
        ("{% set libver = 3 %}", "  number: 0", []),
    ],
)
def test_build_numbers(head: str, number: str, expected: list[str]) -> None:
    text = v0("  path: .", head=f'{{% set version = "1.2.3" %}}\n{head}').replace("  number: 4", number)
    assert changed(text, moved(text, "2.0", {}))[1:] == expected


def test_carriage_returns_spaces_and_the_missing_end_stay() -> None:
    text = v0(SOURCE + "   ").replace("\n", "\r\n").rstrip("\r\n") + "  # end"
    result = moved(text, "1.3.0", {"demo-1.3.0.tar.gz": NEW})
    assert result == text.replace('"1.2.3"', '"1.3.0"').replace(OLD, NEW).replace("number: 4", "number: 0")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (v0(SOURCE, head="", version="''"), "meta.yaml: its version can't be determined"),
        (
            v0(SOURCE, head="{% set version = load_setup_py_data().version %}"),
            "meta.yaml: its version can't be determined",
        ),
        (
            v0(SOURCE, head='{% set version = "1.0" %}  # [win]\n{% set version = "1.1" %}  # [not win]'),
            "meta.yaml:1: it is unclear which version is its own: there are 1.0, 1.1",
        ),
        (
            v0(f"  url: https://example.com/demo-latest.tar.gz\n  sha256: {OLD}"),
            (
                "meta.yaml:7: no source has the version in its URL (https://example.com/demo-latest.tar.gz): "
                "edit it by hand"
            ),
        ),
        (
            v0(SOURCE, version="{{ version.split('.')[0] }}.9"),
            "meta.yaml:2: the version of demo would be 1.9, not 2.0.0: edit it by hand",
        ),
    ],
)
def test_what_is_not_sure_is_refused(text: str, message: str) -> None:
    with pytest.raises(RecipeError) as error:
        moved(text, "2.0.0", {"demo-2.0.0.tar.gz": NEW})
    assert error.value.message == message


@pytest.mark.parametrize("to", ["", '1.0" %}', "1.0 beta", "1.0-1", "../../x", "main"])
def test_what_is_no_version_is_refused(to: str) -> None:
    with pytest.raises(RecipeError, match="can't be a version"):
        start(v0(SOURCE), path="meta.yaml", to=to)


def test_one_hash_for_files_that_differ_later_is_refused() -> None:
    head = f'{{% set version = "1.2.3" %}}\n{{% set hash = "{OLD}" %}}'
    text = v0(
        "".join(
            f"  - url: https://example.com/{name}-{{{{ version }}}}.zip\n    sha256: {{{{ hash }}}}\n" for name in "ab"
        ),
        head=head,
    )
    with pytest.raises(
        RecipeError, match=r"meta.yaml:2: two files have this hash, and different ones at the new version"
    ):
        moved(text, "2.0", {"a-2.0.zip": NEW, "b-2.0.zip": NEWER})


def test_what_still_says_the_old_version_is_noted() -> None:
    text = v0(SOURCE) + "test:\n  commands:\n    - demo --version | grep 1.2.3\n"
    draft = start(text, path="meta.yaml", to="2.0")
    assert notes_on(finish(draft, {"https://example.com/demo-2.0.tar.gz": {"sha256": NEW}}), draft, {}) == (
        OldVersionLeft(line=15, version="1.2.3", text="- demo --version | grep 1.2.3"),
    )


NUMBERS = st.integers(0, 40)
VERSIONS = st.lists(NUMBERS, min_size=2, max_size=4).map(lambda parts: ".".join(map(str, parts)))
SHAPES = st.sampled_from(["set", "literal", "context", "context-literal"])
COMMENTS = st.sampled_from(["", "  # why", " # [unix]", "   "])
ENDS = st.sampled_from(["\n", "\r\n"])


@st.composite
def recipes(draw: st.DrawFn) -> tuple[str, str, str]:
    """Path, version and text of a recipe."""
    version, shape, end = draw(VERSIONS), draw(SHAPES), draw(ENDS)
    quote, comment = draw(st.sampled_from(["'", '"'])), draw(COMMENTS)
    v1 = shape.startswith("context")
    comment = comment.replace(" # [unix]", "") if v1 else comment.replace(" # [unix]", " # note")
    variable = "${{ version }}" if v1 else "{{ version }}"
    written = version if shape.endswith("literal") else variable
    number = draw(st.integers(0, 30))
    lines = [f"{{% set version = {quote}{version}{quote} %}}{comment}"] if shape == "set" else []
    if shape == "context":
        lines += ["context:", f"  version: {quote}{version}{quote}{comment}"]
    shown = f"{quote}{version}{quote}" if shape.endswith("literal") else variable
    lines += ["package:", "  name: demo", f"  version: {shown}", "source:"]
    for index in range(draw(st.integers(1, 3))):
        lines += [
            f"  - url: https://example.com/part{chr(97 + index)}-{written}.tar.gz{comment}",
            f"    sha256: {str(index) * 64}{comment}",
        ]
    lines += ["build:", f"  number: {number}{comment}", "about:", "  summary: 'version 99.98.97'", ""]
    return ("recipe.yaml" if v1 else "meta.yaml"), version, end.join(lines)


@given(recipes(), VERSIONS)
def test_any_recipe(recipe: tuple[str, str, str], to: str) -> None:
    path, version, text = recipe
    if to == version:
        return
    draft = start(text, path=path, to=to)
    hashes = {url: {"sha256": f"{index + 4:x}" * 64} for index, s in enumerate(draft.moved) for url in s.urls}
    result = finish(draft, hashes)
    # It is at the new version everywhere, with the new files and their hashes.
    for platform in PLATFORMS:
        (output,) = parse_recipe(result, path=path).render(platform=platform).packages
        assert (output.version, output.build_number) == (to, 0)
        assert {source.url: source.sha256 for source in output.sources} == {u: h["sha256"] for u, h in hashes.items()}
    # Lines without a version, a hash or a build number are as they were, and so is all around the values.
    pattern = re.compile(rf"(?<![\d.])({re.escape(version)}|{re.escape(to)})(?![\d.]*\d)|(.)\2{{63}}|(?<=number: )\d+")
    for old, new in zip(text.split("\n"), result.split("\n"), strict=True):
        assert old == new or pattern.sub("", old) == pattern.sub("", new)
    # There and back again: only what had to change was changed.
    back = start(result, path=path, to=version)
    first = {u: dict(s.hashes) for s in start(text, path=path, to=to).moved for u in s.before}
    restored = finish(back, first)
    assert restored == re.sub(r"(?<=number: )\d+", "0", text)


@pytest.mark.parametrize("key", ["git_rev", "git_tag"])
def test_a_tag_that_is_checked_out_moves_with_the_version(key: str) -> None:
    text = v0(f"  git_url: https://example.org/a.git\n  {key}: v1.2.3")
    draft = start(text, path="meta.yaml", to="1.3.0")
    assert changed(text, finish(draft, {})) == ['{% set version = "1.3.0" %}', f"{key}: v1.3.0", "number: 0"]
    (output,) = parse_recipe(text, path="meta.yaml").render(platform="linux-64").outputs
    assert [(source.git, source.rev, source.url) for source in output.sources] == [
        ("https://example.org/a.git", "v1.2.3", None)
    ]


def test_a_commit_that_is_checked_out_does_not_move_and_that_is_said_or_refused() -> None:
    commit = "0123456789" * 4
    text = v0(f"  git_url: https://example.org/a.git\n  git_rev: {commit}")
    with pytest.raises(RecipeError) as error:
        start(text, path="meta.yaml", to="1.3.0")
    assert error.value.problem == (
        f"https://example.org/a.git is checked out at {commit}, whatever the version: edit it by hand"
    )
    v1 = (
        "context:\n  version: 1.2.3\npackage:\n  name: a\n  version: ${{ version }}\nsource:\n"
        f"  - url: https://example.org/a-${{{{ version }}}}.tar.gz\n    sha256: {OLD}\n"
        f"  - git: https://example.org/vendored.git\n    rev: {commit}\nbuild:\n  number: 0\n"
    )
    draft = start(v1, path="recipe.yaml", to="1.3.0")
    assert draft.notes == (CommitKept(line=10, repository="https://example.org/vendored.git", revision=commit),)
    assert [source.urls for source in draft.moved] == [("https://example.org/a-1.3.0.tar.gz",)]


def test_a_checkout_of_the_whole_recipe_is_told_beside_sources_of_an_output() -> None:
    text = (
        '{% set version = "1.2.3" %}\npackage:\n  name: demo-split\n  version: {{ version }}\nsource:\n'
        "  git_url: https://example.org/shared.git\n  git_rev: abc\nbuild:\n  number: 0\noutputs:\n"
        f"  - name: demo\n    source:\n      url: https://e.org/a-{{{{ version }}}}.zip\n      sha256: {OLD}\n"
    )
    notes = start(text, path="meta.yaml", to="1.3.0").notes
    assert notes == (CommitKept(line=7, repository="https://example.org/shared.git", revision="abc"),)


@pytest.mark.parametrize(
    ("source", "note"),
    [
        ("url: https://e.org/a-{{ version }}.zip", NoHash(line=7, url="https://e.org/a-1.3.0.zip", moved=True)),
        (
            "url: https://e.org/a-{{ version }}.zip\n  sha256: ''",
            NoHash(line=7, url="https://e.org/a-1.3.0.zip", moved=True),
        ),
        (
            "url: https://e.org/a-{{ version }}.zip\n  sha256:",
            NoHash(line=7, url="https://e.org/a-1.3.0.zip", moved=True),
        ),
        ("url: https://e.org/latest.zip", NoHash(line=7, url="https://e.org/latest.zip", moved=False)),
        ("path: ../src", None),
    ],
)
def test_a_source_without_a_hash_is_told(source: str, note: NoHash | None) -> None:
    draft = start(v0(f"  {source}"), path="meta.yaml", to="1.3.0")
    assert draft.notes == ((note,) if note else ())


def test_a_placeholder_is_no_hash_that_was_left() -> None:
    text = v0(SOURCE.replace(OLD, "12"))
    draft = start(text, path="meta.yaml", to="1.3.0")
    hashes = {"https://example.com/demo-1.3.0.tar.gz": {"sha256": NEW}}
    after = finish(draft, hashes)
    assert changed(text, after) == ['{% set version = "1.3.0" %}', f"sha256: {NEW}", "number: 0"]
    assert notes_on(after, draft, hashes) == ()


COMMIT = "0123456789abcdef" * 2 + "01234567"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"https://github.com/a/sub/archive/{COMMIT}.tar.gz", True),
        ("https://github.com/a/sub/archive/{{ commit }}.zip", True),
        (f"https://gitlab.com/a/sub/-/archive/{COMMIT}/sub-{COMMIT}.tar.gz", True),
        (f"https://codeload.github.com/a/sub/tar.gz/{COMMIT}", True),
        (f"https://example.org/{COMMIT}/data.tar.gz", False),
        ("https://example.org/data.tar.gz", False),
    ],
)
def test_an_archive_of_a_commit_that_stays_is_told(url: str, told: bool) -> None:
    source = f"  - url: https://e.org/a-{{{{ version }}}}.zip\n    sha256: {OLD}\n  - url: {url}\n    sha256: {OTHER}"
    head = f'{{% set commit = "{COMMIT}" %}}\n{{% set version = "1.2.3" %}}'
    notes = start(v0(source, head=head), path="meta.yaml", to="1.3.0").notes
    assert notes == ((ArchiveKept(line=10, url=url.replace("{{ commit }}", COMMIT)),) if told else ())


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("hg_url: https://e.org/a\n  hg_tag: 0123456789ab", "https://e.org/a is checked out at 0123456789ab"),
        ("svn_url: https://e.org/svn/trunk\n  svn_rev: 77", "https://e.org/svn/trunk is checked out at 77"),
        ("svn_url: https://e.org/svn/trunk", "https://e.org/svn/trunk is checked out at its newest commit"),
    ],
)
def test_other_repositories_that_stay_are_refused_or_told(source: str, where: str) -> None:
    with pytest.raises(RecipeError) as error:
        start(v0(f"  {source}"), path="meta.yaml", to="1.3.0")
    assert error.value.problem == f"{where}, whatever the version: edit it by hand"
    beside = f"  - url: https://e.org/a-{{{{ version }}}}.zip\n    sha256: {OLD}\n  - {source}".replace(
        "\n  hg", "\n    hg"
    )
    (note,) = start(v0(beside.replace("\n  svn", "\n    svn")), path="meta.yaml", to="1.3.0").notes
    assert isinstance(note, CommitKept)
    assert (note.line, note.repository) == (9, where.split(maxsplit=1)[0])


@pytest.mark.parametrize("tag", ["hg_tag: v{{ version }}", "hg_tag: 1_2_3", "hg_tag: {{ tag }}"])
def test_other_repositories_move_with_the_version(tag: str) -> None:
    head = '{% set version = "1.2.3" %}\n{% set tag = "v" ~ version %}'
    draft = start(v0(f"  hg_url: https://e.org/a\n  {tag}", head=head), path="meta.yaml", to="1.3.0")
    assert draft.notes == ()
    assert "1_2_3" not in draft.text


@pytest.mark.parametrize(
    "skip", ["{% if version == '1.3.0' %}\n  skip: true\n{% endif %}", "  skip: {{ version > '1.2.9' }}"]
)
def test_a_recipe_that_would_skip_everything_is_refused(skip: str) -> None:
    text = v0(SOURCE, build=f"\n{skip}")
    with pytest.raises(RecipeError) as error:
        start(text, path="meta.yaml", to="1.3.0")
    assert error.value.problem == "at 1.3.0 everything would be skipped: edit it by hand"
    start(text, path="meta.yaml", to="1.2.4")


SECOND = (
    "  - url: https://example.com/demo-{{{{ version }}}}.tar.gz\n    sha256: {old}\n  - url: {url}\n    sha256: {other}"
)


@pytest.mark.parametrize(
    "url",
    [
        "{{ mirror }}/two-{{ version }}.tar.gz",
        "https://example.com/two-{{ version | xmlattr }}.tar.gz",
        "https://example.com/two-{{ load_file_data(version) }}.tar.gz",
    ],
)
def test_a_source_whose_new_url_is_unknown_stops_the_edit(url: str) -> None:
    with pytest.raises(RecipeError) as error:
        start(v0(SECOND.format(old=OLD, url=url, other=OTHER)), path="meta.yaml", to="1.3.0")
    assert error.value.problem.endswith("depends on an undefined variable, so its hash can't be known")
    assert error.value.line == 9


def test_an_unknown_url_without_the_version_does_not_stop_the_edit() -> None:
    text = v0(SECOND.format(old=OLD, url="{{ mirror }}/data.tar.gz", other=OTHER))
    assert f"sha256: {OTHER}" in moved(text, "1.3.0", {"demo-1.3.0.tar.gz": NEW})


@pytest.mark.parametrize(
    ("url", "end"),
    [
        ("https://example.com/two-{{ version.ljust(6, '0') }}.zip", "two-1.3.00.zip"),
        ("https://example.com/two-{{ version.replace('.', '').zfill(5) }}.zip", "two-00130.zip"),
        ("https://example.com/two-{{ '{}_{:>6}'.format('v', version).replace(' ', '0') }}.zip", "two-v_01.3.0.zip"),
        ("https://example.com/two-{{ '.'.join(version.split('.')[:2]) }}.zip", "two-1.3.zip"),
        ("https://example.com/two-{{ version | title | lower }}.zip", "two-1.3.0.zip"),
    ],
)
def test_methods_of_text_are_evaluated(url: str, end: str) -> None:
    text = v0(SECOND.format(old=OLD, url=url, other=OTHER))
    result = moved(text, "1.3.0", {"demo-1.3.0.tar.gz": NEW, end: NEWER})
    assert changed(text, result)[1:3] == [f"sha256: {NEW}", f"sha256: {NEWER}"]


def test_hashes_of_platforms_that_are_not_built_are_renewed_where_they_are_known() -> None:
    lines = "\n".join(
        f"  - url: https://example.com/{name}-{{{{ version }}}}.zip  # [{name}]\n    sha256: {value}  # [{name}]"
        for name, value in (("linux", OLD), ("win", OTHER))
    )
    draft = start(
        v0(lines), path="meta.yaml", to="1.3.0", settings=[("linux-64", {})], unbuilt=[("win-64", {}), ("osx-64", {})]
    )
    assert [(source.urls[0], source.optional) for source in draft.moved] == [
        ("https://example.com/linux-1.3.0.zip", False),
        ("https://example.com/win-1.3.0.zip", True),
    ]
    linux = {"https://example.com/linux-1.3.0.zip": {"sha256": NEW}}
    both = {**linux, "https://example.com/win-1.3.0.zip": {"sha256": NEWER}}
    assert finish(draft, both).count(NEWER) == 1
    alone = finish(draft, linux)
    assert f"sha256: {OTHER}  # [win]" in alone
    assert (notes_on(alone, draft, linux), notes_on(finish(draft, both), draft, both)) == ((HashKept(line=10),), ())


@pytest.mark.parametrize(
    ("path", "source", "line"),
    [
        (
            "meta.yaml",
            (
                f"  - url: https://e.org/a-{{{{ version }}}}.zip\n    sha256: {OLD}\n"
                f"  - url: https://e.org/b-{{{{ version }}}}.zip  # [linux32]\n    sha256: '{OTHER}'  # [linux32]\n"
            ),
            9,
        ),
        (
            "recipe.yaml",
            (
                f"  - url: https://e.org/a-${{{{ version }}}}.zip\n    sha256: {OLD}\n"
                "  - if: build_platform != target_platform\n    then:\n"
                f"      - url: https://e.org/b-${{{{ version }}}}.zip\n        sha256: {OTHER}\n"
            ),
            12,
        ),
    ],
)
def test_a_hash_that_no_known_build_reads_is_told(path: str, source: str, line: int) -> None:
    v1 = path == "recipe.yaml"
    head = 'context:\n  version: "1.2"\n' if v1 else '{% set version = "1.2" %}\n'
    brace = "${{ version }}" if v1 else "{{ version }}"
    text = f"{head}package:\n  name: x\n  version: {brace}\nsource:\n{source}build:\n  number: 0\n"
    draft = start(text, path=path, to="1.3", settings=[("linux-64", {})], unbuilt=[("osx-64", {})])
    hashes = {"https://e.org/a-1.3.zip": {"sha256": NEW}}
    after = finish(draft, hashes)
    assert OTHER in after
    assert notes_on(after, draft, hashes) == (HashKept(line=line),)


def test_a_hash_in_a_variable_that_no_known_build_reads_is_told() -> None:
    text = (
        '{% set version = "1.2" %}\n'
        f'{{% set sha256 = "{OLD}" %}}\n{{% set sha256 = "{OTHER}" %}}  # [linux32]\n'
        "package:\n  name: x\n  version: {{ version }}\nsource:\n  url: https://e.org/a-{{ version }}.zip\n"
        "  sha256: {{ sha256 }}\nbuild:\n  number: 0\n"
    )
    draft = start(text, path="meta.yaml", to="1.3", settings=[("linux-64", {})])
    hashes = {"https://e.org/a-1.3.zip": {"sha256": NEW}}
    assert notes_on(finish(draft, hashes), draft, hashes) == (HashKept(line=3),)


def test_variables_of_platforms_that_are_not_built_decide_nothing() -> None:
    head = '{% set version = "1.2.3" %}\n{% set arch = "x86_64" %}  # [linux64]'
    text = v0(f"  url: https://example.com/demo-{{{{ version }}}}-{{{{ arch }}}}.zip\n  sha256: {OLD}", head=head)
    draft = start(text, path="meta.yaml", to="1.3.0", settings=[("linux-64", {})], unbuilt=[("osx-64", {})])
    assert [source.urls for source in draft.moved] == [("https://example.com/demo-1.3.0-x86_64.zip",)]


def test_a_version_with_mixed_separators_keeps_them() -> None:
    head = "{% set version = '1.3-1' %}"
    source = f"  url: https://cran.r-project.org/src/contrib/a_{{{{ version }}}}.tar.gz\n  sha256: {OLD}"
    text = v0(source, head=head, version="{{ version | replace('-', '_') }}")
    assert version_of(text, path="meta.yaml") == "1.3_1"
    for to in ("1.3_2", "1.3-2"):  # as conda spells it, and as CRAN does
        assert changed(text, moved(text, to, {"a_1.3-2.tar.gz": NEW}))[0] == "{% set version = '1.3-2' %}"


@pytest.mark.parametrize(
    ("written", "old", "to", "expected"),
    [
        ("1.2-3", "1.2.3", "1.3.0", "1.3-0"),
        ("1-2.3", "1.2.3", "1.3.0", "1-3.0"),
        ("1.2-3", "1.2.3", "2.0", "2-0"),
        ("1.3-1", "1.3_1", "1.4_2", "1.4-2"),
    ],
)
def test_each_separator_keeps_its_place(written: str, old: str, to: str, expected: str) -> None:
    mark = "_" if "_" in old else "."
    text = v0(SOURCE.replace("version", "upstream"), version=f"{{{{ upstream | replace('-', '{mark}') }}}}")
    text = text.replace('{% set version = "1.2.3" %}', f'{{% set upstream = "{written}" %}}')
    assert version_of(text, path="meta.yaml") == old
    after = moved(text, to, {f"demo-{expected}.tar.gz": NEW})
    assert changed(text, after) == [f'{{% set upstream = "{expected}" %}}', f"sha256: {NEW}", "number: 0"]


URLS = st.sampled_from(
    [
        "https://example.com/{n}-{{{{ version }}}}.zip",
        "https://example.com/{n}-{{{{ version.rjust(7, '0') }}}}.zip",
        "https://example.com/{n}-{{{{ version.split('.')[0] }}}}.zip",
        "https://example.com/{n}-{{{{ major }}}}.zip",
        "https://example.com/{n}-{{{{ {{'linux-64': version, 'osx-64': '1'}}[target_platform] }}}}.zip",
        "{{{{ mirror }}}}/{n}-{{{{ version }}}}.zip",
        "https://example.com/{n}-fixed.zip",
        "https://example.com/{n}-{{{{ version | unheard_of }}}}.zip",
    ]
)
SELECTORS = st.sampled_from(["", "  # [linux]", "  # [osx]", "  # [win]", "  # [py2k]", "  # [py3k]"])


HASHES = st.sampled_from(["inline", "variable", "two variables", "by system", "table", "loop", "longer"])


@given(st.lists(st.tuples(URLS, SELECTORS, HASHES), min_size=1, max_size=4))
def test_no_build_has_a_new_url_with_an_old_hash(sources: list[tuple[str, str, str]]) -> None:
    head = ['{% set version = "1.2.3" %}', '{% set major = version.split(".")[0] %}']
    lines: list[str] = []
    for index, (url, selector, hashed) in enumerate(sources):
        variables, source = hashed_source(url, selector, hashed, index)
        head += variables
        lines += source
    text = v0("\n".join(lines), head="\n".join(head))
    try:
        draft = start(text, path="meta.yaml", to="2.0.0", settings=PYTHONS)
        hashes = {url: {name: digest(url, name) for name in s.hashes} for s in draft.moved for url in s.urls}
        after = finish(draft, hashes)
    except RecipeError:
        return
    before_recipe, after_recipe = (parse_recipe(each, path="meta.yaml") for each in (text, after))
    for platform, variant in PYTHONS:
        old, new = (
            each.render(platform=platform, variant=variant).outputs[0].sources for each in (before_recipe, after_recipe)
        )
        for was, now in zip(old, new, strict=True):
            assert not now.unknown or was.url == now.url
            fresh = {name: digest(now.url or "", name) for name in was.digests}
            assert now.digests == (was.digests if was.url == now.url else fresh)


def digest(text: str, algorithm: str = "sha256") -> str:
    return hashlib.new(algorithm, text.encode()).hexdigest()


def hashed_source(url: str, selector: str, hashed: str, index: int) -> tuple[list[str], list[str]]:
    """Variables, and the lines of a source with its hash written in one of several ways."""
    one, two = digest(f"{index} one"), digest(f"{index} two")
    where = f"  - url: {url.format(n=index)}{selector}"
    match hashed:
        case "variable":
            variables = [f'{{% set sha{index} = "{one}" %}}']
            return variables, [where, f"    sha256: {{{{ sha{index} }}}}{selector}"]
        case "two variables":
            variables = [f'{{% set sha{index} = "{one}" %}}  # [win]', f'{{% set sha{index} = "{two}" %}}  # [not win]']
            return variables, [where, f"    sha256: {{{{ sha{index} }}}}{selector}"]
        case "by system" if not selector:
            return [], [where, f"    sha256: {one}  # [osx]", f"    sha256: {two}  # [not osx]"]
        case "table":
            variables = [f'{{% set table{index} = {{True: "{one}", False: "{two}"}} %}}']
            return variables, [where, f"    sha256: {{{{ table{index}[osx] }}}}{selector}"]
        case "loop":
            loop = f'{{% for v, s in [("1.2.3", "{one}"), ("0.5", "{two}")] %}}'
            return [], [loop, f"  - url: https://e.org/{index}-{{{{ v }}}}.zip", "    sha256: {{ s }}", "{% endfor %}"]
        case "longer":
            long = f"    sha512: {digest(f'{index} one', 'sha512')}{selector}"
            return [], [where, f"    sha256: {one}{selector}", long]
    return [], [where, f"    sha256: {one}{selector}"]


TOP_V0 = f"""\
{{% set version = "1.2.3" %}}
package:
  name: demo
  version: {{{{ version }}}}
source:
  url: https://example.com/demo-{{{{ version }}}}.tar.gz
  sha256: {OLD}
build:
  number: 4
outputs:
  - name: a
    source:
      url: https://example.com/a-{{{{ version }}}}.tar.gz
      sha256: {OTHER}
"""
TOP_V1 = f"""\
context:
  version: 1.2.3
recipe:
  name: demo
  version: ${{{{ version }}}}
source:
  url: https://example.com/demo-${{{{ version }}}}.tar.gz
  sha256: {OLD}
build:
  number: 4
outputs:
  - package:
      name: a
    source:
      url: https://example.com/a-${{{{ version }}}}.tar.gz
      sha256: {OTHER}
"""


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (TOP_V0, "meta.yaml"),
        (TOP_V1, "recipe.yaml"),
        (TOP_V1.replace("source:\n  url", "cache:\n  source:\n    url").replace("\n  sha", "\n    sha"), "recipe.yaml"),
    ],
)
def test_sources_that_no_output_takes_are_renewed_too(text: str, path: str) -> None:
    after = moved(text, "1.3.0", {"/demo-1.3.0.tar.gz": NEW, "/a-1.3.0.tar.gz": NEWER}, path)
    assert [line.partition(": ")[2] for line in changed(text, after) if "sha256" in line] == [NEW, NEWER]


OWN_V0 = f"""\
{{% set version = "1.2.3" %}}
package:
  name: demo
  version: {{{{ version }}}}
source:
  url: https://example.com/demo-{{{{ version }}}}.tar.gz
  sha256: {OLD}
build:
  number: 4
outputs:
  - name: demo
  - name: mutex
    version: 7.1
    build:
      number: 12
    # of its own
  - name: plugin
    version: "{{{{ version }}}}.1"
    build:
      number: 2
about:
  license: MIT
"""
OWN_V1 = f"""\
context:
  version: 1.2.3
  mutex: "7.1"
recipe:
  name: demo
  version: ${{{{ version }}}}
source:
  url: https://example.com/demo-${{{{ version }}}}.tar.gz
  sha256: {OLD}
build:
  number: 4
outputs:
  - package:
      name: mutex
      version: ${{{{ mutex }}}}
    build:
      number: 12
  - package:
      name: plugin
    build:
      number: 2
"""


@pytest.mark.parametrize(("text", "path"), [(OWN_V0, "meta.yaml"), (OWN_V1, "recipe.yaml")])
def test_an_output_that_keeps_its_version_keeps_its_build_number(text: str, path: str) -> None:
    draft = start(text, path=path, to="1.3.0", settings=PYTHONS)
    after = finish(draft, {source.urls[0]: {"sha256": NEW} for source in draft.moved})
    numbers = [line.strip() for line in after.split("\n") if "number" in line]
    assert numbers == ["number: 0", "number: 12", "number: 0"]
    assert notes_on(after, draft, {}) == ()


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (OWN_V0.replace("    build:\n      number: 12\n", ""), "meta.yaml"),
        (OWN_V1.replace("    build:\n      number: 12\n", ""), "recipe.yaml"),
    ],
)
def test_an_output_whose_build_number_falls_with_that_of_others_is_told(text: str, path: str) -> None:
    draft = start(text, path=path, to="1.3.0", settings=PYTHONS)
    after = finish(draft, {source.urls[0]: {"sha256": NEW} for source in draft.moved})
    (note,) = notes_on(after, draft, {})
    assert isinstance(note, NumberFallen)
    assert (note.output, note.version, note.old, note.new) == ("mutex", "7.1", 4, 0)
    assert "name: mutex" in "".join(text.split("\n")[note.line - 1 : note.line + 1])


def test_a_platform_that_is_not_built_does_not_contest_a_hash() -> None:
    url = "https://example.com/demo-${{ version }}-${{ target_platform }}.tar.gz"
    text = (
        "context:\n  version: 1.2.3\npackage:\n  name: demo\n  version: ${{ version }}\n"
        f'source:\n  url: {url}\n  sha256: ${{{{ "{OLD}" if linux else "{OTHER}" }}}}\nbuild:\n  number: 0\n'
    )
    built = [(platform, {"target_platform": platform}) for platform in ("linux-64", "osx-64")]
    draft = start(
        text,
        path="recipe.yaml",
        to="1.3.0",
        settings=built,
        unbuilt=[("linux-aarch64", {"target_platform": "linux-aarch64"})],
    )
    hashes = {source.urls[0]: {"sha256": NEWER} for source in draft.moved}
    hashes["https://example.com/demo-1.3.0-linux-64.tar.gz"] = {"sha256": NEW}
    assert f'sha256: ${{{{ "{NEW}" if linux else "{NEWER}" }}}}' in finish(draft, hashes)


def test_a_hash_that_begins_like_a_longer_one_is_not_taken_for_it() -> None:
    text = v0(f"  url: https://example.com/demo-{{{{ version }}}}.tar.gz\n  md5: {OLD[:32]}\n  sha256: {OLD}")
    draft = start(text, path="meta.yaml", to="1.3.0", settings=PYTHONS)
    after = finish(draft, {source.urls[0]: {"sha256": NEW, "md5": OTHER[:32]} for source in draft.moved})
    assert f"  md5: {OTHER[:32]}\n  sha256: {NEW}\n" in after


@pytest.mark.parametrize(
    ("path", "source", "message"),
    [
        (
            "meta.yaml",
            f"  url: https://e.org/x-{{{{ version }}}}.zip\n  sha256: {'a' * 64}\n  content_sha256: {'b' * 64}\n",
            "the content_sha256 of https://e.org/x-1.3.zip can't be renewed",
        ),
        (
            "meta.yaml",
            f"  git_url: https://e.org/x.git\n  git_rev: v{{{{ version }}}}\n  content_md5: {'b' * 32}\n",
            "the content_md5 of https://e.org/x.git can't be renewed",
        ),
        (
            "recipe.yaml",
            (
                "  - if: linux\n    then:\n      url: https://e.org/x-${{ version }}.zip\n"
                f"      content_sha512: {'a' * 128}\n"
            ),
            "the content_sha512 of https://e.org/x-1.3.zip can't be renewed",
        ),
    ],
)
def test_a_hash_of_another_kind_stops_the_edit(path: str, source: str, message: str) -> None:
    head = '{% set version = "1.2" %}\n' if path == "meta.yaml" else 'context:\n  version: "1.2"\n'
    brace = "{{ version }}" if path == "meta.yaml" else "${{ version }}"
    text = f"{head}package:\n  name: x\n  version: {brace}\nsource:\n{source}build:\n  number: 0\n"
    with pytest.raises(RecipeError, match=re.escape(message)):
        start(text, path=path, to="1.3")


@pytest.mark.parametrize(("algorithm", "digits"), [("sha512", 128), ("sha384", 96), ("sha224", 56)])
def test_every_hash_of_a_file_is_renewed(algorithm: str, digits: int) -> None:
    text = v0(
        f"  - url: https://e.org/x-{{{{ version }}}}.zip\n    sha256: {OLD}\n    {algorithm}: {'a' * digits}\n"
        f"  - url: https://e.org/y-{{{{ version }}}}.zip\n    {algorithm}: {{{{ long }}}}"
    )
    text = f'{{% set long = "{"b" * digits}" %}}\n{text}'
    draft = start(text, path="meta.yaml", to="1.3")
    assert [list(source.hashes) for source in draft.moved] == [["sha256", algorithm], [algorithm]]
    x, y = "https://e.org/x-1.3.zip", "https://e.org/y-1.3.zip"
    with pytest.raises(RecipeError, match=f"there is no {algorithm} for {x}"):
        finish(draft, {x: {"sha256": NEW}, y: {}})
    after = finish(draft, {x: {"sha256": NEW, algorithm: "c" * digits}, y: {algorithm: "d" * digits}})
    assert changed(text, after) == [
        f'{{% set long = "{"d" * digits}" %}}',
        '{% set version = "1.3" %}',
        f"sha256: {NEW}",
        f"{algorithm}: {'c' * digits}",
        "number: 0",
    ]


def test_a_word_in_place_of_a_hash_becomes_one() -> None:
    text = v0(SOURCE.replace(OLD, "TODO")) + "extra:\n  note: TODO\n"
    after = moved_word(text)
    assert changed(text, after) == ['{% set version = "1.3" %}', f"sha256: {NEW}", "number: 0"]


def moved_word(text: str) -> str:
    draft = start(text, path="meta.yaml", to="1.3")
    return finish(draft, {"https://example.com/demo-1.3.tar.gz": {"sha256": NEW}})


def test_hundreds_of_sources_are_found_in_one_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = [f"a{number:062x}b" for number in range(1, 301)]
    sources = "\n".join(
        f"  - url: https://e.org/{index:03}-{{{{ version }}}}.zip\n    sha256: {digest}"
        for index, digest in enumerate(digests)
    )
    draft = start(v0(sources), path="meta.yaml", to="1.3", settings=[("linux-64", {})])
    scans: list[str] = []
    below = text_nodes.values_of

    def noting(node: Node | None, key: str, *, outside: frozenset[str] = frozenset()) -> Iterator[Node]:
        scans.append(key)
        return below(node, key, outside=outside)

    monkeypatch.setattr(text_places, "values_of", noting)
    after = finish(draft, {source.urls[0]: {"sha256": source.hashes["sha256"][::-1]} for source in draft.moved})
    assert [f"sha256: {digest[::-1]}" in after for digest in digests] == [True] * len(digests)
    assert len(scans) < 10


def test_a_hash_of_another_kind_stays_where_its_file_does() -> None:
    text = (
        '{% set version = "1.2" %}\npackage:\n  name: x\n  version: {{ version }}\nsource:\n'
        f"  - url: https://e.org/x-{{{{ version }}}}.zip\n    sha256: {'a' * 64}\n"
        f"  - url: https://e.org/data.zip\n    sha512: {'b' * 128}\nbuild:\n  number: 0\n"
    )
    draft = start(text, path="meta.yaml", to="1.3")
    after = finish(draft, {"https://e.org/x-1.3.zip": {"sha256": "c" * 64}})
    assert after == text.replace("1.2", "1.3").replace("a" * 64, "c" * 64)
