"""The records that builds of a feedstock would have, without building: run requirements, pins and run_exports."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rattler import Version
from rattler.exceptions import InvalidVersionError

from dirac_forge.channel.index import parsed
from dirac_forge.channel.records import Record, RunExports, name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.check.exports import Built, ChannelExports, exports_of
from dirac_forge.check.toolchain import toolchain_exports
from dirac_forge.feedstock.algebra import MigrationKeys
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import Variant, VariantRecipe, rendered_variants
from dirac_forge.recipe.reading.pins import pinned_range
from dirac_forge.recipe.reading.recipe_text import Format, ReadOutput, ReadRequirement, RecipeError, RenderedRecipe

__all__ = ["Built", "ChannelExports", "build", "exports_of", "host_spec"]

_BARE_VERSION = re.compile(r"[0-9][0-9A-Za-z_.!+-]*")
_BUILD_STRING = re.compile(r"[A-Za-z0-9_.+]{1,64}")
_PYTHON = re.compile(r"(\d+)\.(\d+)")


def build(
    recipe: VariantRecipe,
    *,
    feedstock: str,
    channel: Channel,
    exports: ChannelExports,
    platforms: Sequence[str],
    pinning: Pinning | None,
    migrations: Sequence[MigrationKeys] = (),
) -> tuple[Built, ...]:
    """What a feedstock would make for these platforms, each package once.

    Args:
        recipe: with the files beside it.
        feedstock: its name.
        channel: where host environments are solved.
        exports: run_exports of what it is built with.
        platforms: those that conda-forge.yml does not enable are left out; `noarch_platforms` make noarch packages.
        pinning: conda-forge-pinning; None: nothing is pinned but the Pythons.
        migrations: applied on top of the pinning.

    Raises:
        RecipeError: the recipe does not render; with file and line.
        UnknownError: the channel can't be read.
    """
    found: dict[tuple[str, str], Built] = {}
    enabled = [one.platform for one in recipe.forge.platforms]
    for platform in dict.fromkeys((*platforms, *recipe.forge.noarch_platforms)):
        if platform not in enabled and platform not in recipe.forge.noarch_platforms:
            continue
        for variant, rendered in rendered_variants(recipe, pinning, migrations, platform=platform):
            if platform not in recipe.forge.noarch_platforms and all(output.noarch for output in rendered.packages):
                continue  # made elsewhere
            for one in _Variant(recipe, feedstock, channel, exports, variant, rendered).packages():
                noarch = one.record.noarch is not None
                if noarch and platform not in recipe.forge.noarch_platforms:
                    continue
                if not noarch and (platform not in platforms or platform not in enabled):
                    continue
                found.setdefault((one.record.subdir, one.record.file), one)
    return tuple(found.values())


def host_spec(need: ReadRequirement, written: Format) -> str:
    """The version spec of a host requirement as the solver gets it: a bare version means any build of that line."""
    from_variant = need.text.strip() == need.name and bool(need.spec)
    if (from_variant or written == "v0") and _BARE_VERSION.fullmatch(need.spec):
        return f"{need.spec}.*"
    return need.spec


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
    ) -> None:
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
        """What this variant makes."""
        for output in self.outputs.values():
            self._look_for_mistakes(output)
        drafts = {name: self._draft(output) for name, output in self.outputs.items()}
        builds: dict[str, str] = {}
        for name in drafts:
            self._build_string(name, drafts, builds, ())
        found = []
        for name, draft in drafts.items():
            output = self.outputs[name]
            depends = tuple(_exactly(spec, self.outputs, builds) for spec in draft.depends)
            record = Record(
                name=name,
                version=output.version,
                build=builds[name],
                build_number=output.build_number or 0,
                subdir="noarch" if output.noarch else self.platform,
                depends=depends,
                constrains=tuple(_exactly(spec, self.outputs, builds) for spec in draft.constrains),
                noarch=output.noarch,
            )
            exports = exports_of(output.run_exports, output.version)
            found.append(
                Built(
                    feedstock=self.feedstock,
                    record=record,
                    platform=self.platform,
                    variant=self.variant.values,
                    exports=exports,
                    unknown=draft.unknown,
                    unknown_tools=draft.unknown_tools,
                )
            )
        return found

    def _look_for_mistakes(self, output: ReadOutput) -> None:
        """What a build would stop at: a version or requirement that conda can't parse."""
        try:
            Version(output.version)
        except InvalidVersionError as exc:
            why = "a variable that is not set renders as nothing" if not output.version else str(exc)
            raise RecipeError(
                f"{output.name}: the version {output.version!r} is none: {why}", path=self.recipe.text.path
            ) from exc
        for need in (*output.of("run"), *output.of("run_constrained"), *output.of("host")):
            if need.kind == "package" and need.name and parsed(f"{need.name} {need.spec}".strip()) is None:
                raise RecipeError(
                    f"{output.name}: {need.text!r} is not a package spec", path=self.recipe.text.path, line=need.line
                )

    def _draft(self, output: ReadOutput) -> _Draft:
        build = output.of("build")
        host = output.of("host")
        if not host and not any(need.kind == "compiler" for need in build):
            host, build = build, ()
        solved = self._host(host, output)
        self.exports.look([solved[need.name] for need in host if need.name in solved], self.platform)
        gained = _Gained()
        for need in build:
            self._take(need, solved=None, output=output, gained=gained)
        for need in host:
            self._take(need, solved=solved, output=output, gained=gained)
        depends = [self._run(need, output, solved) for need in output.of("run")]
        ignored = set(output.ignore_run_exports)
        depends += [spec for spec in gained.depends if name_of(spec) not in ignored]
        constrains = [self._run(need, output, solved) for need in output.of("run_constrained")]
        constrains += [spec for spec in gained.constrains if name_of(spec) not in ignored]
        tidy = _tidy if self.rendered.format == "v0" else _once
        return _Draft(
            tidy(depends),
            tidy(constrains),
            tuple(sorted(set(gained.unknown))),
            tuple(sorted(set(gained.unknown_tools))),
        )

    def _host(self, needs: Sequence[ReadRequirement], output: ReadOutput) -> Mapping[str, Record]:
        """The packages that a host environment would have; where it can't be solved as a whole, the newest that fit.

        So too for a noarch package, whose versions in host decide nothing but what `pin_compatible` says.
        """
        index = self.channel.index(self.platform)
        specs = {}
        for need in needs:
            if need.kind in ("package", "pin_compatible") and need.name and need.name not in self.outputs:
                specs[need.name] = f"{need.name} {host_spec(need, self.rendered.format)}".strip()
        index.prefetch(specs)
        there = tuple(sorted(spec for name, spec in specs.items() if index.match(spec)[1]))
        if not there:
            return {}
        decides = output.noarch is None or any(need.kind == "pin_compatible" for need in output.requirements)
        found = self.exports.host(there, self.platform) if decides else None
        if found is not None:
            return {name: found[name] for name in specs if name in found}
        fitting = {}
        for name, spec in specs.items():
            _, mask = index.match(spec)
            record = next((one for at, one in enumerate(index.group(name).records) if mask >> at & 1), None)
            if record is not None:
                fitting[name] = record
        return fitting

    def _take(
        self,
        need: ReadRequirement,
        *,
        solved: Mapping[str, Record] | None,
        output: ReadOutput,
        gained: _Gained,
    ) -> None:
        """Add what one requirement of build (`solved` None) or host exports."""
        if not need.name or need.name in output.ignore_run_exports_from:
            return
        found: RunExports | None
        sibling = self.outputs.get(need.name)
        if sibling is not None:
            found = exports_of(sibling.run_exports, sibling.version)
        elif solved is None:
            found = toolchain_exports(need.name, need.spec)
            if found is None:
                record = self._newest(f"{need.name} {host_spec(need, self.rendered.format)}".strip())
                found = self.exports.of(record, self.platform) if record else None
        else:
            record = solved.get(need.name)
            found = self.exports.of(record, self.platform) if record else None
        if found is None:
            tool = solved is None or output.noarch is not None
            (gained.unknown_tools if tool else gained.unknown).append(need.name)
            return
        if output.noarch:
            gained.depends += found.noarch
        elif solved is None:
            gained.depends += found.strong
            gained.constrains += found.strong_constrains
        else:
            gained.depends += (*found.strong, *found.weak)
            gained.constrains += (*found.strong_constrains, *found.weak_constrains)

    def _newest(self, spec: str) -> Record | None:
        name, mask = self.channel.index(self.platform).match(spec)
        records = self.channel.index(self.platform).group(name).records if name else ()
        return next((one for at, one in enumerate(records) if mask >> at & 1), None)

    def _run(self, need: ReadRequirement, output: ReadOutput, solved: Mapping[str, Record]) -> str:
        """A run requirement as the record has it."""
        if need.kind == "pin_subpackage" and need.pin.get("exact", "").lower() in ("true", "1"):
            return f"{need.name} =exact="
        if need.kind == "pin_compatible":
            record = solved.get(need.name)
            return f"{need.name} {pinned_range(record.version, need.pin)}" if record else need.name
        if need.name == "python" and not need.spec and not output.noarch and self.rendered.format == "v0":
            # The default of conda-build's `pin_run_as_build`; rattler-build leaves it to python_abi.
            minor = _PYTHON.match(self.variant.values.get("python", ""))
            if minor:
                return f"python >={minor[0]},<{minor[1]}.{int(minor[2]) + 1}.0a0"
        if _BARE_VERSION.fullmatch(need.spec) and self.rendered.format == "v0":
            return f"{need.name} {need.spec}.*"
        return f"{need.name} {need.spec}".strip()

    def _build_string(
        self, name: str, drafts: Mapping[str, _Draft], builds: dict[str, str], above: tuple[str, ...]
    ) -> str:
        """A build string of conda's kind, with a hash of all that the package depends on."""
        if name in builds or name in above:
            return builds.get(name, "")
        output, draft = self.outputs[name], drafts[name]
        written = output.build_string or ""
        number = output.build_number or 0
        if _BUILD_STRING.fullmatch(written) and "__" not in written:
            builds[name] = written
            return written
        parts = [
            output.name,
            output.version,
            output.noarch or self.platform,
            *draft.depends,
            *draft.constrains,
            *draft.unknown,
        ]
        exact = [spec.removesuffix(" =exact=") for spec in draft.depends if spec.endswith(" =exact=")]
        parts += [self._build_string(other, drafts, builds, (*above, name)) for other in exact if other in drafts]
        digest = hashlib.sha1(json.dumps(parts).encode(), usedforsecurity=False).hexdigest()[:7]
        tag = "h"
        if output.noarch == "python":
            tag = "pyh"
        elif any(name_of(spec) == "python_abi" for spec in draft.depends if not spec.endswith("=")):
            minor = _PYTHON.match(self.variant.values.get("python", ""))
            tag = f"py{minor[1]}{minor[2]}h" if minor else "h"
        builds[name] = f"{tag}{digest}_{number}"
        if _BUILD_STRING.fullmatch(written):
            # The hash (and the number) that only a build knows left a gap, which a name around it must not lose.
            builds[name] = written.replace("__", f"{digest}_{number}_", 1)
        return builds[name]


