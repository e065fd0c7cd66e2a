"""The records that builds of a feedstock would have, without building: run requirements, pins and run_exports."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace

from dirac_forge.channel.records import Record, RunExports, name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.check.build_strings import build_string, is_whole
from dirac_forge.check.exports import Built, ChannelExports, exports_of
from dirac_forge.check.recipe_mistakes import rendered_mistakes
from dirac_forge.check.toolchain import hardly_exports, toolchain_exports
from dirac_forge.feedstock.variants import Variant, VariantRecipe
from dirac_forge.recipe.reading.pins import pinned_range
from dirac_forge.recipe.reading.recipe_text import Format, ReadOutput, ReadRequirement, RecipeError, RenderedRecipe
from dirac_forge.values import dataclass

__all__ = ["Built", "ChannelExports", "build", "exports_of", "host_questions", "host_spec"]

_BARE_VERSION = re.compile(r"[0-9][0-9A-Za-z_.!+-]*")
_PYTHON = re.compile(r"(\d+)\.(\d+)")


def build(
    recipe: VariantRecipe,
    *,
    feedstock: str,
    channel: Channel,
    exports: ChannelExports,
    platform: str,
    rendered: Iterable[tuple[Variant, RenderedRecipe]],
    pinned: bool,
) -> tuple[Built, ...]:
    """Return what a feedstock would make on one platform, each package once.

    Args:
        recipe: with the files next to it.
        feedstock: its name.
        channel: where host environments are solved.
        exports: run_exports of what it is built with.
        platform: one that conda-forge.yml enables, or one of its `noarch_platforms`, which make noarch packages.
        rendered: the variants of the platform.
        pinned: whether they come from a pinning; else nothing is pinned but the Pythons.

    Raises:
        RecipeError: the recipe makes a mistake; with file and line.
        UnknownError: the channel can't be read.
    """
    found: dict[tuple[str, str], Built] = {}
    enabled = platform in {one.platform for one in recipe.forge.platforms}
    makes_noarch = platform in recipe.forge.noarch_platforms
    for variant, one in rendered:
        for built in _Variant(recipe, feedstock, channel, exports, variant, one, pinned=pinned).packages():
            if enabled if built.record.noarch is None else makes_noarch:
                found.setdefault((built.record.subdir, built.record.file), built)
    return tuple(found.values())


def host_questions(
    recipe: VariantRecipe,
    *,
    feedstock: str,
    channel: Channel,
    exports: ChannelExports,
    rendered: Iterable[tuple[Variant, RenderedRecipe]],
) -> tuple[tuple[str, ...], ...]:
    """Return the specs of the host environments that `build` solves for these variants of one platform, each once.

    Raises:
        UnknownError: the channel can't be read.
    """
    asked = (
        specs
        for variant, one in rendered
        for specs in _Variant(recipe, feedstock, channel, exports, variant, one, pinned=True).host_questions()
    )
    return tuple(dict.fromkeys(asked))


def host_spec(need: ReadRequirement, written: Format) -> str:
    """Return the spec of a host requirement for the solver: a bare version means any build of that line."""
    from_variant = need.text.strip() == need.name and bool(need.spec)
    if (from_variant or written == "v0") and _BARE_VERSION.fullmatch(need.spec):
        return f"{need.spec}.*"
    return need.spec


@dataclass(frozen=True, slots=True)
class _Exact:
    """A pin on the very build of another output, whose build string is known last."""

    name: str


_Spec = str | _Exact


@dataclass(frozen=True, slots=True)
class _Draft:
    """A package without its build string."""

    depends: tuple[_Spec, ...]
    constrains: tuple[_Spec, ...]
    unknown: tuple[str, ...]
    assumed: tuple[str, ...]


@dataclasses.dataclass(slots=True)
class _Gained:
    """The requirements that run_exports add."""

    depends: list[str] = field(default_factory=list)
    constrains: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)


class _Variant:
    """One variant of one recipe."""

    def __init__(
        self,
        recipe: VariantRecipe,
        feedstock: str,
        channel: Channel,
        exports: ChannelExports,
        variant: Variant,
        rendered: RenderedRecipe,
        *,
        pinned: bool,
    ) -> None:
        self.pinned = pinned
        self.recipe = recipe
        self.feedstock = feedstock
        self.channel = channel
        self.exports = exports
        self.variant = variant
        self.rendered = rendered
        self.platform = variant.platform
        whole = {output.name: output for output in rendered.outputs if not output.is_package}
        self.outputs = {
            output.name: _whole(output, whole.get(output.name)) if rendered.format == "v0" else output
            for output in rendered.packages
            if output.skip is not True
        }

    def packages(self) -> list[Built]:
        """Return what this variant makes."""
        for output in self.outputs.values():
            self._look_for_mistakes(output)
        drafts = {name: self._draft(output) for name, output in self.outputs.items()}
        builds: dict[str, str] = {}
        for name in drafts:
            self._name_build(name, drafts, builds, ())
        return [self._built(self.outputs[name], draft, builds) for name, draft in drafts.items()]

    def host_questions(self) -> Iterator[tuple[str, ...]]:
        """Yield the specs of the host environments that have to be solved."""
        for output in self.outputs.values():
            there = self._there(self._host_specs(_parts(output)[1]))
            if there and _is_decided_by_host(output):
                yield there

    def _built(self, output: ReadOutput, draft: _Draft, builds: Mapping[str, str]) -> Built:
        record = Record(
            name=output.name,
            version=output.version,
            build=builds[output.name],
            build_number=output.build_number or 0,
            subdir="noarch" if output.noarch else self.platform,
            depends=tuple(_exactly(spec, self.outputs, builds) for spec in draft.depends),
            constrains=tuple(_exactly(spec, self.outputs, builds) for spec in draft.constrains),
            noarch=output.noarch,
        )
        return Built(
            feedstock=self.feedstock,
            record=record,
            platform=self.platform,
            variant=self.variant.values,
            exports=exports_of(output.run_exports, output.version),
            unknown=draft.unknown,
            assumed=draft.assumed,
        )

    def _look_for_mistakes(self, output: ReadOutput) -> None:
        """Raise RecipeError for what a build would stop at."""
        names = {each.name for each in self.rendered.outputs}
        for mistake in rendered_mistakes(output, names, pinned=self.pinned):
            raise RecipeError(mistake.problem, path=self.recipe.text.path, line=mistake.line)

    def _draft(self, output: ReadOutput) -> _Draft:
        build, host = _parts(output)
        solved = self._host(host, output)
        self.exports.look([solved[need.name] for need in host if need.name in solved], self.platform)
        gained = _Gained()
        for need in build:
            self._gain(need.name, self._tool_exports(need), output, gained, tool=True)
        for need in host:
            self._gain(need.name, self._host_exports(need.name, solved), output, gained, tool=False)
        run = [self._run(need, output, solved) for need in output.of("run")]
        constrained = [self._run(need, output, solved) for need in output.of("run_constrained")]
        once = _tidy if self.rendered.format == "v0" else _once
        return _Draft(
            once([*run, *_kept(gained.depends, output)]),
            once([*constrained, *_kept(gained.constrains, output)]),
            tuple(sorted(set(gained.unknown))),
            tuple(sorted(set(gained.assumed))),
        )

    def _host(self, needs: Sequence[ReadRequirement], output: ReadOutput) -> Mapping[str, Record]:
        """Return the packages of a host environment; if it can't be solved as a whole, the newest that fit.

        So too for a noarch package, whose versions in host decide nothing but what `pin_compatible` says.
        """
        specs = self._host_specs(needs)
        there = self._there(specs)
        found: Mapping[str, Record | None] | None = None
        if there and _is_decided_by_host(output):
            found = self.exports.host(there, self.platform)
        if found is None:
            index = self.channel.index(self.platform)
            found = {name: index.newest(spec) for name, spec in specs.items()}
        return {name: record for name in specs if (record := found.get(name)) is not None}

    def _host_specs(self, needs: Sequence[ReadRequirement]) -> dict[str, str]:
        """Return the specs of the host requirements that other recipes make, by name."""
        return {need.name: self._spec(need) for need in needs if self._is_foreign(need)}

    def _there(self, specs: Mapping[str, str]) -> tuple[str, ...]:
        """Return the specs that the channel has a package for."""
        index = self.channel.index(self.platform)
        index.prefetch(specs)
        return tuple(sorted(spec for spec in specs.values() if index.match(spec)[1]))

    def _is_foreign(self, need: ReadRequirement) -> bool:
        """Whether a requirement is a package that another recipe makes."""
        return need.kind in ("package", "pin_compatible") and bool(need.name) and need.name not in self.outputs

    def _tool_exports(self, need: ReadRequirement) -> RunExports | None:
        """Return what a package in build exports, or None if that is not known."""
        sibling = self.outputs.get(need.name)
        if sibling is not None:
            return exports_of(sibling.run_exports, sibling.version)
        found = toolchain_exports(need.name, need.spec, python=self._python_of_variant())
        if found is None and need.name:
            record = self.channel.index(self.platform).newest(self._spec(need))
            found = self.exports.of(record, self.platform) if record else None
        return found

    def _host_exports(self, name: str, solved: Mapping[str, Record]) -> RunExports | None:
        """Return what a package in host exports, or None if that is not known."""
        sibling = self.outputs.get(name)
        if sibling is not None:
            return exports_of(sibling.run_exports, sibling.version)
        record = solved.get(name)
        return self.exports.of(record, self.platform) if record else None

    def _gain(self, name: str, found: RunExports | None, output: ReadOutput, gained: _Gained, *, tool: bool) -> None:
        """Add what one requirement of build (`tool`) or host exports."""
        if not name or name in output.ignore_run_exports_from:
            return
        if found is None:
            index = self.channel.index(self.platform)
            assumed = tool or output.noarch is not None or hardly_exports(name, index.newest(name))
            (gained.assumed if assumed else gained.unknown).append(name)
        elif output.noarch:
            gained.depends += found.noarch
        else:
            gained.depends += (*found.strong, *(() if tool else found.weak))
            gained.constrains += (*found.strong_constrains, *(() if tool else found.weak_constrains))

    def _spec(self, need: ReadRequirement) -> str:
        return f"{need.name} {host_spec(need, self.rendered.format)}".strip()

    def _run(self, need: ReadRequirement, output: ReadOutput, solved: Mapping[str, Record]) -> _Spec:
        """Return a run requirement as the record has it."""
        if need.kind == "pin_subpackage" and need.pin.get("exact", "").lower() in ("true", "1"):
            return _Exact(need.name)
        if need.kind == "pin_compatible":
            record = solved.get(need.name)
            return f"{need.name} {pinned_range(record.version, need.pin)}" if record else need.name
        if self.rendered.format == "v0":
            return self._run_v0(need, output)
        return f"{need.name} {need.spec}".strip()

    def _run_v0(self, need: ReadRequirement, output: ReadOutput) -> str:
        minor = self._python() if need.name == "python" and not need.spec and not output.noarch else None
        if minor is not None:
            return self._pinned_as_run(minor)
        line = ".*" if _BARE_VERSION.fullmatch(need.spec) else ""
        return f"{need.name} {need.spec}{line}".strip()

    @staticmethod
    def _pinned_as_run(minor: tuple[int, int]) -> str:
        """Return what conda-build's default of `pin_run_as_build` makes of Python; rattler-build has no such thing."""
        return f"python >={minor[0]}.{minor[1]},<{minor[0]}.{minor[1] + 1}.0a0"

    def _python_of_variant(self) -> str:
        """Return the Python that is built for as cross-python exports it; "" if the variant has none."""
        minor = self._python()
        if minor is None:
            return ""
        kind = self.variant.values["python"].partition(" ")[2]
        line = self._pinned_as_run(minor) if self.rendered.format == "v0" else f"python {minor[0]}.{minor[1]}.*"
        return f"{line} {kind}".strip()

    def _python(self) -> tuple[int, int] | None:
        found = _PYTHON.match(self.variant.values.get("python", ""))
        return (int(found[1]), int(found[2])) if found else None

    def _name_build(
        self, name: str, drafts: Mapping[str, _Draft], builds: dict[str, str], above: tuple[str, ...]
    ) -> str:
        """Return a build string of conda's kind, with a hash of everything that the package depends on."""
        if name in builds or name in above:
            return builds.get(name, "")
        output, draft = self.outputs[name], drafts[name]
        written = output.build_string or ""
        if is_whole(written):
            builds[name] = written
            return written
        others = [self._name_build(other, drafts, builds, (*above, name)) for other in _exact_pins(draft, drafts)]
        digest = _digest(output, draft, self.platform, others)
        builds[name] = build_string(written, self._tag(output, draft), digest, output.build_number or 0)
        return builds[name]

    def _tag(self, output: ReadOutput, draft: _Draft) -> str:
        """Return `py312h` for a package of one Python, `pyh` for a noarch Python package, else `h`."""
        if output.noarch == "python":
            return "pyh"
        minor = self._python()
        if minor and any(isinstance(spec, str) and name_of(spec) == "python_abi" for spec in draft.depends):
            return f"py{minor[0]}{minor[1]}h"
        return "h"


