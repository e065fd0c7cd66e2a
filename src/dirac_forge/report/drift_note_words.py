"""Notes on the requirements of a bump as sentences without a full stop."""

from __future__ import annotations

from dirac_forge.bump.drift.drift_notes import DriftNote, DriftNoteKind
from dirac_forge.recipe.notes import filled

WORDS: dict[DriftNoteKind, str] = {
    "add-by-hand": "add {requirement} to {section} by hand ({evidence})",
    "backport": "{package} is in the standard library, and is not added ({evidence})",
    "bound-not-compared": "{requirement} can't be compared with upstream's ({evidence})",
    "bound-of-maintainers": "{requirement} is the maintainers' own and stays; upstream asks for {evidence}",
    "built-with-too": "upstream now also builds with {evidence}; check whether host needs it",
    "built-without": "{package} stays in {section}; upstream builds without it now (was {evidence})",
    "commands-new": "upstream has new commands, add entry_points: {commands}",
    "commands-unknown": "upstream's commands can't be read; check entry_points",
    "command-of-maintainers": "{command} is the maintainers' own and stays",
    "extra-changed": "{requirement} of {section} stays; upstream's extra {extras} changed to {evidence:|}",
    "extra-open": (
        "upstream's extras {extras:and} fit run equally well and disagree about {package}; check which one this is "
        "({evidence:|})"
    ),
    "host-without-pip": (
        "host lacks pip and setuptools, and Python {python} and later have neither distutils nor setuptools; they "
        "are not added, because the release is older than this rule ({uploaded}): add them, or limit python"
    ),
    "host-without-setuptools": (
        "host lacks setuptools, which conda-forge's pip does not install with Python {python} or later; it is not "
        "added, because the release is older than this rule ({uploaded}): add it, or limit python"
    ),
    "imports-gone": "upstream no longer installs any of {modules}; test something else",
    "languages-new": "upstream's sources are now also in {languages}; check the compilers in build",
    "languages-new-rust": (
        "upstream's sources are now also in {languages}; check the compilers in build, and add "
        "cargo-bundle-licenses for the "
        "licences of its crates"
    ),
    "libraries-new": "upstream's build files now name {libraries}; check whether host needs it",
    "licence-changed": "upstream's licence is now {now} (was {before:or not stated})",
    "licence-differs": "its licence files changed; upstream's licence is {upstream}, the recipe's {recipe}",
    "licence-files-gone": (
        "{files} {files:is|are} no longer in upstream's sdist; its licence files are {now:or not stated}"
    ),
    "licence-unknown": (
        "upstream's licence changed, and can't be read now (was {before}); check its metadata and licence files"
    ),
    "may-become-noarch": "it may become `noarch: python`: {reason}",
    "modules-gone": "modules that upstream no longer installs: {modules}; check the tests",
    "newcomer": "{package} is a new project of the family: add an output for it by hand",
    "no-project": "upstream requires {package}, but the index has no such project, so it is not added ({evidence})",
    "old-pythons": (
        "{package} is new for Pythons that the channel no longer builds for, and is not added ({evidence})"
    ),
    "platforms-needless": "noarch_platforms of conda-forge.yml is no longer needed: one build serves all",
    "python-admitted": (
        "upstream excludes Python {pythons} (Requires-Python: {requires}), and the recipe admits {pythons:it|them}; "
        "check whether the {pythons:build is|builds are} skipped"
    ),
    "python-admitted-noarch": (
        "upstream excludes Python {pythons} (Requires-Python: {requires}), and the recipe admits {pythons:it|them}; "
        "check whether the recipe has to say so"
    ),
    "python-ceiling": (
        "upstream's upper bound of Python changed to {now:or none} (was {before:or none}); check whether the recipe "
        "has to say so"
    ),
    "python-ceiling-of-maintainers": "python {bounds:,} is the maintainers' own and stays; upstream asks for {floor}",
    "python-floor-fell": (
        "upstream no longer needs Python {before} ({floor}), and the recipe still asks for it; check whether it has to"
    ),
    "python-floor-kept": ("{requirement} is lower than upstream's ({floor}), which did not change in this release"),
    "python-floor-lower": "{requirement} is lower than upstream's ({floor}); the channel builds for {python} and later",
    "python-min-test": "also test with python_min",
    "python-min-unset": "set python_min to {python} ({floor})",
    "python-raise-by-hand": "raise {package} to >={python} ({floor})",
    "python-skips": "check whether Pythons before {python} are skipped ({floor})",
    "python-unknown": (
        "upstream's Requires-Python is {requires:or not stated statically} now, which can't be compared; check "
        "python in host and run"
    ),
    "remove-by-hand": "remove {package} by hand",
    "remove-by-hand-was": "remove {package} by hand (was {evidence})",
    "required-elsewhere": "{package} stays; {requiring} now requires it only elsewhere (was {evidence})",
    "requirement-malformed": "an upstream requirement was not compared: {problem}",
    "requirements-computed": (
        "{releases:and} {releases:computes|compute} requirements in the build, so not all of them are known; check "
        "whether run has lines that are no longer needed"
    ),
    "sdist-missing": (
        "build requirements were not compared, because {releases:and} {releases:has|have} no readable sdist; check host"
    ),
    "some-systems": "{requirement} is new, on some systems only; a noarch package can't express that ({evidence})",
    "sources-new": "upstream's sources are now also in {languages}; check whether it can stay noarch",
    "stdlib-by-hand": "add stdlib('c') next to the compiler by hand",
    "stdlib-not-asked": (
        "conda-forge requires stdlib('c') next to compilers; it is not added, because the release is older than "
        "this rule ({uploaded})"
    ),
    "systems-stay": "{packages} {packages:stays|stay}; check whether anything else still needs a build for each system",
    "test-tool": "{package} is a test tool that upstream requires at run time; it is not added ({evidence})",
    "unmet-unknown": (
        "could not read the edited recipe ({problem}); whether it meets upstream's requirements is unknown"
    ),
    "upstream-unread": "could not read {files:few}, so what changed there is unknown; check host and the tests",
    "url-required": "{package} is required by upstream from a URL, so check its version by hand ({evidence})",
    "version-not-asked": "{package} stays without a version; upstream went from {before} to {evidence}",
    "write-by-hand": "write {requirement} by hand ({evidence})",
}


def drift_note_words(note: DriftNote) -> str:
    """Return a note with its output and line."""
    place = f", line {note.line}" if note.line else ""
    text = filled(WORDS[note.kind], note.facts)
    return f"{note.output}{place}: {text}" if note.output else text
