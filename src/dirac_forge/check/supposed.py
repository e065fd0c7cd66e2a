"""Builds that are only supposed: what a package would need on a platform or with a Python that it has no build for."""

from __future__ import annotations

import re
from dataclasses import replace

from dirac_forge.channel.index import RecordIndex, parsed
from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel

_TOOLCHAIN = re.compile(
    r"__.*|python|python_abi|_python_abi3_support|cpython|libgcc(-ng|-devel)?|libstdcxx(-ng)?|libcxx|libgfortran(-ng|5)?"
    r"|libgomp|_libgcc_mutex|_openmp_mutex|llvm-openmp|vc|vc14_runtime|vs2015_runtime|vcomp14|ucrt|tzdata"
)
_PLATFORM = re.compile(r"_((?:linux|osx|win|freebsd|emscripten|wasi|zos)-[0-9a-z]+)(?=_|$)")
"""As in `ld_impl_linux-64`: such a package belongs to the compilers for that platform."""


def supposed_build(channel: Channel, platform: str, name: str, spec: str = "") -> tuple[Record, str] | None:
    """Return the build that a package would have for `platform`, and that for which its model was built.

    Without what the compilers of the other platform add, or None if no platform has a build, or if it is a part of
    another platform's compilers (`ld_impl_linux-64`). Raises UnknownError if a channel can't be read.
    """
    if platform_in(name) not in ("", platform):
        return None
    family = platform.partition("-")[0]
    for other in sorted(channel.platforms(), key=lambda one: (one.partition("-")[0] != family, one != "linux-64", one)):
        if other != platform:
            record = channel.index(other).newest(spec or name)
            if record is not None:
                return any_machine(record, channel.index(platform)), other
    return None


def any_machine(record: Record, index: RecordIndex) -> Record:
    """Return a build for any Python and machine, without what the compilers of the other platform add.

    Its build string stays, since packages of the same feedstock may ask for it; it asks for no build itself.
    """
    needs = (_on_platform(spec, index) for spec in record.depends if not _TOOLCHAIN.fullmatch(name_of(spec)))
    depends = tuple(_any_build(spec) for spec in needs if spec)
    if any(name_of(spec) == "python" for spec in record.depends):
        depends = (*depends, "python")
    return supposed(replace(record, subdir=index.platform, noarch=None), depends)


def platform_in(name: str) -> str:
    """Return the platform that a package's name ends with or has in it; "" for none."""
    found = _PLATFORM.search(name)
    return found[1] if found else ""


def _on_platform(spec: str, index: RecordIndex) -> str:
    """Return a requirement whose name has another platform in it for this one; "" if there is no such package."""
    name = name_of(spec)
    other = platform_in(name)
    if other in ("", index.platform):
        return spec
    own = name.replace(other, index.platform)
    return f"{own}{spec[len(name) :]}" if index.group(own).records else ""


def _any_build(spec: str) -> str:
    found = parsed(spec)
    if found is None or found.build is None:
        return spec
    return f"{found.name.normalized} {found.version or ''}".strip()


def supposed(record: Record, depends: tuple[str, ...]) -> Record:
    """Return a record with these dependencies, as no channel has it."""
    return replace(record, depends=depends, constrains=(), file_name="", channel="")
