"""Notes on the requirements of a bump as sentences without a full stop."""

from __future__ import annotations

from dirac_forge.bump.drift.drift_notes import DriftNote, DriftNoteKind
from dirac_forge.recipe.notes import filled

WORDS: dict[DriftNoteKind, str] = {
    "add-by-hand": "add {requirement} to {section} by hand ({evidence})",
    "backport": "{package} is in the standard library, and is not added ({evidence})",
    "bound-not-compared": "{requirement} can't be compared with upstream's ({evidence})",
    "bound-of-maintainers": "{requirement} is the maintainers' own and stays; upstream asks for {evidence}",
    "built-with-too": "upstream now also builds with {evidence}; see whether host needs it",
    "commands-new": "upstream has new commands, add entry_points: {commands}",
    "commands-unknown": "upstream's commands are not stated so that they can be read; see entry_points",
    "command-of-maintainers": "{command} is the maintainers' own and stays",
    "extra-changed": "{requirement} of {section} stays; upstream's extra {extras} changed to {evidence:|}",
    "host-without-pip": (
        "host lacks pip and setuptools, and Python {python} and later have neither distutils nor setuptools; they are "
        "not added to a release from before that ({uploaded}): add them, or bound python"
    ),
    "host-without-setuptools": (
        "host lacks setuptools, which conda-forge's pip does not install with Python {python} or later; it is not "
        "added to a release from before that ({uploaded}): add it, or bound python"
    ),
    "imports-gone": "upstream no longer installs any of {modules}; test something else",
    "languages-new": "upstream's sources are now also in {languages}; see the compilers in build",
    "languages-new-rust": (
        "upstream's sources are now also in {languages}; see the compilers in build, and cargo-bundle-licenses for the "
        "licences of its crates"
    ),
    "libraries-new": "upstream's build files now name {libraries}; see whether host needs it",
    "licence-changed": "upstream's licence is now {now} (was {before:or not stated})",
    "licence-differs": "its licence files changed; upstream's licence is {upstream}, the recipe's {recipe}",
    "licence-files-gone": (
        "{files} {files:is|are} no longer in upstream's sdist; its licence files are {now:or not stated}"
    ),
    "licence-unknown": (
        "upstream's licence changed, and can't be read now (was {before}); see its metadata and licence files"
    ),
    "may-become-noarch": "it may become `noarch: python`: {reason}",
    "modules-gone": "modules that upstream no longer installs: {modules}; see the tests",
    "newcomer": "{package} is new in the family: add an output for it by hand",
    "no-project": "upstream requires {package}, but the index has no such project, so it is not added ({evidence})",
    "old-pythons": (
        "{package} is new for Pythons that the channel no longer builds for, and is not added ({evidence})"
    ),
    "platforms-needless": "noarch_platforms of conda-forge.yml is no longer needed: one build serves all",
    "python-admitted": (
        "upstream excludes Python {pythons} (Requires-Python: {requires}), and the recipe admits {pythons:it|them}; "
        "see whether the {pythons:build is|builds are} skipped"
    ),
    "python-admitted-noarch": (
        "upstream excludes Python {pythons} (Requires-Python: {requires}), and the recipe admits {pythons:it|them}; "
        "see whether the recipe has to say so"
    ),
    "python-ceiling": (
        "upstream's upper bound of Python changed to {now:or none} (was {before:or none}); see whether the recipe has "
        "to say so"
    ),
    "python-ceiling-of-maintainers": "python {bounds:,} is the maintainers' own and stays; upstream asks for {floor}",
    "python-floor-fell": (
        "upstream no longer needs Python {before} ({floor}), and the recipe still asks for it; see whether it has to"
    ),
    "python-floor-kept": ("{requirement} is lower than upstream's ({floor}), which did not change in this release"),
    "python-floor-lower": "{requirement} is lower than upstream's ({floor}); the channel builds for {python} and later",
    "python-min-test": "test with python_min, too",
    "python-min-unset": "set python_min to {python} ({floor})",
    "python-raise-by-hand": "raise {package} to >={python} ({floor})",
    "python-skips": "see whether Pythons before {python} are skipped ({floor})",
    "python-unknown": (
        "upstream's Requires-Python is {requires:or not stated statically} now, which can't be compared; see python in "
        "host and run"
    ),
    "remove-by-hand": "remove {package} by hand",
    "remove-by-hand-was": "remove {package} by hand (was {evidence})",
    "required-elsewhere": "{package} stays; {requiring} now requires it only elsewhere (was {evidence})",
    "requirement-malformed": "a requirement of upstream's is not compared: {problem}",
    "requirements-computed": (
        "{releases:and} {releases:computes|compute} requirements in the build, so that not all of them are known; see "
        "whether run has lines that are no longer needed"
    ),
    "sdist-missing": (
        "what the build requires is not compared, because there is no sdist to read of {releases:and}; see host"
    ),
    "some-systems": "{requirement} is new, on some systems only; a noarch package can't express that ({evidence})",
    "sources-new": "upstream's sources are now also in {languages}; see whether it can stay noarch",
    "stdlib-by-hand": "add stdlib('c') next to the compiler by hand",
    "stdlib-not-asked": (
        "conda-forge requires stdlib('c') next to compilers; it is not added to a release from before that ({uploaded})"
    ),
    "systems-stay": "{packages} {packages:stays|stay}; see whether anything else still needs a build for each system",
    "test-tool": "{package} is a tool for tests that upstream requires at run time, and is not added ({evidence})",
    "unmet-unknown": (
        "could not read the edited recipe ({problem}); whether it has all that upstream requires is unknown"
    ),
    "upstream-unread": "could not read {files:few}, so what changed there is unknown; see host and the tests",
    "url-required": "{package} is required by upstream from a URL, so its version is for a person to see ({evidence})",
    "version-not-asked": "{package} stays without a version; upstream went from {before} to {evidence}",
    "write-by-hand": "write {requirement} by hand ({evidence})",
}


def drift_note_words(note: DriftNote) -> str:
    """Return a note with its output and line."""
    place = f", line {note.line}" if note.line else ""
    text = filled(WORDS[note.kind], note.facts)
    return f"{note.output}{place}: {text}" if note.output else text
