"""The workspace: a folder with `feedstocks/` and `migrations/`."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from dirac_forge.errors import InputError
from dirac_forge.feedstock.archived import read_archived
from dirac_forge.files import read_bytes, read_text, unreadable
from dirac_forge.recipe.reading.recipe_text import CONFIGURATIONS, RECIPE_NAMES, RecipeError, find_recipe, second_recipe
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from dirac_forge.feedstock.variants import VariantRecipe

_MAX_FILE = 4_000_000
_MAX_BESIDE = 200_000
_MOST_BESIDE = 200
_QUOTING = frozenset({".diff", ".patch"})


@dataclass(frozen=True)
class FeedstockFolder:
    """A feedstock, or one of its release lines, as it lies in a workspace."""

    name: str
    path: Path
    branch: str | None = None
    """The release line of a folder named `<name>@<branch>`; None for the default branch."""
    given: Mapping[str, str] | None = None
    """Its files where they are at hand, as `texts` has them, but exact: a repository's, of which there is no folder."""
    patches: Mapping[str, str] = field(default_factory=dict)
    """Where its files are `given`: the patches next to its recipe, path to text."""
    others: Mapping[str, str] = field(default_factory=dict)
    """Where its files are `given`: the other files in the recipe's folder, path to text."""

    @property
    def label(self) -> str:
        """The name, with the release line: `dirac-grid@v8.0.x`."""
        return f"{self.name}@{self.branch.replace('/', '-')}" if self.branch else self.name

    @property
    def recipe_path(self) -> Path:
        """The recipe's file. Raises RecipeError if there is none."""
        if self.given is not None:
            return self.path / next(iter(self.given))
        if self.path.is_file():
            return self.path
        found = find_recipe(self.path)
        if found is None:
            raise RecipeError("there is neither recipe/recipe.yaml nor recipe/meta.yaml", path=self.path)
        return found

    @property
    def second_recipe(self) -> str:
        """The recipe of the other format next to the one that is read, as messages name it; "" if there is none."""
        try:
            recipe = self.recipe_path
        except RecipeError:
            return ""
        if self.given is not None:
            names = {recipe.with_name(name).relative_to(self.path).as_posix() for name in RECIPE_NAMES}
            return next((path for path in self.others if path in names), "")
        second = second_recipe(recipe)
        return "" if second is None else self.shown(second)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know of its files before anything is decided by them."""
        second = self.second_recipe
        if not second:
            return ()
        read = f"{self.label}: two recipes: {self.shown(self.recipe_path)} is read, {second} is not"
        return (f"{read} (conda_build_tool in conda-forge.yml decides which is built)",)

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """The files that decide what is built, path (relative to the feedstock) to text; the recipe goes first.

        Raises RecipeError if there is no recipe, or a file can't be read.
        """
        if self.given is not None:
            return {path: text.replace("\r\n", "\n") for path, text in self.given.items()}
        recipe = self.recipe_path
        paths = [recipe, *(recipe.parent / name for name in CONFIGURATIONS)]
        if not self.path.is_file():
            support = self.path / ".ci_support"
            paths += [self.path / "conda-forge.yml"]
            if support.is_dir():
                paths += sorted(support.glob("*.yaml")) + sorted((support / "migrations").glob("*.y*ml"))
        return {self.shown(path): _text(path) for path in paths if path == recipe or path.is_file()}

    @property
    def readable_texts(self) -> Mapping[str, str]:
        """The same, nothing if a file can't be read: for whoever looks at many feedstocks and asks for none of them."""
        try:
            return self.texts
        except RecipeError:
            return {}

    def exact_recipe(self) -> tuple[str, str]:
        """Return the recipe's path in the feedstock and its text, carriage returns and all. Raises RecipeError."""
        path = self.shown(self.recipe_path)
        text = self.texts[path]  # which says what is wrong with a file that can't be read
        if self.given is not None:
            return path, self.given[path]
        exact = read_bytes(self.recipe_path).decode("utf-8")
        return path, exact if "\r" in exact else text

    def shown(self, path: Path) -> str:
        """Return a path as messages about this feedstock name it."""
        root = self.path.parent if self.path.is_file() else self.path
        return path.relative_to(root).as_posix()

    @cached_property
    def beside(self) -> Mapping[str, str]:
        """The other text files in the recipe's folder, such as build.sh: path (as in `texts`) to text.

        Patches are not among them, since what they quote is upstream's. At most 200 files.
        """
        if self.path.is_file():
            return {}
        if self.given is not None:
            return dict(islice(sorted(self.others.items()), _MOST_BESIDE))
        found: dict[str, str] = {}
        for path in islice(sorted(self.recipe_path.parent.iterdir()), _MOST_BESIDE):
            if path.suffix in _QUOTING or self.shown(path) in self.texts or path.is_symlink():
                continue
            with suppress(OSError, UnicodeDecodeError):  # a folder, or not a text
                found[self.shown(path)] = read_bytes(path, most=_MAX_BESIDE).decode("utf-8")
        return found

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that decides what is built, in hexadecimal. Raises RecipeError."""
        digest = hashlib.sha256()
        for path, text in self.texts.items():
            for part in (path, text):
                raw = part.encode()
                digest.update(len(raw).to_bytes(8, "big"))
                digest.update(raw)
        return digest.hexdigest()

    def read(self) -> VariantRecipe:
        """Return the recipe with the files next to it. Raises RecipeError and ForgeConfigError."""
        # To find feedstocks costs nothing; what reads them takes a tenth of a second to load.
        from dirac_forge.feedstock.read_recipe import recipe_of  # noqa: PLC0415

        return recipe_of(self.texts, root=self.path)


@dataclass(frozen=True)
class Workspace:
    """The feedstocks of a workspace, by name, and its release lines."""

    root: Path
    feedstocks: Mapping[str, FeedstockFolder] = field(default_factory=dict)
    lines: tuple[FeedstockFolder, ...] = ()
    """Release lines: folders named `<name>@<branch>`."""
    archived: frozenset[str] = frozenset()
    """Feedstocks whose repository is archived."""

    def __iter__(self) -> Iterator[FeedstockFolder]:
        """Yield the feedstocks by name."""
        return iter(self.feedstocks.values())

    @cached_property
    def by_label(self) -> Mapping[str, FeedstockFolder]:
        """The feedstocks and their release lines."""
        return {folder.label: folder for folder in (*self.feedstocks.values(), *self.lines)}

    def find(self, name: str) -> FeedstockFolder:
        """Return a feedstock by name, or by the path of its folder or recipe file.

        Raises InputError if there is none, with the nearest names.
        """
        name = _name_in_url(name)
        if name in self.by_label:
            return self.by_label[name]
        path = Path(name)
        if path.is_file() or (path.is_dir() and find_recipe(path) is not None):
            return FeedstockFolder(_feedstock_of(path.resolve()).partition("@")[0].removesuffix("-feedstock"), path)
        if "/" in name or os.sep in name or (path.is_dir() and not self._near(name)):
            what = "this folder has no recipe" if path.is_dir() else "there is no such folder or recipe"
            hint = "Give a folder with recipe/recipe.yaml or recipe/meta.yaml, or the name of a feedstock."
            raise InputError(f"{name}: {what}", hint=hint)
        raise InputError(f"there is no feedstock {name} in {self.root / 'feedstocks'}", hint=self._nearest(name))

    def find_all(self, names: Iterable[str]) -> list[FeedstockFolder]:
        """Return feedstocks as `find` does, each once; a folder without a recipe stands for the feedstocks in it.

        Raises InputError if there is none.
        """
        found: dict[Path, FeedstockFolder] = {}
        for folder in (each for name in names for each in self._in(name) or [self.find(name)]):
            found.setdefault(folder.path.resolve(), folder)
        return list(found.values())

    def _in(self, name: str) -> list[FeedstockFolder]:
        """Return the feedstocks in a folder that is none itself, without their release lines."""
        path = Path(name)
        if name in self.by_label or not path.is_dir() or find_recipe(path) is not None:
            return []
        return [self.find(str(each)) for each in feedstocks_in(path)]

    def _nearest(self, name: str) -> str:
        """Return a hint with the feedstocks that may be meant."""
        near = self._near(name)
        return f"Did you mean {' or '.join(near)}?" if near else "`dirac-forge sync NAME` fetches one."

    def _near(self, name: str) -> list[str]:
        """Return up to three feedstocks that may be meant."""
        near = difflib.get_close_matches(name, self.feedstocks, n=3, cutoff=0.6)
        return [*near, *sorted(other for other in self.feedstocks if name in other and other not in near)][:3]

    def making(self, package: str) -> FeedstockFolder | None:
        """Return the feedstock that makes a package: the one of its name, else one whose recipe has such an output."""
        if package in self.feedstocks:
            return self.feedstocks[package]
        named = re.compile(rf"^[\s-]*name:[ \t]*[\"']?{re.escape(package)}[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)
        return next((folder for folder in self if any(map(named.search, _recipe_text(folder)))), None)


def feedstocks_in(folder: Path) -> list[Path]:
    """Return the folders in a folder that have a recipe, by name; release lines (`NAME@BRANCH`) aside."""
    paths = sorted(each for each in folder.iterdir() if not each.name.startswith(".") and "@" not in each.name)
    return [each for each in paths if each.is_dir() and find_recipe(each) is not None]


def _feedstock_of(path: Path) -> str:
    """Return the name of the folder of a feedstock, also for the recipe file in it."""
    folder = path.parent if path.is_file() else path
    return folder.parent.name if folder.name == "recipe" and folder != path else folder.name


def _recipe_text(folder: FeedstockFolder) -> tuple[str, ...]:
    """Return the recipe's text, nothing if it can't be read."""
    return tuple(folder.readable_texts.values())[:1]


def _name_in_url(text: str) -> str:
    """Return the feedstock that the URL of a repository (`…/NAME-feedstock`) names, else the text."""
    found = re.fullmatch(r"https?://[^/]+/[^/]+/([\w.-]+?)-feedstock(?:\.git)?(?:/.*)?", text)
    return found[1] if found is not None else text


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def read_workspace(root: Path) -> Workspace:
    """Return the workspace in `root`; one without `feedstocks/` is empty. Folders may be symbolic links."""
    feedstocks: dict[str, FeedstockFolder] = {}
    lines: list[FeedstockFolder] = []
    folder = root / "feedstocks"
    with os.scandir(folder) if folder.is_dir() else nullcontext(()) as entries:
        names = sorted(entry.name for entry in entries if not entry.name.startswith(".") and _is_folder(entry))
    for called in names:
        path = folder / called
        name, _, branch = called.partition("@")
        if branch:
            lines.append(FeedstockFolder(name, path, branch))
        else:
            feedstocks[name.removesuffix("-feedstock")] = FeedstockFolder(name.removesuffix("-feedstock"), path)
    return Workspace(root, feedstocks, tuple(lines), read_archived(folder))


def _text(path: Path) -> str:
    if path.is_symlink():
        raise RecipeError("it is a symbolic link, which is neither read nor written", path=path)
    try:
        if path.stat().st_size > _MAX_FILE:
            raise RecipeError("the file exceeds the size limit for recipes", path=path)
        return read_text(path)
    except (OSError, UnicodeDecodeError) as exc:
        raise RecipeError(f"can't be read: {unreadable(exc)}", path=path) from exc
