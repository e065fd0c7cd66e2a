"""A recipe as meta.yaml, format v0 (conda-build), in conda-forge's order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from dirac_forge.recipe.model import About, Output, Recipe, Requirement, Source, When
from dirac_forge.recipe.writing import wording
from dirac_forge.recipe.writing.blocks import Lines, entry, items, nested, sections, text_of
from dirac_forge.recipe.writing.scalars import V0, sanitised

_NUMBER: Final = re.compile(r"\d+(?:\.\d*)?")
"""A version without a second dot."""


def write(recipe: Recipe) -> str:
    """Return the text of meta.yaml.

    With several outputs their own sources are next to each other, each in a folder of its output's name, because
    conda-build has no source by output; scripts and licence files follow into the folder. Shared sources need none.

    Raises:
        InputError: a name, version or path in the recipe cannot be valid.
    """
    wording.check(recipe)
    flat = len(recipe.outputs) == 1
    name = recipe.outputs[0].name if flat else _top_name(recipe)
    variables = {"name": name, "version": recipe.version, **recipe.context}
    head = [
        *wording.todo_lines(recipe, V0),
        *(f"{{% set {key} = {V0.quoted(value)} %}}" for key, value in variables.items()),
    ]
    version = recipe.outputs[0].version if flat else None
    scalar = V0.quoted(version) if version else _version(recipe.version)
    package = nested("package", [*entry("name", V0.variable("name")), *entry("version", scalar)])
    return text_of(sections(head, package, *(_flat(recipe) if flat else _several(recipe)), _extra(recipe, name)))


def _version(version: str) -> str:
    """Return the variable, in quotes where YAML would read its value as a number: `1.10` is not 1.1."""
    variable = V0.variable("version")
    return f'"{variable}"' if _NUMBER.fullmatch(version) else variable


def _top_name(recipe: Recipe) -> str:
    """Return a name for the top level: conda-build takes its requirements for an output of the same name."""
    taken = {output.name for output in recipe.outputs}
    return f"{recipe.feedstock}-split" if recipe.feedstock in taken else recipe.feedstock


def _flat(recipe: Recipe) -> list[Lines]:
    (output,) = recipe.outputs
    return [
        nested("source", _sources([_source(source) for source in output.sources])),
        nested("build", [*entry("number", str(recipe.build_number)), *_build(output, folder=None)]),
        nested("requirements", _requirements(output)),
        nested("test", _test(output)),
        nested("about", _about(output.about, folder=None)),
    ]


def _several(recipe: Recipe) -> list[Lines]:
    sources = [_source(source) for source in recipe.sources]
    sources += [
        [*_source(source), *entry("folder", output.name)] for output in recipe.outputs for source in output.sources
    ]
    outputs = [_output(output) for output in recipe.outputs]
    with_file = (output.name for output in recipe.outputs if output.about.license_files and output.sources)
    return [
        nested("source", _sources(sources)),
        nested("build", entry("number", str(recipe.build_number))),
        nested("outputs", sections(*(items([output]) for output in outputs))),
        nested("about", _about(recipe.about, folder=next(with_file, None))),
    ]


def _output(output: Output) -> Lines:
    folder = output.name if output.sources else None
    return [
        *entry("name", output.name),
        *(entry("version", V0.quoted(output.version)) if output.version else []),
        *nested("build", _build(output, folder=folder)),
        *nested("requirements", _requirements(output)),
        *nested("test", _test(output)),
        *nested("about", _about(output.about, folder=folder)),
    ]


def _sources(blocks: list[Lines]) -> Lines:
    return blocks[0] if len(blocks) == 1 else items(blocks)


def _source(source: Source) -> Lines:
    if source.path is not None:
        return [*wording.source_comments(source, V0), *entry("path", V0.literal(source.path))]
    lines = [*wording.source_comments(source, V0), *entry("url", V0.template(sanitised(source.url, 2048)))]
    if source.file_name:
        lines += entry("fn", V0.template(sanitised(source.file_name)))
    return lines + (entry("sha256", source.sha256) if source.sha256 else [f"# {wording.SHA256_MISSING}"])


def _build(output: Output, folder: str | None) -> Lines:
    lines: Lines = []
    if output.noarch:
        lines += entry("noarch", output.noarch)
    if output.skip:
        lines += [f"skip: true  # [{' or '.join(_alternative(when.v0, output) for when in output.skip)}]"]
    if output.version_independent:
        lines += [f"python_version_independent: true  # [{output.version_independent.v0}]"]
    lines += nested("script_env", items([V0.template(f"{key}={value}")] for key, value in output.script_env.items()))
    commands = wording.script_lines(output)
    lines += _one_or_more(
        "script", [V0.template(line) for line in ([f"cd {folder}"] if folder and commands else []) + commands]
    )
    return lines + nested("entry_points", items([V0.literal(line)] for line in output.entry_points))


def _alternative(selector: str, output: Output) -> str:
    return f"({selector})" if " and " in selector and len(output.skip) > 1 else selector


def _requirements(output: Output) -> Lines:
    lists = {
        "build": output.build,
        "host": output.host,
        "run": output.run,
        "run_constrained": output.run_constraints,
    }
    return [line for key, lines in lists.items() for line in nested(key, _requirement_list(lines))]


def _requirement_list(requirements: Iterable[Requirement]) -> Lines:
    return items(
        [
            *([f"# {V0.comment(line.comment)}"] if line.comment else []),
            wording.requirement(line, V0) + _selector(line.when),
        ]
        for line in requirements
    )


def _selector(when: When | None) -> str:
    return f"  # [{when.v0}]" if when else ""


def _test(output: Output) -> Lines:
    test = output.test
    imports = items([V0.literal(module)] for module in test.imports)
    commands = items([*([["pip check"]] if test.pip_check else []), *([V0.template(line)] for line in test.commands)])
    needs = [["pip"]] if test.pip_check else []
    if output.noarch == "python" and (imports or commands):
        needs.append([V0.template("python @{python_min}")])
    return [*nested("imports", imports), *nested("commands", commands), *nested("requires", items(needs))]


def _about(about: About, folder: str | None) -> Lines:
    lines = entry("home", V0.literal(sanitised(about.homepage, 2048))) if about.homepage else []
    lines += (
        entry("license", V0.literal(sanitised(about.license))) if about.license else [f"# {wording.LICENSE_MISSING}"]
    )
    files = [f"{folder}/{path}" if folder else path for path in about.license_files]
    lines += _one_or_more("license_file", [V0.template(sanitised(path)) for path in files]) or [
        wording.licence_file_missing(about)
    ]
    if about.summary:
        lines += entry("summary", V0.literal(sanitised(about.summary)))
    for key, url in (("doc_url", about.documentation), ("dev_url", about.repository)):
        if url:
            lines += entry(key, V0.literal(sanitised(url, 2048)))
    return lines


def _one_or_more(key: str, scalars: list[str]) -> Lines:
    """Return the lines of a key; a single scalar is on the line of its key."""
    return entry(key, scalars[0]) if len(scalars) == 1 else nested(key, items([scalar] for scalar in scalars))


def _extra(recipe: Recipe, name: str) -> Lines:
    lines = entry("feedstock-name", feedstock) if (feedstock := wording.feedstock_name(recipe, name)) else []
    return nested("extra", lines + wording.maintainers(recipe, V0))