@dataclass(frozen=True, slots=True)
class _Draft:
    depends: tuple[str, ...]
    constrains: tuple[str, ...]
    unknown: tuple[str, ...]
    unknown_tools: tuple[str, ...]


@dataclass(slots=True)
class _Gained:
    depends: list[str] = field(default_factory=list)
    constrains: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unknown_tools: list[str] = field(default_factory=list)


def _exactly(spec: str, outputs: Mapping[str, ReadOutput], builds: Mapping[str, str]) -> str:
    if not spec.endswith(" =exact="):
        return spec
    name = spec.removesuffix(" =exact=")
    output = outputs.get(name)
    return f"{name} {output.version} {builds[name]}" if output else name


def _whole(output: ReadOutput, whole: ReadOutput | None) -> ReadOutput:
    """An output of meta.yaml that names the recipe's own package and says no more has the requirements of the whole."""
    if whole is None or output.requirements:
        return output
    return replace(output, requirements=whole.requirements, run_exports=output.run_exports or whole.run_exports)


def _once(specs: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(spec for spec in specs if spec))


def _tidy(specs: Sequence[str]) -> tuple[str, ...]:
    """Each spec once; a bare name says nothing beside a spec of the same name."""
    named = {spec.partition(" ")[0] for spec in specs if " " in spec}
    return tuple(dict.fromkeys(spec for spec in specs if spec and (" " in spec or spec not in named)))
