"""What packages export to those that are built with them, from the channel or from the recipes at hand."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from functools import cache

from dirac_forge.channel.records import Record, RunExports
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.errors import ForgeError, InputError
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import rendered_variants
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.recipe.reading.pins import pinned_range
from dirac_forge.recipe.reading.recipe_text import ReadRunExport
from dirac_forge.upstream.once import Once
from dirac_forge.values import dataclass

AtHand = Callable[[str], tuple[ReadRunExport, ...] | None]
"""The run_exports that a recipe at hand writes for a package, or None if no recipe makes it."""
_REQUESTS = 8
_PYTHON = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """One package that a build would make."""

    feedstock: str
    record: Record
    platform: str
    """The platform of the variant; noarch packages are made on one too."""
    variant: Mapping[str, str] = field(default_factory=dict)
    exports: RunExports = field(default_factory=RunExports)
    unknown: tuple[str, ...] = ()
    """Packages in host whose run_exports are not known: the record may lack requirements that hang on them."""
    assumed: tuple[str, ...] = ()
    """Packages whose run_exports are not known and that are taken to export nothing, as nearly all of their kind do:

    those in build, those of which `toolchain.hardly_exports` says so, and whatever a noarch package is built with.
    """


class ChannelExports:
    """What packages export, from the channel, else from the recipes at hand. Safe to use from many threads."""

    def __init__(self, channel: Channel, at_hand: AtHand) -> None:
        """Ask nothing yet."""
        self._channel = channel
        self._at_hand = at_hand
        self._built: dict[tuple[str, str, str], RunExports] = {}
        self._hosts: dict[tuple[str, tuple[str, ...]], tuple[Record, ...] | None] = {}
        self._solved = Once[tuple[str, tuple[str, ...]], tuple[Record, ...] | None](
            lambda asked: _solved(channel, asked[1], asked[0])
        )
        self._lock = threading.Lock()

    def add(self, built: Iterable[Built]) -> None:
        """Note packages that would be built, so that their exports are known."""
        with self._lock:
            for one in built:
                self._built[one.record.name, one.record.version, one.record.build] = one.exports

    def host(self, specs: tuple[str, ...], platform: str) -> Mapping[str, Record] | None:
        """Return the environment that these specs give, by name, or None if they can't be solved. Solved once."""
        key = (platform, specs)
        found = self._hosts[key] = self._solved(key)
        return None if found is None else {record.name: record for record in found}

    def environments(self, platform: str) -> tuple[tuple[Record, ...], ...]:
        """Return the environments that `host` gave for a platform until now, each time the same tuples."""
        return tuple(hosts for (on, _), hosts in list(self._hosts.items()) if on == platform and hosts is not None)

    def look(self, records: Iterable[Record], platform: str) -> None:
        """Ask for what these export all at once, where each answer is a request over the network."""
        if self._channel.remote:
            with ThreadPoolExecutor(_REQUESTS) as executor:
                list(executor.map(lambda record: self.of(record, platform), records))

    def of(self, record: Record, platform: str) -> RunExports | None:
        """Return what `record` exports, or None if that is not known."""
        known = self._built.get((record.name, record.version, record.build))
        if known is not None:
            return known
        exact = self._channel.run_exports(record)
        if exact is not None:
            return exact
        if record.name == "python":
            return _python_exports(record)
        # Builds of one number come from the same text of the recipe, for another Python for instance.
        for sibling in self._channel.index(platform).group(record.name).records:
            alike = (sibling.version, sibling.build_number, sibling.subdir)
            if alike == (record.version, record.build_number, record.subdir):
                told = self._channel.run_exports(sibling)
                if told is not None:
                    return told
        written = self._at_hand(record.name)
        return None if written is None else exports_of(written, record.version)


def exports_of(written: Sequence[ReadRunExport], version: str) -> RunExports:
    """Return the run_exports that a recipe writes, for a build with `version`.

    A pin on a package of another recipe depends on host, which is not known here: only the name is returned.
    """
    found: dict[str, list[str]] = {}
    for one in written:
        need = one.requirement
        if need.kind == "pin_subpackage" and need.spec and "exact" not in need.pin:
            spec = f"{need.name} {pinned_range(version, need.pin)}".strip()
        else:
            spec = f"{need.name} {need.spec}".strip()
        found.setdefault(one.strength, []).append(spec)
    return RunExports(**{kind: tuple(specs) for kind, specs in found.items()})


def exports_at_hand(folders: Iterable[FeedstockFolder], pinning: Pinning | None) -> AtHand:
    """Return what the recipes at hand export; they are read when the first package is asked for."""

    @cache
    def known() -> dict[str, tuple[ReadRunExport, ...]]:
        found: dict[str, tuple[ReadRunExport, ...] | None] = {}
        for folder in folders:
            try:
                rendered = [one for _, one in rendered_variants(folder.read(), pinning, platform="linux-64")]
            except ForgeError:
                continue
            mine: dict[str, tuple[ReadRunExport, ...] | None] = {}
            for output in (output for one in rendered for output in one.packages):
                # Where variants export different things, it is not known which of them a build is.
                same = mine.setdefault(output.name, output.run_exports) == output.run_exports
                mine[output.name] = output.run_exports if same else None
            found = mine | found
        return {name: exports for name, exports in found.items() if exports is not None}

    return lambda name: known().get(name)


def _solved(channel: Channel, specs: tuple[str, ...], platform: str) -> tuple[Record, ...] | None:
    try:
        found = channel.solve(specs, platform=platform)
    except InputError:
        return None
    return found.packages if isinstance(found, Solution) else None


def _python_exports(record: Record) -> RunExports | None:
    """Return the interpreter's exports, which its recipe makes from the version and the end of the build string."""
    minor = _PYTHON.match(record.version)
    if minor is None:
        return None
    free = "t" if record.build.endswith("t") else ""
    return RunExports(weak=(f"python_abi {minor[0]}.* *_cp{minor[1]}{minor[2]}{free}",), noarch=("python",))
