"""What upstream calls a recipe's versions: a packager may have added an epoch or a `.postN`."""

from __future__ import annotations

import re

from dirac_forge.values import dataclass

_EPOCH = re.compile(r"\d+!")
_POST = re.compile(r"[._]post\d*$")


@dataclass(frozen=True, kw_only=True, slots=True)
class UpstreamVersions:
    """What a recipe's versions have and upstream's do not."""

    epoch: str = ""
    """With its mark: `1!`."""
    post: bool = False
    """Whether the ending `.postN` is the packager's."""

    def of(self, version: str) -> str:
        """Return what upstream calls a version that the recipe has, or could have."""
        released = version.removeprefix(self.epoch)
        return _POST.sub("", released) if self.post else released


SAME = UpstreamVersions()
"""Nothing is added: the recipe's versions are upstream's."""


def possible(version: str) -> tuple[UpstreamVersions, ...]:
    """Return what may be the packager's in a recipe's version, nothing of it first: upstream has epochs, too."""
    found = _EPOCH.match(version)
    epochs = ("", found[0]) if found is not None else ("",)
    posts = (False, True) if _POST.search(version) else (False,)
    return tuple(UpstreamVersions(epoch=epoch, post=post) for post in posts for epoch in epochs)
