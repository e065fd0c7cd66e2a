"""Mistakes that a recipe's text shows by itself, though it can be read: a build would refuse it, or mean another thing.

What only a rendered recipe shows is in `check/recipe_mistakes.py`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator

from dirac_forge.recipe.licences.names import normalised
from dirac_forge.recipe.reading.functions import called_languages
from dirac_forge.recipe.reading.recipe_text import Mistake, RecipeError, RecipeText
from dirac_forge.recipe.reading.schema import NO_HASH, mappings, sources_without_hash, upper_names
from dirac_forge.recipe.reading.selectors import SELECTOR_FUNCTIONS, selector_names, selector_of
from dirac_forge.recipe.reading.v0 import RecipeV0
from dirac_forge.recipe.reading.values import EvaluationError
from dirac_forge.recipe.reading.yamlnodes import Node, ScalarNode, compose, line_of, pairs, scalar

_OLD_TEMPLATE = re.compile(r"(?<![${])\{\{-?\s*([A-Za-z_]\w*)")
_ENVIRONMENT = re.compile(r"[A-Z][A-Z0-9_]*")
"""The variables of the build's environment are given to templates too (`PYTHON`, `SRC_DIR`)."""
_SYSTEMS = frozenset(
    {
        *("win", "linux", "osx", "unix", "win64", "win32", "linux64", "linux32", "py", "py2k", "py3k", "x86_64"),
        *("aarch64", "arm64", "ppc64le", "build_platform", "target_platform"),
    }
)
_NEAR = 0.75
_NEAR_LANGUAGE = 0.65
"""Names of languages are short: `cxy` is nearly `cxx`."""
_NOWHERE = "neither the recipe, a file next to it nor the pinning defines it"
_UNCLOSED = re.compile(r"#\s*\[(?P<selector>[^\[\]]+)$")
_WORDS = re.compile(r"[A-Za-z_]\w*")
_OPERATORS = frozenset({"and", "or", "not"})


def written_mistakes(
    recipe: RecipeText, configured: Collection[str] = (), asked: Collection[int] = (), *, pinned: bool = False
) -> tuple[Mistake, ...]:
    """Return what is wrong in the text of a recipe, in the order of its lines.

    Args:
        recipe: of either format.
        configured: the keys of the pinning and of the files next to the recipe.
        asked: lines that ask a person for what is missing: it is known that it is.
        pinned: whether `configured` has the keys of the pinning: then nothing defines another name.

    Raises:
        RecipeError: it can't be read at all.
    """
    own = _of_v1(recipe) if recipe.format == "v1" else _of_v0(recipe)
    asked_below = {line - below for line in asked for below in (1, 2)}
    own = (each for each in own if not (each.problem == NO_HASH and each.line in asked_below))
    found = [*recipe.unbuildable, *_undefined(recipe, configured, pinned=pinned), *own]
    return tuple(sorted(dict.fromkeys(found), key=lambda each: each.line))


def refuse_unbuildable(recipe: RecipeText) -> None:
    """Raise RecipeError for the first key or value that a build refuses: what is read without it proves nothing."""
    for mistake in recipe.unbuildable:
        raise RecipeError(mistake.problem, path=recipe.path, line=mistake.line)


def undefined_names(recipe: RecipeText, configured: Collection[str]) -> dict[str, int]:
    """Return the names that templates and selectors read and nothing defines, each with the first line that reads it.

    `configured` are the keys of the pinning and of the files next to the recipe. Raises RecipeError.
    """
    read, own = recipe.definitions
    # What the template sets is not defined in selectors.
    undefined = (read - own) | (_names_in_selectors(recipe.text) if recipe.format == "v0" else frozenset())
    names = sorted(undefined - recipe.given - set(configured))
    return {name: _first_line(recipe.text, name) for name in names if _ENVIRONMENT.fullmatch(name) is None}


def _names_in_selectors(text: str) -> frozenset[str]:
    """Return the names in the selectors of a meta.yaml; of brackets that are not an expression, none."""
    selectors = (selector_of(line)[1] for line in text.splitlines() if "#" in line)
    names = (name for selector in selectors if selector is not None for name in selector_names(selector))
    return frozenset(name for name in names if name.isidentifier() and name not in SELECTOR_FUNCTIONS)


def unpinned_languages(recipe: RecipeText, configured: Collection[str]) -> dict[str, int]:
    """Return the keys of the pinning that calls of `compiler` and `stdlib` read and nothing defines, with their lines.

    Such a call is not wrong: `compiler("clang_bootstrap")` is then the package `clang_bootstrap_linux-64`.
    """
    calls = {f"{language}_{function}": language for function, language in called_languages(recipe.text)}
    return {key: _first_line(recipe.text, name) for key, name in calls.items() if key not in configured}


