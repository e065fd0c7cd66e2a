"""Validation, by pydantic, of files that people write: all problems, with file, line, key and the nearest known key.

A model describes what may be written; `validated` reads a value by it. The caller knows the line of each key: pydantic
sees values, not the text that they were read from.
"""

from __future__ import annotations

import ast
import datetime as dt
import difflib
import inspect
import itertools
import re
import textwrap
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from dirac_forge.errors import redact

KeyPath = tuple[str | int, ...]
"""From the root of a value: names of keys and indices of lists."""
M = TypeVar("M", bound=BaseModel)


class StrictTable(BaseModel):
    """A table or mapping with these keys at most."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        validate_by_alias=True,
        validate_by_name=False,
        arbitrary_types_allowed=True,
        # A table within another one is only validated there, and needs no validator.
        defer_build=True,
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe each key by its docstring.

        pydantic's `use_attribute_docstrings` reads the source whenever a model is imported, which costs 0.1 s.
        """
        told = handler(schema)
        properties = handler.resolve_ref_schema(told).get("properties", {})
        for name, text in _docstrings(cls).items():
            properties[cls.model_fields[name].alias or name]["description"] = text
        return told


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstrings below the fields of a model and of those that it is derived from."""
    found: dict[str, str] = {}
    for each in (one for one in reversed(model.__mro__) if issubclass(one, StrictTable)):
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(each))).body
        for node, below in itertools.pairwise(getattr(definition, "body", ())):
            match node, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ) if name in model.model_fields:
                    found[name] = inspect.cleandoc(text)
    return found


class InvalidError(Exception):
    """Problems of a value: the path of each, and the line that says what is wrong."""

    def __init__(self, problems: Iterable[tuple[KeyPath, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(line for _, line in self.problems))


def unexpected(expected: str) -> PydanticCustomError:
    """Return the error for a value of another type or form than `expected`; the message adds what was written."""
    return PydanticCustomError("unexpected", "expected {expected}", {"expected": expected})


def wrong(said: str, *below: str | int) -> PydanticCustomError:
    """Return the error whose message is `said`; `below`: the path from the value that is validated to what is wrong."""
    return PydanticCustomError("wrong", "{said}", {"said": said, "below": below})


@dataclass(frozen=True, slots=True)
class Matching:
    """Annotates text of a form: `Annotated[str, Matching(PATTERN, "a platform such as 'linux-64'")]`."""

    pattern: str
    expected: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^(?:{self.pattern})$", "description": self.expected}

    def _check(self, value: object) -> str:
        if not isinstance(value, str):
            raise unexpected(f"{self.expected}, in quotes")
        if re.fullmatch(self.pattern, value) is None:
            raise unexpected(self.expected)
        return value


def validated(
    model: type[M],
    value: object,
    *,
    file: str | Path = "",
    line: Callable[[KeyPath], int] | None = None,
    name: Callable[[KeyPath], str] | None = None,
    context: Any = None,
) -> M:
    """Return `value` as a `model`.

    `file` and `line` say where the key at a path was written, `name` how the user knows it (default: `a.b.specs[0]`).
    `context` is handed to the model's validators. Raises InvalidError with every problem, in the order of the lines.
    """
    try:
        return model.model_validate(value, context=context)
    except ValidationError as error:
        details = error.errors(include_url=False)
    problems = []
    for detail in details:
        path, said = _worded(model, detail, name or dotted)
        number = line(path) if line is not None else 0
        problems.append((number, path, f"{file}:{number}: {said}" if line is not None else said))
    raise InvalidError((path, said) for _, path, said in sorted(problems, key=lambda each: each[0]))


def dotted(path: KeyPath) -> str:
    """Return the path as people write it: `targets.dirac-grid.specs[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def nearest(word: str, known: Iterable[str], *, prefix: str = "") -> str:
    """Ask whether the nearest known word is meant, or list all of them where none is near; `prefix` precedes each."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"did you mean '{prefix}{near[0]}'?" if near else f"expected one of {', '.join(map(prefix.__add__, names))}"


def _worded(model: type[BaseModel], detail: ErrorDetails, name: Callable[[KeyPath], str]) -> tuple[KeyPath, str]:
    # pydantic writes "[key]" at the end of a path where a key of a mapping is wrong, not its value.
    path = (*(part for part in detail["loc"] if part != "[key]"), *detail.get("ctx", {}).get("below", ()))
    if detail["type"] == "extra_forbidden":
        return path, f"unknown key {name(path)!r}; {nearest(str(path[-1]), _keys(model, path[:-1]))}"
    if detail["type"] == "missing":
        return path, f"{name(path)} is missing"
    return path, f"{name(path)}: {_said(detail)}".removeprefix(": ")


_EXPECTED = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "a string",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a table",
    "mapping_type": "a table",
    "model_type": "a table",
}


def _said(problem: ErrorDetails) -> str:
    facts = problem.get("ctx", {})
    match problem["type"]:
        case "wrong":
            return str(facts["said"])
        case "unexpected":
            expected = str(facts["expected"])
        case "literal_error" | "enum":
            expected = str(facts["expected"])
        case kind:
            expected = _EXPECTED.get(kind, "")
    if not expected:
        return problem["msg"]
    return f"expected {expected}, got {described(problem['input'])}"


def _keys(model: type[BaseModel], path: KeyPath) -> list[str]:
    """Return the keys that the table at `path` may have."""
    kind: Any = model
    for part in path:
        kind = next(_below(kind, part), None)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [field.alias or key for key, field in kind.model_fields.items()]
    return []


def _below(kind: Any, part: str | int) -> Iterator[Any]:
    """Yield the types that a value of the type `kind` may have at the key or index `part`, without annotations."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = {field.alias or key: field.annotation for key, field in kind.model_fields.items()}
        yield from _plain(fields.get(str(part)))
    elif get_args(kind):
        yield from _plain(get_args(kind)[-1 if issubclass(get_origin(kind), Mapping) else 0])


def _plain(kind: Any) -> Iterator[Any]:
    if get_origin(kind) is Annotated:
        yield from _plain(get_args(kind)[0])
    elif get_origin(kind) in (Union, types.UnionType):
        for each in get_args(kind):
            yield from _plain(each)
    elif kind is not None and kind is not type(None):
        yield kind


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a float"),
    ((list, tuple, set, frozenset), "a list"),
    (Mapping, "a table"),
    ((dt.date, dt.time), "a date or time"),
    (type(None), "nothing"),
)


def described(value: object) -> str:
    """Describe a value that was written, for `expected X, got …`: without credentials, and lists only by their type."""
    if isinstance(value, (str, Path)):
        return repr(redact(str(value)))
    kind = next((words for kinds, words in _KINDS if isinstance(value, kinds)), type(value).__name__)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value} ({kind})" if isinstance(value, (int, float)) else kind
