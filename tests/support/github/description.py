"""GitHub's own description of its REST API (OpenAPI 3.0), which the local GitHub and who asks it are held to.

`python tests` fetches it; where it is not there, nothing is held to anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.github.state import Request

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

__all__ = ["FILE", "Description", "description"]

FILE = Path(__file__).resolve().parents[3] / ".openapi" / "api.github.com.json"
_UNKNOWN = "there is no "
_NAME = "urn:github"
_OUTSIDE = ("/graphql",)
"""What has a description of another kind."""


@cache
def description() -> Description | None:
    """The description, read once; None where it was not fetched."""
    return Description(json.loads(FILE.read_bytes())) if FILE.exists() else None


@dataclass
class Description:
    """What may be asked, and what is answered."""

    content: dict[str, Any]
    _seen: set[object] = field(default_factory=set)
    _operations: dict[tuple[str, str], tuple[str, Mapping[str, Any]] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._paths = [(_pattern(path), path, item) for path, item in self.content["paths"].items()]
        # The more of a template is literal, the closer it fits: /repos/{o}/{r}/pulls/comments goes before …/{number}.
        self._paths.sort(key=lambda each: each[1].count("{") - each[1].count("/"))

    def operation(self, method: str, path: str) -> tuple[str, Mapping[str, Any]] | None:
        """The template and what is said about the method; None where there is no such operation."""
        if (method, path) not in self._operations:
            self._operations[method, path] = self._find(method, path)
        return self._operations[method, path]

    def _find(self, method: str, path: str) -> tuple[str, Mapping[str, Any]] | None:
        for pattern, template, item in self._paths:
            if method.lower() in item and pattern.fullmatch(path):
                return template, item[method.lower()]
        return None

    def violations(self, requests: Iterable[Request]) -> list[str]:
        """What is wrong with requests and the answers to them; each shape is looked at once."""
        found = []
        for each in requests:
            if each.path in _OUTSIDE:
                continue
            known = self.operation(each.method, each.path)
            if known is None:
                found.append(f"{each.line}: GitHub has no such operation")
                continue
            template, operation = known
            shape = (each.method, template, each.status, frozenset(each.query.items()), _shape(each.body, each.answer))
            if shape not in self._seen:
                self._seen.add(shape)
                wrong = [*self._query(operation, each), *self._body(operation, each), *self._answer(operation, each)]
                found += [f"{each.line}: {text}" for text in wrong]
        return found

    def _query(self, operation: Mapping[str, Any], request: Request) -> Iterator[str]:
        known = [self._resolved(each) for each in operation.get("parameters", ())]
        schemas = {each["name"]: each["schema"] for each in known if each["in"] == "query"}
        for name, text in request.query.items():
            if name not in schemas:
                yield f"there is no query parameter {name}"
            else:
                value: object = int(text) if schemas[name].get("type") == "integer" and text.isdecimal() else text
                yield from (f"query parameter {name}: {error.message}" for error in self._errors(schemas[name], value))
        for each in known:
            if each["in"] == "query" and each.get("required") and each["name"] not in request.query:
                yield f"query parameter {each['name']} is missing"

    def _body(self, operation: Mapping[str, Any], request: Request) -> Iterator[str]:
        described = operation.get("requestBody")
        if described is None:
            if request.body is not None:
                yield "it takes no body"
            return
        if request.body is None:
            if described.get("required"):
                yield "its body is missing"
            return
        schema = self._resolved(described["content"]["application/json"]["schema"])
        yield from (f"body: {_where(error)}{error.message}" for error in self._errors(schema, request.body))
        if "properties" in schema and isinstance(request.body, dict):
            unknown = sorted(set(request.body) - set(schema["properties"]))
            yield from (f"body: there is no {name}" for name in unknown)

    def _answer(self, operation: Mapping[str, Any], request: Request) -> Iterator[str]:
        if request.answer is None:
            return
        described = operation["responses"].get(str(request.status))
        if described is None:
            if request.status < 300:
                yield f"it does not answer {request.status}"
            return
        content = self._resolved(described).get("content", {}).get("application/json")
        if content is not None:
            wrong = self._errors(content["schema"], request.answer, partly=True)
            yield from (f"answer {request.status}: {_where(error)}{error.message}" for error in wrong)

    def _errors(self, schema: Any, value: Any, *, partly: bool = False) -> list[ValidationError]:
        """`partly`: what is there is right, though not everything is there."""
        return list(self._validator(partly=partly).evolve(schema=_from_outside(schema)).iter_errors(value))

    @cache  # noqa: B019  # there is one description
    def _validator(self, *, partly: bool) -> Validator:
        from jsonschema import Draft4Validator  # noqa: PLC0415  # wanted only where there is a description
        from jsonschema.validators import extend  # noqa: PLC0415
        from referencing import Registry, Resource  # noqa: PLC0415
        from referencing.jsonschema import DRAFT4  # noqa: PLC0415

        rules = {name: _or_null(Draft4Validator.VALIDATORS[name]) for name in _NULLABLE}
        if partly:
            rules |= {"required": _nothing, "oneOf": rules["anyOf"], "properties": _known_properties}
            rules["allOf"] = _or_null(_known_to_one)
        kind: type[Validator] = extend(Draft4Validator, rules)  # type: ignore[no-untyped-call]
        whole = Resource.from_contents(self.content, default_specification=DRAFT4)
        return kind({}, registry=Registry().with_resource(_NAME, whole))

    def __hash__(self) -> int:
        return id(self)

    def _resolved(self, value: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in value:
            target: Any = self.content
            for part in value["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            value = target
        return value


_NULLABLE = ("type", "enum", "anyOf", "oneOf", "allOf")


def _or_null(rule: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema has a type."""

    def checked(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if not (instance is None and schema.get("nullable")):
            yield from rule(validator, wanted, instance, schema)

    return checked


def _nothing(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    yield from ()


def _known_properties(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError  # noqa: PLC0415

    if not validator.is_type(instance, "object"):
        return
    for name, value in instance.items():
        if name in wanted:
            yield from validator.descend(value, wanted[name], path=name, schema_path=name)
        elif not schema.get("additionalProperties"):
            yield ValidationError(f"{_UNKNOWN}{name}")


def _from_outside(schema: Any) -> Any:
    """A part of the description whose references lead into it from wherever they stand."""
    if isinstance(schema, list):
        return [_from_outside(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: f"{_NAME}{value}" if key == "$ref" and isinstance(value, str) else _from_outside(value)
        for key, value in schema.items()
    }


def _known_to_one(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """`allOf`, where each part describes some of the properties."""
    parts = [list(validator.descend(instance, each)) for each in wanted]
    for errors in parts:
        for error in errors:
            others = all(any(other.message == error.message for other in part) for part in parts)
            if others or not error.message.startswith(_UNKNOWN):
                yield error


def _where(error: ValidationError) -> str:
    path = ".".join(str(each) for each in error.absolute_path)
    return f"{path}: " if path else ""


def _pattern(template: str) -> re.Pattern[str]:
    # A ref, a path or a label may have slashes; the others do not.
    wide = re.sub(r"\\\{(ref|path)\\\}", "(.+)", re.escape(template))
    return re.compile(re.sub(r"\\\{\w+\\\}", "([^/]+)", wide))


def _shape(*values: object) -> object:
    """The same for values with the same keys and types; of lists the first items count."""
    return tuple(
        tuple((key, _shape(each[key])) for key in sorted(each))
        if isinstance(each, dict)
        else tuple(_shape(one) for one in each[:3])
        if isinstance(each, list)
        else type(each).__name__
        for each in values
    )
