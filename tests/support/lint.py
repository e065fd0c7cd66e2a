"""The rules of conda-forge's linter that generated recipes must keep, written from the rules (conda-smithy 2026.8).

`lint` gives one line for each finding, its identifier first. Left out are the rules that ask the network or git (do
the maintainers exist, CF-001 and CF-013), look at files next to the recipe (variants, scripts, workflows), or are about
what no recipe of ours has (numpy x.x, Go, abi3, SP_DIR, CUDA).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from license_expression import (  # type: ignore[import-untyped]
    ExpressionError,
    get_spdx_licensing,
)

from support.rendered import load_v0

SECTIONS_V0 = ["package", "source", "build", "requirements", "test", "app", "outputs", "about", "extra"]
SECTIONS_V1 = ["schema_version", "context", "package", "source", "build", "requirements", "tests", "about", "extra"]
SECTIONS_V1_OUTPUTS = ["schema_version", "context", "recipe", "source", "build", "outputs", "about", "extra"]
SUBSECTIONS_V0 = {
    "package": {"name", "version"},
    "source": {"url", "fn", "sha256", "folder", "patches"},
    "build": {"number", "noarch", "skip", "script", "entry_points"},
    "requirements": {"build", "host", "run", "run_constrained"},
    "test": {"imports", "commands", "requires"},
    "outputs": {"name", "version", "build", "requirements", "test", "about"},
    "about": {"home", "license", "license_file", "summary", "doc_url", "dev_url", "description"},
    "extra": {"recipe-maintainers", "feedstock-name"},
}
BACKENDS = {
    *(
        "setuptools",
        "flit",
        "flit-core",
        "hatchling",
        "poetry",
        "poetry-core",
        "pdm-backend",
        "pdm-pep517",
        "pymsbuild",
    ),
    *("meson-python", "scikit-build-core", "sphinx-theme-builder", "maturin", "jupyter-packaging", "whey", "uv-build"),
}
BOOTSTRAPPING = {"hatchling", "pdm-backend", "setuptools"}
PLATFORM_WORDS = {"win", "linux", "osx", "unix"}
# The variables of `{% set name = value %}`, the references, and lines with a selector (conda-build's pattern).
SET_LINE = re.compile(r"\s*\{%\s*set\s+[^\s]+\s*=\s*[^\s]+\s*%\}")
TIDY_SET_LINE = re.compile(r"\s*\{%\sset\s[^\s]+\s=\s[^\s]+\s%\}")
SELECTOR = re.compile(r"(.+?)\s*(#.*)?\[([^\[\]]+)\](?(2).*)$")
TIDY_SELECTOR = re.compile(r"(.+?)\s{2,}#\s\[(.+)\](?(2).*)$")


@dataclass(frozen=True)
class Part:
    """One output (or the whole of a flat recipe), with requirements as lists of text."""

    name: str
    noarch: str | None
    build_section: dict[str, Any]
    build: list[str]
    host: list[str]
    run: list[str]
    constraints: list[str]
    test_needs: list[str]
    tested: bool
    python_tests: list[list[str]]
    conditions: dict[str, list[str]]


@dataclass(frozen=True)
class View:
    """A recipe as the rules look at it."""

    text: str
    tree: dict[str, Any]
    v1: bool
    config: dict[str, Any]
    parts: list[Part]
    python_min: str

    def section(self, name: str) -> Any:
        return self.tree.get(name) or {}

    @property
    def sources(self) -> list[dict[str, Any]]:
        owners = [self.tree, *(self.tree.get("outputs") or [])]
        return [source for owner in owners for source in _many(owner.get("source"))]

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def noarch_platforms(self) -> bool:
        return len(_many(self.config.get("noarch_platforms"))) > 1


Rule = Callable[[View], Iterator[str]]


def lint(text: str, conda_forge_yml: str, *, channel_python_min: str = "3.10") -> list[str]:
    """All findings, lints and hints alike; [] for a recipe that the linter has nothing to say about."""
    v1 = re.search(r"^schema_version:", text, re.MULTILINE) is not None
    tree = yaml.safe_load(text) if v1 else load_v0(re.sub(r"(?m)^{% set python_min .*\n", "", text), "linux-64")
    view = View(
        text=text,
        tree=tree,
        v1=v1,
        config=yaml.safe_load(conda_forge_yml),
        parts=[(_part_v1 if v1 else _part_v0)(part) for part in tree.get("outputs") or [tree]],
        python_min=channel_python_min,
    )
    return [finding for rule in RULES for finding in rule(view)]


def _part_v1(tree: dict[str, Any]) -> Part:
    needs, build = tree.get("requirements") or {}, tree.get("build") or {}
    tests = tree.get("tests") or []
    python = [_many(test["python"].get("python_version")) for test in tests if "python" in test]
    test_needs = [need for test in tests for need in (test.get("requirements") or {}).get("run") or []]
    return Part(
        name=(tree.get("package") or {}).get("name", ""),
        noarch=build.get("noarch"),
        build_section=build,
        build=_flat(needs.get("build")),
        host=_flat(needs.get("host")),
        run=_flat(needs.get("run")),
        constraints=_flat(needs.get("run_constraints")),
        test_needs=test_needs + [f"python {version}" for versions in python for version in versions],
        tested=bool(tests),
        python_tests=python,
        conditions={key: [item["if"] for item in lines if isinstance(item, dict)] for key, lines in needs.items()},
    )


def _part_v0(tree: dict[str, Any]) -> Part:
    needs, build, test = tree.get("requirements") or {}, tree.get("build") or {}, tree.get("test") or {}
    return Part(
        name=tree.get("name") or (tree.get("package") or {}).get("name", ""),
        noarch=build.get("noarch"),
        build_section=build,
        build=needs.get("build") or [],
        host=needs.get("host") or [],
        run=needs.get("run") or [],
        constraints=needs.get("run_constrained") or [],
        test_needs=test.get("requires") or [],
        tested=bool({"imports", "commands"} & test.keys()),
        python_tests=[],
        conditions={},
    )


def _many(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _flat(items: Any) -> list[str]:
    found: list[str] = []
    for item in _many(items):
        found += _flat(item["then"]) + _flat(item.get("else")) if isinstance(item, dict) else [item]
    return found


def _is_selector(line: str, allowed: frozenset[str] = frozenset()) -> bool:
    match = None if line.lstrip().startswith("#") else SELECTOR.match(line.rstrip())
    return match is not None and not {w for w in match[3].split() if w not in {"not", "and", "or"}} <= allowed


def sections_in_order(view: View) -> Iterator[str]:
    expected = (SECTIONS_V1_OUTPUTS if "outputs" in view.tree else SECTIONS_V1) if view.v1 else SECTIONS_V0
    keys = list(view.tree)
    if unknown := [key for key in keys if key not in expected]:
        yield f"R-000 unexpected sections {unknown}"
    elif keys != sorted(keys, key=expected.index):
        yield f"R-001 sections out of order: {keys}"


def about_says_what_is_needed(view: View) -> Iterator[str]:
    about = view.section("about")
    for key in ("homepage" if view.v1 else "home", "license", "summary"):
        if not about.get(key):
            yield f"R-002 no {key}"
    if not about.get("license_file"):
        yield "R-013 no license_file"


def maintainers_are_a_list(view: View) -> Iterator[str]:
    maintainers = view.section("extra").get("recipe-maintainers")
    if not maintainers:
        yield "R-003 no maintainers"
    elif not isinstance(maintainers, list):
        yield "R-004 maintainers are no list"


def every_output_is_tested(view: View) -> Iterator[str]:
    if not any(part.tested for part in view.parts):
        yield "R-005 no tests"
    else:
        yield from (f"R-006 {part.name} has no tests" for part in view.parts if not part.tested)


def the_licence_is_spdx(view: View) -> Iterator[str]:
    for about in [view.section("about"), *(output.get("about") or {} for output in view.tree.get("outputs") or [])]:
        licence = about.get("license")
        if licence is None:
            continue
        if licence.lower() == "unknown":
            yield "R-007 unknown licence"
        if "license" in licence.lower() and not re.search("unlicense|licenseref|-license", licence.lower()):
            yield "R-010 the licence says `license`"
        known = get_spdx_licensing()
        try:
            keys = known.license_keys(licence)
        except ExpressionError:
            keys = [licence]
        spdx = {key for key, symbol in known.known_symbols.items() if not key.startswith("LicenseRef")}
        for key in keys:
            if key not in spdx and not re.fullmatch(r"LicenseRef[a-zA-Z0-9\-.]*", key):
                yield f"R-044 not SPDX: {key}"


def there_is_a_build_number(view: View) -> Iterator[str]:
    if view.section("build").get("number") is None:
        yield "R-008 no build number"


def requirements_in_order(view: View) -> Iterator[str]:
    for tree in [view.tree, *(view.tree.get("outputs") or [])]:
        keys = [key for key in tree.get("requirements") or {} if key in {"build", "host", "run"}]
        if keys != sorted(keys, key=["build", "host", "run"].index):
            yield f"R-009 requirements out of order: {keys}"


def one_empty_line_at_the_end(view: View) -> Iterator[str]:
    if view.text.endswith("\n\n"):
        yield "R-011 too many empty lines at the end"
    if not view.text.endswith("\n"):
        yield "R-012 no empty line at the end"


def names_and_versions_are_conda_s(view: View) -> Iterator[str]:
    names = [part.name for part in view.parts]
    names.append((view.section("recipe") or view.section("package")).get("name", ""))
    yield from (f"R-014 package name {name!r}" for name in names if not re.fullmatch(r"[a-z0-9_\-.]+", name))
    package = view.section("recipe") or view.section("package")
    version = str(view.section("context").get("version") if view.v1 else package.get("version"))
    if not package.get("version"):
        yield "R-015 no version"
    if not re.fullmatch(r"(?:\d+!)?[A-Za-z0-9][A-Za-z0-9_.]*(?:\+[A-Za-z0-9_.]+)?", version):
        yield f"R-016 version {version!r}"
    if not view.tree.get("outputs") and re.match(r"v\d", version):
        yield f"R-016 version {version!r} begins with v"


def subsections_are_known(view: View) -> Iterator[str]:
    if not view.v1:
        for section, allowed in SUBSECTIONS_V0.items():
            for tree in _many(view.tree.get(section)):
                yield from (f"R-018 {section}/{key}" for key in tree if key not in allowed)


def sources_are_hashed_and_from_the_usual_place(view: View) -> Iterator[str]:
    for source in view.sources:
        for url in _many(source.get("url")):
            if not re.fullmatch(r"[0-9a-f]{64}", str(source.get("sha256"))):
                yield f"R-019 no hash: {url}"
            if url.startswith("https://pypi.io/"):
                yield f"R-050 legacy URL {url}"
            if url.endswith(".whl"):
                yield f"R-028 a wheel as source: {url}"


def noarch_is_known_and_has_no_selectors(view: View) -> Iterator[str]:
    for part in view.parts:
        if part.noarch not in {None, "python", "generic"}:
            yield f"R-020 noarch {part.noarch}"
        if part.noarch is None or not view.v1:
            continue
        if "skip" in part.build_section:
            yield f"R1-002 {part.name} is noarch and skips"
        for key, conditions in part.conditions.items():
            words = {w for condition in conditions for w in condition.split() if w not in {"not", "and", "or"}}
            if conditions and not (view.noarch_platforms and (key not in {"host", "run"} or words <= PLATFORM_WORDS)):
                yield f"R1-002 {part.name} is noarch and {key} has {conditions}"


def noarch_v0_has_no_selectors(view: View) -> Iterator[str]:
    if view.v1 or len(view.parts) > 1 or view.parts[0].noarch is None:
        return
    allowed = frozenset(PLATFORM_WORDS) if view.noarch_platforms else frozenset()
    section = ""
    for line in view.lines:
        if re.fullmatch(r"\s*\w+:", line):
            section = line.strip()
        skips = line.strip().startswith("skip:") and _is_selector(line)
        if skips or (section in {"host:", "run:"} and _is_selector(line, allowed)):
            yield f"R0-004 {line.strip()}"


def requirements_are_spelled_name_space_spec(view: View) -> Iterator[str]:
    for part in view.parts:
        for line in [*part.build, *part.host, *part.run, *part.constraints, *part.test_needs]:
            words = re.sub(r"\$\{\{.*?\}\}", "X", line).split()
            if len(words) > 2 and words[1] in {"!=", "=", "==", ">", "<", "<=", ">="}:
                yield f"R-021 {line}"
            elif re.search("[<>=]", words[0]):
                yield f"R-022 {line}"
            elif len(words) > 3:
                yield f"R-048 {line}"


def languages_are_the_same_in_host_and_run(view: View) -> Iterator[str]:
    for part in view.parts:
        if part.noarch is not None or len(view.parts) > 1:
            continue
        host, run = ([line for line in lines if line.split()[0] == "python"] for lines in (part.host, part.run))
        if host and not run:
            yield "R-023 python in host, not in run"
        if any(line != "python" and re.match(r"python [<>]", line) for line in host + run):
            yield "R-024 python is constrained"


def jinja_is_tidy(view: View) -> Iterator[str]:
    pattern = r"\$\{\{(.*?)\}\}" if view.v1 else r"\{\{(.*?)\}\}"
    for line in view.lines:
        for expression in re.findall(pattern, line):
            if expression != f" {expression.strip()} ":
                yield f"R-025 {line.strip()}"
        if not view.v1 and SET_LINE.match(line) and not TIDY_SET_LINE.match(line):
            yield f"R0-005 {line}"


def selectors_are_tidy(view: View) -> Iterator[str]:
    for line in view.lines:
        if view.v1:
            match = SELECTOR.match(line.rstrip())
            if match and match[2] and not line.lstrip().startswith("#"):
                yield f"R1-001 {line.strip()}"
        elif _is_selector(line):
            if not TIDY_SELECTOR.match(line):
                yield f"R0-001 {line.strip()}"
            if re.search(r"#\s*\[.*?py\d{2,3}.*\]", line):
                yield f"R0-002 {line.strip()}"


def noarch_python_uses_python_min(view: View) -> Iterator[str]:
    value = r"\$\{\{ python_min \}\}\.\*" if view.v1 else "9999"
    at_least = r"\$\{\{ python_min \}\}" if view.v1 else "9999"
    for part in view.parts:
        if part.noarch == "python":
            if not any(re.match(r"python\b.+", line) for line in part.run):
                yield f"R-026 {part.name}: no lower bound of python"
            for key, lines, spec in (
                ("host", part.host, value),
                ("run", part.run, f">={at_least}"),
                ("tests", part.test_needs, value),
            ):
                if not any(re.match(rf"python {spec}(,|$)", line) for line in lines):
                    yield f"R-047 {part.name}: {key} has no python with python_min"


def python_min_is_only_set_where_it_is_higher(view: View) -> Iterator[str]:
    match = re.search(r"set python_min = \"([\d.]+)\"", view.text)
    declared = view.section("context").get("python_min") if view.v1 else match and match[1]
    if declared and [*map(int, declared.split("."))] <= [*map(int, view.python_min.split("."))]:
        yield f"R-052 python_min {declared}"


def noarch_python_is_tested_with_the_newest_python(view: View) -> Iterator[str]:
    if view.v1:
        for part in view.parts:
            capped = any(line.split()[0] == "python" and "<" in line for line in part.run)
            if part.noarch == "python" and not capped and any("*" not in versions for versions in part.python_tests):
                yield f"R1-004 {part.name}"


def pins_are_of_outputs(view: View) -> Iterator[str]:
    names = {part.name for part in view.parts}
    for part in view.parts:
        for line in part.host + part.run:
            match = re.search(r"pin_subpackage\('([^']+)'|^subpackage_pin (\S+)", line)
            if match and (match[1] or match[2]) not in names:
                yield f"R-027 {line}"


def compilers_bring_what_they_need(view: View) -> Iterator[str]:
    for part in view.parts:
        compilers = set(re.findall(r"compiler\('(\w+)'\)|(\w+)_compiler_stub", "\n".join(part.build)))
        languages = {one or other for one, other in compilers}
        stdlib = any(re.search(r"stdlib\('c'\)|^c_stdlib_stub$", line) for line in part.build)
        if languages & {"c", "cxx", "fortran", "rust"} and not stdlib:
            yield f"R-033 {part.name}: a compiler without stdlib"
        if "rust" in languages and "cargo-bundle-licenses" not in part.build:
            yield f"R-031 {part.name}: rust without cargo-bundle-licenses"
        if any(line.startswith("sysroot_linux") for line in part.build):
            yield f"R-034 {part.name}"
        if any(line.startswith("__osx >") for line in part.run + part.constraints):
            yield f"R-035 {part.name}"
        if "toolchain" in part.build:
            yield f"R0-006 {part.name}"
        if languages and part.noarch is not None:
            yield f"R-041 {part.name}: noarch with compilers"


def floats_are_quoted(view: View) -> Iterator[str]:
    def floats(value: Any, path: str) -> Iterator[str]:
        if isinstance(value, float):
            yield f"R-040 {path} is the number {value}"
        elif isinstance(value, dict):
            for key, child in value.items():
                yield from floats(child, f"{path}/{key}")
        elif isinstance(value, list):
            for child in value:
                yield from floats(child, path)

    yield from floats(view.tree, "")


def python_is_built_with_a_backend(view: View) -> Iterator[str]:
    for part in view.parts:
        names = [line.split()[0] for line in part.host or part.build]
        if "pip" in names and part.name not in BOOTSTRAPPING and not {n.replace("_", "-") for n in names} & BACKENDS:
            yield f"R-046 {part.name}: pip without a build backend"
        if "pip" in names and "python" not in names:
            yield f"R-046 {part.name}: pip without python"
        if any("setup.py install" in line for line in map(str, _many(part.build_section.get("script")))):
            yield f"R-049 {part.name}"


def the_feedstock_is_named(view: View) -> Iterator[str]:
    name = view.section("extra").get("feedstock-name") or ""
    if name.endswith("-feedstock"):
        yield f"R-039 feedstock-name {name}"


RULES: tuple[Rule, ...] = (
    sections_in_order,
    about_says_what_is_needed,
    maintainers_are_a_list,
    every_output_is_tested,
    the_licence_is_spdx,
    there_is_a_build_number,
    requirements_in_order,
    one_empty_line_at_the_end,
    names_and_versions_are_conda_s,
    subsections_are_known,
    sources_are_hashed_and_from_the_usual_place,
    noarch_is_known_and_has_no_selectors,
    noarch_v0_has_no_selectors,
    requirements_are_spelled_name_space_spec,
    languages_are_the_same_in_host_and_run,
    jinja_is_tidy,
    selectors_are_tidy,
    noarch_python_uses_python_min,
    python_min_is_only_set_where_it_is_higher,
    noarch_python_is_tested_with_the_newest_python,
    pins_are_of_outputs,
    compilers_bring_what_they_need,
    floats_are_quoted,
    python_is_built_with_a_backend,
    the_feedstock_is_named,
)
