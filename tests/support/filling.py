"""Values of any type that is annotated, with the same foreign text in every place of theirs that holds text."""

from __future__ import annotations

import ast
import dataclasses
import enum
import importlib
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import rattler
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from pydantic import BaseModel
from rattler.package import BuildString
from rich.text import Text

from dirac_forge.upstream.files.requirements import DeclaredRequirement

__all__ = ["Filler", "hints_of"]

_MOMENT = datetime(2026, 1, 2, tzinfo=UTC)


class Filler:
    """Makes values with `text` in each text; `turn` chooses among the arms of unions and the members of enums."""

    def __init__(self, text: str, turn: int = 0, known: Mapping[str, object] | None = None) -> None:
        """`known`: `Class.field` to what has to stand there."""
        self.text = text
        self.turn = turn
        self._known = known or {}
        self._open: list[object] = []
        self._plain: dict[object, Callable[[], object]] = {
            str: lambda: text,
            object: lambda: text,
            Any: lambda: text,
            bytes: text.encode,
            int: lambda: 1 + turn,
            float: lambda: 1.0 + turn,
            bool: lambda: turn % 2 == 0,
            type(None): lambda: None,
            Path: lambda: Path(text),
            datetime: lambda: _MOMENT,
            date: _MOMENT.date,
            timedelta: lambda: timedelta(hours=1),
            Version: lambda: Version("1.0"),
            SpecifierSet: lambda: SpecifierSet(">=1"),
            Requirement: lambda: Requirement("a>=1"),
            DeclaredRequirement: lambda: DeclaredRequirement("a>=1"),
            Text: lambda: Text(text),
            rattler.Version: lambda: rattler.Version("1.0"),
            rattler.VersionSpec: lambda: rattler.VersionSpec(">=1"),
            rattler.MatchSpec: lambda: rattler.MatchSpec("a >=1"),
            rattler.RepoDataRecord: lambda: _record(text),
            rattler.PackageRecord: lambda: _record(text),
            BaseException: lambda: ValueError(text),
            Exception: lambda: ValueError(text),
        }

    def arguments(self, function: Callable[..., object]) -> dict[str, Any]:
        """Return a value for every parameter that has a name. Raises TypeError where a type has none."""
        hints = hints_of(function)
        return {name: self.of(kind) for name, kind in hints.items() if name != "return"}

    def of(self, kind: Any) -> Any:
        """Return a value of a type. Raises TypeError where none can be made, RecursionError for a type of itself."""
        if kind in self._plain:
            return self._plain[kind]()
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        match kind:
            case typing.NewType():
                return self.of(kind.__supertype__)
            case typing.TypeVar():
                return self.of(kind.__bound__ or object)
        if origin is typing.Annotated:
            return self.of(arguments[0])
        if origin is typing.Literal:
            return arguments[self.turn % len(arguments)]
        if origin in (typing.Union, types.UnionType):
            return self._one_of(arguments)
        if origin is not None and not isinstance(origin, type):
            raise TypeError(f"no value of {kind}")
        if origin is not None or kind in (tuple, list, dict, set, frozenset):
            return self._container(origin or kind, arguments)
        return self._object(kind)

    def _one_of(self, arms: tuple[Any, ...]) -> Any:
        turned = [arms[(at + self.turn) % len(arms)] for at in range(len(arms))]
        for arm in turned:
            try:
                return self.of(arm)
            except RecursionError:
                continue
        raise RecursionError

    def _container(self, origin: type, arguments: tuple[Any, ...]) -> Any:
        if issubclass(origin, Callable):  # type: ignore[arg-type]
            answer = self.of(arguments[1]) if arguments else None
            return lambda *_, **__: answer
        if issubclass(origin, Mapping):
            key, value = arguments or (str, str)
            return types.MappingProxyType(dict(zip(self._each(key), self._each(value), strict=False)))
        if issubclass(origin, tuple) and not (len(arguments) == 2 and arguments[1] is Ellipsis):
            return tuple(self.of(each) for each in arguments)
        if not issubclass(origin, Iterable):
            return self._object(origin)
        elements = tuple(self._each(arguments[0] if arguments else str))
        if issubclass(origin, Iterator):
            return iter(elements)
        made = (
            origin
            if origin in (list, set, frozenset)
            else frozenset
            if issubclass(origin, typing.AbstractSet)
            else tuple
        )
        return made(elements)

    def _each(self, kind: Any) -> Iterator[Any]:
        """Yield values for the places of a container: one of each arm of a union."""
        arms = typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)
        for arm in arms:
            try:
                yield self.of(arm)
            except RecursionError:
                continue

    def _object(self, kind: type) -> Any:
        if self._open.count(kind) > 0:
            raise RecursionError
        self._open.append(kind)
        try:
            if issubclass(kind, enum.Enum):
                members = list(kind)
                return members[self.turn % len(members)]
            if dataclasses.is_dataclass(kind):
                hints = hints_of(kind)
                return kind(
                    **{each.name: self._field(kind, each.name, hints) for each in dataclasses.fields(kind) if each.init}
                )
            if issubclass(kind, msgspec.Struct):
                hints = hints_of(kind)
                return kind(**{name: self._field(kind, name, hints) for name in kind.__struct_fields__})
            if issubclass(kind, BaseModel):
                hints = hints_of(kind)
                return kind.model_construct(**{name: self._field(kind, name, hints) for name in hints})
            if issubclass(kind, tuple):
                return kind(*(self.of(each) for each in hints_of(kind).values()))
            if kind.__init__ is not object.__init__:
                return kind(**self.arguments(kind.__init__))
            if kinds := [each for each in kind.__subclasses__() if _is_imported(each)]:
                return self.of(kinds[self.turn % len(kinds)])
        finally:
            self._open.pop()
        raise TypeError(f"no value of {kind}")

    def _field(self, kind: type, name: str, hints: Mapping[str, Any]) -> Any:
        place = f"{kind.__name__}.{name}"
        return self._known[place] if place in self._known else self.of(hints[name])


def _record(text: str) -> rattler.RepoDataRecord:
    record = rattler.PackageRecord(
        name="a",
        version="1.0",
        build=BuildString("0"),
        build_number=1,
        subdir="linux-64",
        depends=["b >=1"],
        license=text,
    )
    return rattler.RepoDataRecord(
        package_record=record, file_name="a-1.0-0.conda", url="https://example.org/linux-64/a-1.0-0.conda", channel="c"
    )


@cache
def hints_of(of: Any) -> dict[str, Any]:
    """Return the types of parameters or fields, also of those that are imported for the type checker only."""
    found = typing.get_type_hints(of, localns=dict(_only_for_types(of.__module__)))
    if isinstance(of, type) and issubclass(of, BaseModel):
        return {name: found[name] for name in of.model_fields}
    return found


@cache
def _only_for_types(module: str) -> tuple[tuple[str, Any], ...]:
    path = sys.modules[module].__file__
    assert path is not None
    found = {}
    for node in ast.parse(Path(path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for each in ast.walk(node):
                if isinstance(each, ast.ImportFrom) and each.module:
                    home = importlib.import_module(each.module)
                    found.update({name.asname or name.name: getattr(home, name.name) for name in each.names})
    return tuple(found.items())


def _is_imported(kind: type) -> bool:
    """Whether a class is what its module has by the name: `slots=True` leaves another behind."""
    return getattr(sys.modules.get(kind.__module__), kind.__name__, None) is kind
