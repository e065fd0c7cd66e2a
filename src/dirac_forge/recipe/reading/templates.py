"""Jinja in meta.yaml: parsed by Jinja, walked here, so that every rendered line knows its line in the file.

Nothing is compiled, run or imported, and a template that does not end is stopped. Where a test depends on an Unknown,
every branch is rendered, and its lines carry the test as their condition.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from jinja2 import TemplateSyntaxError, meta, nodes

from dirac_forge.recipe.reading.expressions import ENVIRONMENT, assign, check_depth, parse_expression, value_of
from dirac_forge.recipe.reading.values import (
    Budget,
    EvaluationError,
    Function,
    Unknown,
    as_text,
    limited,
    merged,
    truth,
)
from dirac_forge.values import dataclass

_MAX_TEXT = 2_000_000
_OPENING = re.compile(r"\{[{%#]")
_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}
_SET = re.compile(r"\{%\s+set\s+([A-Za-z_]\w*)\s*=(.*)%\}", re.DOTALL)
_FOR = re.compile(
    r"\{%\s+for\s+([A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)*)\s+in\s+((?:(?!\b(?:if|recursive)\b).)+)%\}", re.DOTALL
)
"""A loop over all of a list; names of one level."""
_TEST = re.compile(r"\{%-?\s*(?:if|elif)\s+(.*?)\s*-?%\}")


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """Where a rendered line comes from."""

    number: int
    """In the file, from 1."""
    condition: str | None
    """The tests that it depends on and that can't be decided, None if it is there for sure."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """Rendered text, and for each of its lines the place in the template."""

    text: str
    lines: Sequence[TemplateLine]


def unknown_mark(unknown: Unknown) -> str:
    """Return the text that stands for an Unknown when rendered: private-use characters, so that it can be found."""
    return f"\ue000unknown\ue001{','.join(unknown.names)}\ue000"


@dataclasses.dataclass(slots=True)
class _Run:
    source: list[str]
    budget: Budget
    pieces: list[tuple[str, int, str | None]] = field(default_factory=list)
    condition: str | None = None
    size: int = 0

    def put(self, text: str, line: int) -> None:
        self.size += len(text)
        if self.size > _MAX_TEXT:
            raise EvaluationError(f"the template makes more than {_MAX_TEXT:,} characters", line=line)
        self.pieces.append((text, line, self.condition))


def render(text: str, names: Mapping[str, object], *, conditions: Mapping[int, str] | None = None) -> Rendered:
    """Render `text` with `names`; `conditions` are those of source lines (0-based) that are there only perhaps.

    Raises EvaluationError, with its line, for what is not a template, what a recipe may not do (include, import, call,
    attributes of Python), and what takes too long or grows too large.
    """
    run = _Run(text.split("\n"), Budget())
    scope = dict(names)
    line = 1
    try:
        for node in _nodes(text):
            line = node.lineno
            _statement(node, scope, run)
    except EvaluationError as exc:
        raise EvaluationError(str(exc), line=exc.line or line) from exc
    except RecursionError:
        raise EvaluationError("the template is nested too deeply", line=line) from None
    return _with_lines(run.pieces, conditions or {})


