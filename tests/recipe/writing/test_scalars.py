from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from rattler_build import PlatformConfig, RenderConfig, Stage0Recipe, VariantConfig
from ruamel.yaml import YAML

from dirac_forge.recipe.writing.scalars import V0, V1, Dialect, sanitised
from support.lint import SELECTOR
from support.rendered import load_v0

HOSTILE = (
    "${{ version }} and {{ version }} and {% set a = 1 %}{# gone #}",
    "a # [win]",
    "a [win]",
    "#[not linux]",
    "- item: value # no",
    "'single' \"double\" \\back \\x41 `tick`",
    "{",
    "{{",
    "${{ '${{' }}",
    "$",
    "yes",
    "~",
    "1.10",
    "0x1F",
    "12:30:45",
    "2020-01-01",
    "=",
    "? key",
    "key:",
    "*alias &anchor !tag |",
    "%YAML 1.1",
    "@{version} is not a variable here",
    "---",
    "... end",
    "é漢字🎉",
    "{%- raw -%}",
    "}} %} #}",
)
EXPRESSION = re.compile(r"\$\{\{ (?:'([$]|[{])'|version) \}\}")
text = st.text(min_size=1, max_size=60) | st.lists(
    st.sampled_from(
        ["{{", "}}", "${{", "{%", "%}", "{#", "#}", "#", "[win]", "[", "]", " ", "'", '"', "\\", ":", "-", "x", "$"]
    ),
    min_size=1,
).map("".join)


@pytest.mark.parametrize("word", ["odbc", "bbb", "xfb", "o7", "box", "nano", "yesterday"])
@pytest.mark.parametrize("dialect", [V0, V1])
def test_words_that_yaml_reads_as_text_need_no_quotes(word: str, dialect: Dialect) -> None:
    assert dialect.literal(word) == word
    assert yaml.safe_load(word) == YAML(typ="safe").load(word) == word


@pytest.mark.parametrize("word", ["0b11", "0o17", "0xfb", "017", "1_000", "1e3", "12:30", "nan", "on", "y", "null"])
def test_words_that_some_yaml_reads_as_something_else_are_quoted(word: str) -> None:
    assert V0.literal(word) == V1.literal(word) == f'"{word}"'


def hostile(test: Callable[..., None]) -> Callable[..., None]:
    """The cases that a random search would find late."""
    for case in HOSTILE:
        test = example(case)(test)
    return test


@hostile
@given(text)
def test_a_literal_of_v1_is_read_as_the_text_or_as_the_expression_for_it(raw: str) -> None:
    meant = sanitised(raw)
    line = f"key: {V1.literal(meant)}"
    for read in (yaml.safe_load(line)["key"], YAML(typ="safe").load(line)["key"]):
        assert EXPRESSION.sub(lambda found: found[1], read) == meant
    match = SELECTOR.match(line)
    assert not (match and match[2]), "a comment selector for the linter"


@hostile
@given(text)
def test_a_literal_of_v1_renders_to_the_text(raw: str) -> None:
    if meant := sanitised(raw):
        assert summary_v1(V1.literal(meant)) == meant


def summary_v1(scalar: str) -> object:
    """As py-rattler-build renders it."""
    recipe = Stage0Recipe.from_yaml(
        f'schema_version: 1\ncontext:\n  version: "1.10"\npackage:\n  name: a\n  version: "1"\n'
        f"about:\n  summary: {scalar}\n"
    )
    config = PlatformConfig(target_platform="linux-64", build_platform="linux-64", host_platform="linux-64")
    (variant,) = recipe.render(VariantConfig(), RenderConfig(platform=config))
    return variant.recipe.to_dict()["about"]["summary"]


@hostile
@given(text)
def test_a_literal_of_v0_survives_selectors_jinja_and_yaml(raw: str) -> None:
    meant = sanitised(raw)
    line = f"about:\n  summary: {V0.literal(meant)}\n"
    for platform in ("linux-64", "win-64"):
        assert load_v0(line, platform)["about"]["summary"] == meant
    assert not any(SELECTOR.match(part) for part in line.splitlines())
    assert SandboxedEnvironment(undefined=StrictUndefined).from_string(line).render() == line.rstrip("\n")


@hostile
@given(text)
def test_a_comment_of_v0_renders_to_itself(raw: str) -> None:
    comment = f"# {V0.comment(raw)}"
    assert "\n" not in comment
    assert SandboxedEnvironment(undefined=StrictUndefined).from_string(comment).render() == comment


@example(["{", "{"])
@example(["{{", "}}"])
@example(["$", "#}"])
@example(["{% if x %} # [win]", "[a]"])
@given(st.lists(text, min_size=2, max_size=3))
def test_a_template_renders_its_variables_and_nothing_else(raw: list[str]) -> None:
    parts = [sanitised(part.replace("@", "")) for part in raw]
    template, meant = "@{version}".join(parts), "1.10".join(parts)
    line = f"about:\n  key: {V0.template(template)}\n"
    assert load_v0(line, "linux-64", version="1.10")["about"]["key"] == meant
    assert summary_v1(V1.template(template)) == meant


@given(st.text())
def test_sanitised_text_is_one_line_that_every_encoder_takes(raw: str) -> None:
    line = sanitised(raw)
    assert line == " ".join(line.split())
    assert line.encode("utf-8").decode() == line
    assert len(line) <= 512
    assert sanitised(line) == line


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ("two\r\nlines\x00\x1b[31m\tred", "two lines [31m red"),
        ("\u202egnp.exe\ufeff\ud800", "gnp.exe"),
        ("x" * 600, "x" * 511 + "…"),
    ],
)
def test_what_cannot_be_seen_goes(raw: str, meant: str) -> None:
    assert sanitised(raw) == meant


@pytest.mark.parametrize(
    ("meant", "spelled"),
    [
        ("A toolkit, for DIRAC's users", "A toolkit, for DIRAC's users"),
        ("https://dirac.example/a?b=c", "https://dirac.example/a?b=c"),
        ("1.10", '"1.10"'),
        ("No", '"No"'),
        ("a: b", '"a: b"'),
        ("", '""'),
        ("C#", '"C#"'),
    ],
)
def test_quotes_are_used_only_where_they_are_needed(meant: str, spelled: str) -> None:
    assert V0.literal(meant) == V1.literal(meant) == spelled


def test_python_min_is_spelled_as_cfep_25_wants_it() -> None:
    assert V1.template("python @{python_min}.*") == "python ${{ python_min }}.*"
    assert V0.template("python @{python_min}.*") == "python {{ python_min }}"
    assert V0.template("python >=@{python_min}") == "python >={{ python_min }}"