def _parts(output: ReadOutput) -> tuple[Sequence[ReadRequirement], Sequence[ReadRequirement]]:
    """Return what is in build and in host; without compilers, what only build names is in host."""
    build, host = output.of("build"), output.of("host")
    if host or any(need.kind == "compiler" for need in build):
        return build, host
    return (), build


def _exact_pins(draft: _Draft, drafts: Mapping[str, _Draft]) -> list[str]:
    """Return the outputs on whose very build a package depends."""
    return [spec.name for spec in draft.depends if isinstance(spec, _Exact) and spec.name in drafts]


def _is_decided_by_host(output: ReadOutput) -> bool:
    return output.noarch is None or any(need.kind == "pin_compatible" for need in output.requirements)


def _digest(output: ReadOutput, draft: _Draft, platform: str, others: Sequence[str]) -> str:
    specs = [spec for spec in (*draft.depends, *draft.constrains) if isinstance(spec, str)]
    parts = [output.name, output.version, output.noarch or platform, *specs, *draft.unknown, *others]
    return hashlib.sha1(json.dumps(parts).encode(), usedforsecurity=False).hexdigest()[:7]


def _kept(specs: Iterable[str], output: ReadOutput) -> list[str]:
    """Return them without those that the recipe ignores by name."""
    return [spec for spec in specs if name_of(spec) not in output.ignore_run_exports]


def _exactly(spec: _Spec, outputs: Mapping[str, ReadOutput], builds: Mapping[str, str]) -> str:
    if isinstance(spec, str):
        return spec
    output = outputs.get(spec.name)
    return f"{spec.name} {output.version} {builds[spec.name]}" if output else spec.name


def _whole(output: ReadOutput, whole: ReadOutput | None) -> ReadOutput:
    """Give an output of meta.yaml that only names the recipe's own package the requirements of the whole."""
    if whole is None or output.requirements:
        return output
    return replace(output, requirements=whole.requirements, run_exports=output.run_exports or whole.run_exports)


def _once(specs: Sequence[_Spec]) -> tuple[_Spec, ...]:
    return tuple(dict.fromkeys(spec for spec in specs if spec))


def _tidy(specs: Sequence[_Spec]) -> tuple[_Spec, ...]:
    """Return each spec once; a bare name says nothing beside a spec of the same name."""
    named = {spec.name if isinstance(spec, _Exact) else name_of(spec) for spec in specs if _says_more(spec)}
    return tuple(spec for spec in _once(specs) if _says_more(spec) or spec not in named)


def _says_more(spec: _Spec) -> bool:
    """Whether a spec is more than a name."""
    return isinstance(spec, _Exact) or " " in spec
