"""Versions that recipes put together from parts, and what spells them in YAML."""

from __future__ import annotations

import pytest

from dirac_forge.recipe.editing import versions
from dirac_forge.recipe.editing.edit import finish, start, version_of
from dirac_forge.recipe.editing.text_places import OverlapError, replaced
from dirac_forge.recipe.reading.recipe_text import RecipeError

OLD, NEW = "a" * 64, "b" * 64


def after_edit(text: str, to: str, path: str) -> list[str]:
    """The lines of the edited text that are others than before, hashes and build numbers aside."""
    draft = start(text, path=path, to=to, settings=[("linux-64", {}), ("osx-64", {})])
    after = finish(draft, {url: {"sha256": NEW} for source in draft.moved for url in source.urls})
    pairs = zip(text.split("\n"), after.split("\n"), strict=True)
    return [new.strip() for old, new in pairs if old != new and NEW not in new and "number:" not in new]


def v0(head: str, version: str = "{{ version }}", file: str = "x-{{ version }}") -> str:
    return (
        f"{head}\npackage:\n  name: x\n  version: {version}\nsource:\n  url: https://e.org/{file}.zip\n"
        f"  sha256: {OLD}\nbuild:\n  number: 0\n"
    )


def v1(context: str, version: str = "${{ version }}", file: str = "x-${{ version }}") -> str:
    return (
        f"{context}\npackage:\n  name: x\n  version: {version}\nsource:\n  url: https://e.org/{file}.zip\n"
        f"  sha256: {OLD}\nbuild:\n  number: 0\n"
    )


@pytest.mark.parametrize(
    ("text", "to", "expected"),
    [
        (
            v0('{% set series = "1.2" %}\n{% set version = series ~ ".3" %}'),
            "1.2.4",
            ['{% set version = series ~ ".4" %}'],
        ),
        (
            v0('{% set series = "1.2" %}\n{% set version = series ~ ".3" %}', file="{{ series }}/x-{{ version }}"),
            "1.4.0",
            ['{% set series = "1.4" %}', '{% set version = series ~ ".0" %}'],
        ),
        (
            v0('{% set version = ".".join(["1", "2", "3"]) %}'),
            "1.3.0",
            ['{% set version = ".".join(["1", "3", "0"]) %}'],
        ),
        (
            v0('{% set parts = (1, 2, 3) %}\n{% set version = "%d.%d.%d" % parts %}'),
            "2.0.0",
            ["{% set parts = (2, 0, 0) %}"],
        ),
        (
            v0("{% set v = [1, 2, 3] %}", "{{ v[0] }}.{{ v[1] }}.{{ v[2] }}", "x-{{ v | join('_') }}"),
            "1.2.4",
            ["{% set v = [1, 2, 4] %}"],
        ),
        (
            v0('{% set major, minor = "1", "2" %}', "{{ major }}.{{ minor }}.3", "x-{{ major }}.{{ minor }}"),
            "1.3.1",
            [
                '{% set major, minor = "1", "3" %}',
                "version: {{ major }}.{{ minor }}.1",
            ],
        ),
        (
            v0('{% set a = "1" %}\n{% set b = "2" %}\n{% set version = a ~ "." ~ b %}'),
            "1.3.0.1",
            ['{% set b = "3.0.1" %}'],
        ),
        (
            v0('{% set series = "1.2.3" %}\n{% set version = series ~ ".4" %}'),
            "1.3",
            ['{% set series = "1.3" %}', '{% set version = series ~ "" %}'],
        ),
        (
            v1('context:\n  major: 1\n  minor: "2.3"\n  version: ${{ major }}.${{ minor }}'),
            "2.0.1",
            ["major: 2", 'minor: "0.1"'],
        ),
        (
            v1('context:\n  series: "1.2"\n  version: ${{ series ~ ".3" }}'),
            "1.2.10",
            ['version: ${{ series ~ ".10" }}'],
        ),
        (
            (
                v0('{% set version = ".".join(["1", "2"]) %}')
                + "outputs:\n  - name: x\n  - name: y\n    version: 1.2\n    build: {number: {{ 2 }}}\n"
            ),
            "1.3",
            ['{% set version = ".".join(["1", "3"]) %}', "version: 1.3"],
        ),
        (
            v0('{% set version = ".".join(["1", "2"]) %}') + "outputs:\n  - name: x\n  - name: y\n    version: 9.8\n",
            "1.3",
            ['{% set version = ".".join(["1", "3"]) %}'],
        ),
        (v1('context:\n  parts: ["1", "2"]\n  version: ${{ parts | join(".") }}'), "1.3", ['parts: ["1", "3"]']),
        (v1('context: {version: "1.2", name: x}'), "1.10", ['context: {version: "1.10", name: x}']),
        (v1("context:\n  version: >-\n    1.2"), "1.10", ["1.10"]),
        (v1("context:\n  version:\n    1.2"), "1.10", ['"1.10"']),
        (v1('extra: {v: &v "1.2"}', "*v", "x-1.2"), "1.3", ['extra: {v: &v "1.3"}', "url: https://e.org/x-1.3.zip"]),
        (
            (
                "{% macro of(name) %}https://e.org/{{ name }}-{{ version }}.zip{% endmacro %}\n"
                + v0('{% set version = "1.2" %}').replace("https://e.org/x-{{ version }}.zip", "{{ of('x') }}")
            ),
            "1.3",
            ['{% set version = "1.3" %}'],
        ),
        (
            v0('{% set version = "1.2" %}') + "  script: a\n    {% if win %}\n    b\n    {% endif %}\n    c\n",
            "1.3",
            ['{% set version = "1.3" %}'],
        ),
        (
            f'package: {{name: x, version: &v "1.2"}}\nsource: {{url: https://e.org/x-1.2.zip, sha256: {OLD}}}\n',
            "1.3",
            ['package: {name: x, version: &v "1.3"}'],
        ),
    ],
)
def test_a_version_is_moved_where_its_parts_are_written(text: str, to: str, expected: list[str]) -> None:
    path = "recipe.yaml" if "${{" in text or text.startswith("extra") else "meta.yaml"
    assert after_edit(text, to, path) == expected