def names_read(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that a template reads and does not set, and those that it sets. Raises EvaluationError."""
    tree = _parsed(text)
    stored = frozenset(node.name for node in tree.find_all(nodes.Name) if node.ctx == "store")
    return frozenset(meta.find_undeclared_variables(tree)), stored


def tags(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the tags of a template begin and end, in one pass; -1 for the end of one that does not end."""
    opening = _OPENING.search(text)
    while opening is not None:
        end = text.find(_CLOSING[opening[0]], opening.end())
        yield opening.start(), end + 2 if end >= 0 else -1
        opening = _OPENING.search(text, end + 2) if end >= 0 else None


def _nodes(text: str) -> Sequence[nodes.Node]:
    """Return the statements of a template; those of most recipes without Jinja's full parser, which is slow.

    Platforms differ in few tags, and an expression that was parsed is remembered.
    """
    try:
        return _PlainTemplate(text).body
    except _NotPlainError:
        return _parsed(text).body  # Jinja says what is wrong where something is


class _NotPlainError(Exception):
    """A template has tags that only Jinja's own parser reads."""


class _PlainTemplate:
    """Statements from text, `{{ }}`, comments, `set`, `if` and `for`, put together tag by tag.

    Raises _NotPlainError for everything else.
    """

    def __init__(self, text: str) -> None:
        self.body: list[nodes.Node] = []
        self._open: list[nodes.If | nodes.For] = []
        self._into: list[list[nodes.Node]] = [self.body]
        position, line = 0, 1
        for start, end in tags(text):
            if end < 0:
                raise _NotPlainError
            if start > position:
                self._into[-1].append(_data(text[position:start], line))
                line += text.count("\n", position, start)
            try:
                self._tag(text[start:end], line)
            except EvaluationError as exc:
                raise _NotPlainError from exc
            line += text.count("\n", start, end)
            position = end
        if self._open:
            raise _NotPlainError
        self.body.append(_data(text[position:], line))

    def _tag(self, tag: str, line: int) -> None:
        if tag[2] in "-+" or tag[-3] == "-":
            raise _NotPlainError
        if tag.startswith("{{"):
            self._into[-1].append(nodes.Output([parse_expression(tag[2:-2])], lineno=line))
        elif tag.startswith("{%"):
            self._block(tag, line)

    def _block(self, tag: str, line: int) -> None:
        word, _, rest = tag[2:-2].strip().partition(" ")
        match word, rest.strip():
            case "set", _ if assignment := _SET.fullmatch(tag):
                value = parse_expression(assignment[2])
                self._into[-1].append(nodes.Assign(_target(assignment[1], line), value, lineno=line))
            case "if", test:
                self._begin(nodes.If(parse_expression(test), [], [], [], lineno=line))
            case "elif", test if isinstance(branching := self._last(), nodes.If) and not self._in_else():
                branch = nodes.If(parse_expression(test), [], [], [], lineno=line)
                branching.elif_.append(branch)
                self._into[-1] = branch.body
            case "for", _ if loop := _FOR.fullmatch(tag):
                values = parse_expression(loop[2])
                self._begin(nodes.For(_target(loop[1], line), values, [], [], None, False, lineno=line))
            case "else", "" if not self._in_else():
                self._into[-1] = self._last().else_
            case ("endif", "") if isinstance(self._last(), nodes.If):
                self._end()
            case ("endfor", "") if isinstance(self._last(), nodes.For):
                self._end()
            case _:
                raise _NotPlainError

    def _last(self) -> nodes.If | nodes.For:
        if not self._open:
            raise _NotPlainError
        return self._open[-1]

    def _in_else(self) -> bool:
        return self._into[-1] is self._last().else_

    def _begin(self, block: nodes.If | nodes.For) -> None:
        self._into[-1].append(block)
        self._open.append(block)
        self._into.append(block.body)

    def _end(self) -> None:
        self._open.pop()
        self._into.pop()


def _target(names: str, line: int) -> nodes.Expr:
    """Return what a `set` or `for` assigns to: a name, or several with commas between them."""
    targets: list[nodes.Expr] = [nodes.Name(name.strip(), "store", lineno=line) for name in names.split(",")]
    return targets[0] if len(targets) == 1 else nodes.Tuple(targets, "store", lineno=line)


def _data(text: str, line: int) -> nodes.Output:
    return nodes.Output([nodes.TemplateData(text, lineno=line)], lineno=line)


def _parsed(text: str) -> nodes.Template:
    try:
        tree = ENVIRONMENT.parse(text)
        check_depth(tree)
    except TemplateSyntaxError as exc:
        raise EvaluationError(exc.message or "not a template", line=exc.lineno) from exc
    except (ValueError, RecursionError, MemoryError) as exc:
        raise EvaluationError("the template is nested too deeply, or has a number without end", line=1) from exc
    return tree


def _statement(node: nodes.Node, scope: dict[str, object], run: _Run) -> None:
    run.budget.spend()
    match node:
        case nodes.Output(nodes=parts):
            _output(parts, node.lineno, scope, run)
        case nodes.Assign(target=target, node=expression):
            assign(target, value_of(expression, scope, run.budget), scope)
        case nodes.AssignBlock(target=target, body=body):
            assign(target, _captured(body, scope, run), scope)
        case nodes.If():
            _if(node, scope, run)
        case nodes.For():
            _for(node, scope, run)
        case nodes.With(targets=targets, values=values, body=body):
            inner = dict(scope)
            for target, expression in zip(targets, values, strict=True):
                assign(target, value_of(expression, scope, run.budget), inner)
            _body(body, inner, run)
        case nodes.Macro():
            scope[node.name] = _macro(node, scope, run)
        case nodes.Scope(body=body):
            _body(body, dict(scope), run)
        case _:
            raise EvaluationError(f"{type(node).__name__.lower()} is not allowed in a recipe", line=node.lineno)


def _body(body: Sequence[nodes.Node], scope: dict[str, object], run: _Run) -> None:
    for node in body:
        _statement(node, scope, run)


def _output(parts: Sequence[nodes.Expr], line: int, scope: dict[str, object], run: _Run) -> None:
    for part in parts:
        if isinstance(part, nodes.TemplateData):
            run.put(part.data, part.lineno)
            continue
        value = value_of(part, scope, run.budget)
        run.put(unknown_mark(value) if isinstance(value, Unknown) else as_text(value), part.lineno or line)


def _captured(body: Sequence[nodes.Node], scope: dict[str, object], run: _Run) -> str:
    inner = _Run(run.source, run.budget)
    _body(body, scope, inner)
    text = "".join(piece for piece, _, _ in inner.pieces)
    limited(text)
    return text


def _macro(node: nodes.Macro, scope: dict[str, object], run: _Run) -> Function:
    def expand(*args: object, **kwargs: object) -> object:
        inner = dict(scope)
        names = [argument.name for argument in node.args]
        for name, default in zip(reversed(names), reversed(node.defaults), strict=False):
            inner[name] = value_of(default, scope, run.budget)
        inner |= dict(zip(names, args, strict=False)) | {name: kwargs[name] for name in names if name in kwargs}
        return _captured(node.body, inner, run)

    return Function(expand)


def _test_text(line: int, run: _Run) -> str:
    source = run.source[line - 1] if 0 < line <= len(run.source) else ""
    match = _TEST.search(source)
    return match[1] if match else f"the test in line {line}"


def _if(node: nodes.If, scope: dict[str, object], run: _Run) -> None:
    before, outer = dict(scope), run.condition
    undecided: list[str] = []
    outcomes: list[dict[str, object]] = []

    def take(body: Sequence[nodes.Node], *tests: str) -> None:
        conditions = [*([outer] if outer else []), *(f"not ({other})" for other in undecided), *tests]
        outcomes.append(_branch(body, before, run, conditions))

    for branch in (node, *node.elif_):
        holds = truth(value_of(branch.test, before, run.budget))
        if holds is True:
            take(branch.body)
            break
        if isinstance(holds, Unknown):
            test = _test_text(branch.lineno, run)
            take(branch.body, test)
            undecided.append(test)
    else:
        take(node.else_)
    run.condition = outer
    scope.update(outcomes[0] if len(outcomes) == 1 else _joined(outcomes))


def _branch(
    body: Sequence[nodes.Node], before: dict[str, object], run: _Run, conditions: Sequence[str]
) -> dict[str, object]:
    scope = dict(before)
    run.condition = " and ".join(conditions) or None
    _body(body, scope, run)
    return scope


def _joined(outcomes: Sequence[dict[str, object]]) -> dict[str, object]:
    """Return what each name may be after branches of which one was taken: its value where they agree, else Unknown."""
    joined: dict[str, object] = {}
    for name in dict.fromkeys(name for outcome in outcomes for name in outcome):
        values = [outcome.get(name, Unknown((name,))) for outcome in outcomes]
        same = all(value is values[0] or value == values[0] for value in values)
        joined[name] = values[0] if same else (merged(*values) or Unknown((name,)))
    return joined


def _for(node: nodes.For, scope: dict[str, object], run: _Run) -> None:
    if node.recursive:
        raise EvaluationError("a recursive loop is not allowed in a recipe", line=node.lineno)
    values = value_of(node.iter, scope, run.budget)
    if isinstance(values, Unknown):
        items: list[object] = [values]
    elif isinstance(values, (str, list, tuple, Mapping)):
        items = list(values)
    else:
        raise EvaluationError(f"{values!r} is not a list", line=node.lineno)
    kept: list[object] = []
    for value in items:
        inner = dict(scope)
        assign(node.target, value, inner)
        if node.test is None or truth(value_of(node.test, inner, run.budget)) is not False:
            kept.append(value)
    for index, value in enumerate(kept):
        inner = dict(scope)
        assign(node.target, value, inner)
        inner["loop"] = {
            "index": index + 1,
            "index0": index,
            "first": index == 0,
            "last": index == len(kept) - 1,
            "length": len(kept),
        }
        _body(node.body, inner, run)
    if not kept:
        _body(node.else_, scope, run)


def _with_lines(pieces: Sequence[tuple[str, int, str | None]], conditions: Mapping[int, str]) -> Rendered:
    lines: list[TemplateLine] = []
    settled = False
    for text, number, condition in pieces:
        for offset, part in enumerate(text.split("\n")):
            if offset or not lines:
                lines.append(_line(number + offset, condition, conditions))
                settled = bool(part.strip())
            elif not settled and part.strip():
                # A line belongs where its first word stands, not where the newline before it stands.
                lines[-1] = _line(number + offset, condition, conditions)
                settled = True
    return Rendered("".join(text for text, _, _ in pieces), lines)


def _line(number: int, condition: str | None, conditions: Mapping[int, str]) -> TemplateLine:
    own = conditions.get(number - 1)
    both = [part for part in (condition, own) if part]
    return TemplateLine(number, " and ".join(both) or None)
