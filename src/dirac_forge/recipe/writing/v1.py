"""A recipe as recipe.yaml, format v1 (CEP 13 and 14), in conda-forge's order."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from dirac_forge.recipe.model import About, Output, Recipe, Requirement, Source
from dirac_forge.recipe.writing import wording
from dirac_forge.recipe.writing.blocks import Lines, entry, items, nested, sections, text_of
from dirac_forge.recipe.writing.scalars import V1, sanitised


def write(recipe: Recipe) -> str:
    """Return the text of recipe.yaml: flat for one output, `recipe` and `outputs` for several.

    Raises:
        InputError: a name, version or path in the recipe cannot be valid.
    """
    wording.check(recipe)
    context = entry("version", V1.quoted(recipe.version))
    for name, value in recipe.context.items():
        context += entry(name, V1.quoted(value))
    head = [*wording.todo_lines(recipe, V1), *entry("schema_version", "1")]
    parts = _flat(recipe) if len(recipe.outputs) == 1 else _several(recipe)
    return text_of(sections(head, nested("context", context), *parts, _extra(recipe)))


def _flat(recipe: Recipe) -> list[Lines]:
    (output,) = recipe.outputs
    return [
        _package("package", output.name, output.version),
        nested("source", _sources(output.sources)),
        nested("build", [*entry("number", str(recipe.build_number)), *_build(output)]),
        nested("requirements", _requirements(output)),
        nested("tests", _tests(output)),
        nested("about", _about(output.about)),
    ]


def _several(recipe: Recipe) -> list[Lines]:
    outputs = [
        sections(
            nested("package", [*entry("name", output.name), *_own_version(output)]),
            nested("source", _sources(output.sources)),
            nested("build", _build(output)),
            nested("requirements", _requirements(output)),
            nested("tests", _tests(output)),
            nested("about", _about_difference(output.about, recipe.about)),
        )
        for output in recipe.outputs
    ]
    return [
        _package("recipe", recipe.feedstock),
        nested("source", _sources(recipe.sources)),
        nested("build", entry("number", str(recipe.build_number))),
        nested("outputs", sections(*(items([output]) for output in outputs))),
        nested("about", _about(recipe.about)),
    ]


def _package(key: str, name: str, version: str | None = None) -> Lines:
    scalar = V1.quoted(version) if version else V1.variable("version")
    return nested(key, [*entry("name", name), *entry("version", scalar)])


def _own_version(output: Output) -> Lines:
    """Write an output's version if it is not the recipe's, which outputs inherit."""
    return entry("version", V1.quoted(output.version)) if output.version else []


def _sources(sources: tuple[Source, ...]) -> Lines:
    blocks = [_source(source) for source in sources]
    return blocks[0] if len(blocks) == 1 else items(blocks)


def _source(source: Source) -> Lines:
    if source.path is not None:
        return [*wording.source_comments(source, V1), *entry("path", V1.literal(source.path))]
    lines = [*wording.source_comments(source, V1), *entry("url", V1.template(sanitised(source.url, 2048)))]
    lines += entry("sha256", source.sha256) if source.sha256 else [f"# {wording.SHA256_MISSING}"]
    if source.file_name:
        lines += entry("file_name", V1.template(sanitised(source.file_name)))
    return lines


def _build(output: Output) -> Lines:
    lines: Lines = []
    if output.noarch:
        lines += entry("noarch", output.noarch)
    script = [V1.template(line) for line in wording.script_lines(output)]
    if output.script_env:
        variables = [line for key, value in output.script_env.items() for line in entry(key, V1.template(value))]
        lines += nested("script", [*nested("env", variables), *_one_or_more("content", script)])
    else:
        lines += _one_or_more("script", script)
    lines += _one_or_more("skip", [V1.literal(when.v1) for when in output.skip])
    scripts = items([V1.literal(line)] for line in output.entry_points)
    python = nested("entry_points", scripts)
    if output.version_independent:
        python += entry("version_independent", V1.variable(output.version_independent.v1))
    return [*lines, *nested("python", python)]


def _requirements(output: Output) -> Lines:
    lists = {
        "build": output.build,
        "host": output.host,
        "run": output.run,
        "run_constraints": output.run_constraints,
    }
    return [line for key, lines in lists.items() for line in nested(key, _requirement_list(lines))]


def _requirement_list(requirements: Iterable[Requirement]) -> Lines:
    """Write requirements; neighbours under the same condition share one `if`."""
    lines: Lines = []
    for when, group in groupby(requirements, key=lambda line: line.when):
        blocks = [
            [*([f"# {V1.comment(line.comment)}"] if line.comment else []), wording.requirement(line, V1)]
            for line in group
        ]
        if when is None:
            lines += items(blocks)
        elif len(blocks) == 1:
            *comments, scalar = blocks[0]
            lines += items([[*comments, *entry("if", V1.literal(when.v1)), *entry("then", scalar)]])
        else:
            lines += items([[*entry("if", V1.literal(when.v1)), *nested("then", items(blocks))]])
    return lines


def _tests(output: Output) -> Lines:
    test, blocks = output.test, []
    commands = [[V1.template(line)] for line in test.commands]
    minimum = V1.variable("python_min") + ".*"
    if test.imports:
        python = nested("imports", items([V1.literal(module)] for module in test.imports))
        python += entry("pip_check", "true" if test.pip_check else "false")
        if output.noarch == "python":
            # The linter asks for both ends of the range; `"*"` is the newest Python there is.
            python += _one_or_more("python_version", [minimum] if wording.capped(output) else [minimum, '"*"'])
        blocks.append(nested("python", python))
    elif test.pip_check:
        needs = items([["pip"], *([[f"python {minimum}"]] if output.noarch == "python" else [])])
        blocks.append(
            [*nested("requirements", nested("run", needs)), *nested("script", items([["pip check"], *commands]))]
        )
        commands = []
    if commands:
        blocks.append(nested("script", items(commands)))
    return items(blocks)


def _about(about: About) -> Lines:
    lines = (
        entry("license", V1.literal(sanitised(about.license))) if about.license else [f"# {wording.LICENSE_MISSING}"]
    )
    files = [V1.template(sanitised(path)) for path in about.license_files]
    lines += _one_or_more("license_file", files) or [wording.licence_file_missing(about)]
    return lines + _about_texts(about)


def _about_texts(about: About) -> Lines:
    lines = entry("summary", V1.literal(sanitised(about.summary))) if about.summary else []
    for key, url in (
        ("homepage", about.homepage),
        ("repository", about.repository),
        ("documentation", about.documentation),
    ):
        if url:
            lines += entry(key, V1.literal(sanitised(url, 2048)))
    return lines


def _about_difference(about: About, common: About) -> Lines:
    """Return what is not inherited from the recipe's own `about`, key by key."""
    if about == common:
        return []
    lines: Lines = []
    whole, inherited = _entries(_about(about)), _entries(_about(common))
    for block in whole:
        if block not in inherited:
            lines += block
    return lines


def _entries(lines: Lines) -> list[Lines]:
    """Return the lines of a mapping, one block for each of its keys (or comments)."""
    blocks: list[Lines] = []
    for line in lines:
        if line.startswith(" "):
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return blocks


def _one_or_more(key: str, scalars: list[str]) -> Lines:
    """Return the lines of a key; a single scalar is on the line of its key."""
    return entry(key, scalars[0]) if len(scalars) == 1 else nested(key, items([scalar] for scalar in scalars))


def _extra(recipe: Recipe) -> Lines:
    name = recipe.feedstock if len(recipe.outputs) > 1 else recipe.outputs[0].name
    lines = entry("feedstock-name", feedstock) if (feedstock := wording.feedstock_name(recipe, name)) else []
    return nested("extra", lines + wording.maintainers(recipe, V1))