@pytest.mark.parametrize(
    ("head", "version", "to"),
    [
        # A part of `1.2.3` only: 2.2.3 is no version of anything.
        ('{% set version = "1.2.3" %}', "{{ version.split('.')[0] }}.9", "2.0"),
        ('{% set a = "1" %}\n{% set b = "2" %}\n{% set c = "3" %}', "{{ a }}.{{ b }}.{{ c }}", "1.3"),
        ('{% set version = "1" %}', "{{ version }}.{{ version }}", "1.2"),
    ],
)
def test_parts_that_do_not_become_the_new_version_are_refused(head: str, version: str, to: str) -> None:
    text = v0(head, version, "x-" + version)
    with pytest.raises(RecipeError, match=rf"the version of x would be \S+, not {to}: edit it by hand"):
        start(text, path="meta.yaml", to=to, settings=[("linux-64", {})])


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        (
            "meta.yaml",
            v0('{% set version = "1.2" %}\n{% if zos %}\n' + "a: b: c\n" * 13 + "{% endif %}"),
            (
                "meta.yaml:3: without its templates this is not YAML (mapping values are not allowed in this context): "
                "edit it by hand"
            ),
        ),
        (
            "meta.yaml",
            v0("", file="x"),
            "meta.yaml:4: the version comes from `version` in the variant configuration",
        ),
        (
            "meta.yaml",
            v0('{% set version = "1.2" %}\n{% set number = build %}').replace("number: 0", "number: {{ number }}"),
            "meta.yaml:10: the build number comes from `build` in the variant configuration",
        ),
        (
            "recipe.yaml",
            v1('context:\n  version: "1.2"').replace("number: 0", "number: ${{ build }}"),
            "recipe.yaml:10: the build number comes from `build` in the variant configuration",
        ),
        (
            "recipe.yaml",
            v1('context:\n  version: "1.2"').replace(OLD, "${{ digest }}"),
            "recipe.yaml:8: the sha256 of https://e.org/x-1.3.zip comes from `digest` in the variant configuration",
        ),
        (
            "meta.yaml",
            v0('{% set version = "1.2" %}').replace(OLD, "{{ 'a' * 64 }}"),
            "meta.yaml:6: the sha256 of https://e.org/x-1.3.zip is made of several parts: edit it by hand",
        ),
    ],
)
def test_what_is_not_in_the_text_is_refused_with_its_place(path: str, text: str, message: str) -> None:
    variant = {"version": "1.2", "build": "3", "digest": OLD}
    hashes = {"https://e.org/x-1.3.zip": {"sha256": NEW}}
    hint = " (conda_build_config.yaml or variants.yaml): change it there" if "variant" in message else ""
    with pytest.raises(RecipeError) as error:
        finish(start(text, path=path, to="1.3", settings=[("linux-64", variant)]), hashes)
    assert error.value.message == message + hint


def test_versions_that_the_variants_choose_are_refused_with_their_key() -> None:
    settings = [("linux-64", {"version": one}) for one in ("1.1", "1.2")]
    with pytest.raises(RecipeError) as error:
        version_of(v0(""), path="meta.yaml", settings=settings)
    assert error.value.message == (
        "meta.yaml:4: the version comes from `version` in the variant configuration "
        "(conda_build_config.yaml or variants.yaml): change it there"
    )


def test_two_edits_at_one_place_are_refused_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OverlapError, match="two edits in line 2"):
        replaced("a\nbcd", [(2, 4, "x"), (3, 5, "y")])
    assert replaced("a\nbcd", [(2, 4, "x"), (2, 4, "x"), (4, 5, "y")]) == "a\nxy"
    monkeypatch.setattr(versions, "_siblings", lambda *_: [(16, 18, "x")])
    with pytest.raises(RecipeError) as error:
        start(v0('{% set version = "1.2" %}'), path="meta.yaml", to="1.3")
    assert error.value.message == (
        "meta.yaml:1: the version can't be changed reliably, because two edits are at one place: edit it by hand"
    )