def _undefined(recipe: RecipeText, configured: Collection[str], *, pinned: bool) -> Iterator[Mistake]:
    """Yield the undefined names: without a pinning, those that are nearly one which is defined."""
    _, own = recipe.definitions
    known = own | recipe.given | (set(configured) if pinned else set())
    for name, line in undefined_names(recipe, configured).items():
        alike = difflib.get_close_matches(name, known, n=3, cutoff=_NEAR)
        near = [each for each in alike if _is_typo(name, each)]
        if near:
            yield Mistake(f"{name} is not defined; is {near[0]} meant?", line)
        elif recipe.format == "v1" and re.search(rf"\{{\{{-?\s*{name}\(", recipe.text):
            yield Mistake(f"{name} is not a function of recipe.yaml", line)
        elif pinned:
            yield Mistake(f"{name} is not defined: {_NOWHERE}", line)
    yield from _misspelt_languages(recipe, configured) if pinned else ()


def _misspelt_languages(recipe: RecipeText, configured: Collection[str]) -> Iterator[Mistake]:
    """Yield the calls of `compiler` and `stdlib` whose argument is nearly one that the pinning has."""
    for key, line in unpinned_languages(recipe, configured).items():
        language, _, function = key.rpartition("_")
        there = {each.removesuffix(f"_{function}") for each in configured if each.endswith(f"_{function}")}
        near = difflib.get_close_matches(language, there, n=1, cutoff=_NEAR_LANGUAGE)
        if near:
            yield Mistake(f'{function}("{language}"): {key} is not defined; is "{near[0]}" meant?', line)


def _is_typo(name: str, meant: str) -> bool:
    """Whether two names differ by letters only; with another word or number it may be a key of a pinning."""
    pair = [(each.split("_"), re.findall(r"\d+", each)) for each in (name, meant)]
    (words, numbers), (others, other_numbers) = pair
    if len(words) != len(others) or numbers != other_numbers:
        return False
    ratios = (difflib.SequenceMatcher(None, *two).ratio() for two in zip(words, others, strict=True))
    return all(ratio >= _NEAR for ratio in ratios)


def _first_line(text: str, name: str) -> int:
    """Return the first line with a name, in its text, else in its selector; 0 if there is none."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    lines = text.splitlines()
    places = ([line.partition(" #")[0] for line in lines], [selector_of(line)[1] or "" for line in lines])
    return next((number for each in places for number, part in enumerate(each, start=1) if word.search(part)), 0)


def _of_v0(recipe: RecipeText) -> Iterator[Mistake]:
    if isinstance(recipe, RecipeV0):
        yield from recipe.unknown_keys
    for number, line in enumerate(recipe.text.splitlines(), start=1):
        match = _UNCLOSED.search(line)
        behind_text = match is not None and line[: match.start()].strip()
        words = set(_WORDS.findall(match["selector"])) if match is not None and behind_text else set()
        if words & _SYSTEMS and words <= _SYSTEMS | _OPERATORS:
            yield Mistake("the selector has no closing bracket, and selects nothing", number)


def _of_v1(recipe: RecipeText) -> Iterator[Mistake]:
    root = compose(recipe.text)
    _, own = recipe.definitions
    for number, line in enumerate(recipe.text.splitlines(), start=1):
        if (old := _OLD_TEMPLATE.search(line)) and old[1] in own | recipe.given:
            yield Mistake(f"{{{{ {old[1]} }}}} is text in recipe.yaml; write ${{{{ {old[1]} }}}}", number)
        if _is_selector(line):
            yield Mistake("a selector in a comment selects nothing in recipe.yaml; write if: and then:", number)
    yield from sources_without_hash(root, line_of)
    yield from upper_names(root, line_of)
    yield from _maintainers(root)
    yield from _licences(root)


def _is_selector(line: str) -> bool:
    """Whether a line ends in `# [linux and not aarch64]`; other words in brackets are a person's."""
    comment = line.rpartition("#")[2].strip()
    if not line.rpartition("#")[1] or line.lstrip().startswith("#"):
        return False
    if not (comment.startswith("[") and comment.endswith("]")):
        return False
    _, selector = selector_of(line)
    try:
        names = selector_names(selector) if selector is not None else frozenset()
    except EvaluationError:
        return False
    return bool(names) and names <= _SYSTEMS


def _maintainers(root: Node | None) -> Iterator[Mistake]:
    extra = next((value for key, _, value in pairs(root) if key == "extra"), None)
    for key, place, value in pairs(extra):
        if key == "recipe-maintainers" and isinstance(value, ScalarNode) and scalar(value) is not None:
            yield Mistake("recipe-maintainers: expected a list", line_of(place))


def _licences(root: Node | None) -> Iterator[Mistake]:
    for node in mappings(root):
        about = next((value for key, _, value in pairs(node) if key == "about"), None)
        for key, place, value in pairs(about):
            text = scalar(value) if key == "license" else None
            if text is not None and "${{" not in text and normalised(text) is None:
                hint = "write an SPDX expression, or LicenseRef-NAME for another licence"
                yield Mistake(f"license: {text[:100]!r} is not known to SPDX; {hint}", line_of(place))
