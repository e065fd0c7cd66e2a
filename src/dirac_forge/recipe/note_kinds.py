"""The kinds of notes on a recipe, with their words.

Those are here and not in `report`, because a recipe's own comments have them too.
"""

from __future__ import annotations

from enum import Enum


class NoteKind(Enum):
    """What a note says, with its facts in braces; `notes.filled` puts them in."""

    # The build
    NOARCH = "noarch: python, because {reason}"
    FOR_EACH_PLATFORM = "built for each platform, because {reason}"
    DOUBTFUL_NOARCH = "noarch, because {reason}; check that nothing compiled is missed"
    STABLE_ABI = "one build for all Pythons: the wheels are for the stable ABI from {python} on"
    STABLE_ABI_LATER = (
        "the one build is for Python {python}, because upstream needs that, and the channel's is_python_min is {oldest}"
    )
    NOTHING_BUILT = (
        "with {pinning}, every variant of {outputs:and} is skipped on {platforms:and}: a build would make no package; "
        "correct skip"
    )
    PYTHON_2_WHEEL = "its only wheel is for Python 2 ({wheel}): see whether it runs on Python 3"
    NO_SDIST_COMPILED = "there is no sdist to look at: fill in compilers, libraries and build requirements"
    NO_SDIST_HOST = "without an sdist the build requirements are unknown: fill in host"
    ONLY_WHEELS = "skipped on all systems but {system}, because its wheels are for {system} only, and there is no sdist"
    ONLY_CLASSIFIER = "skipped on all systems but {system}, because its only classifier of a system is {classifier}"
    ONLY_FRAMEWORK = "skipped on all systems but {system}, because setup.py links a framework of macOS"
    NO_WHEELS_FOR = (
        "upstream has no wheels for {systems:and}, and no classifier names {systems:it|them}: add a skip if it can't "
        "be built there"
    )
    NO_WHEELS_BUT_CLASSIFIER = (
        "upstream has no wheels for {systems:and}, but a classifier names {systems:it|them}: it should build there"
    )
    UNTRIED_PYTHONS = (
        "no wheels for Python {pythons:and}, newest classifier: {classified:or none}: check that it builds there, else "
        'skip match(python, ">={first}")'
    )
    UNTRIED_CYTHON = (
        "no wheels for Python {pythons:and}, newest classifier: {classified:or none}, and {sdist} has C that Cython "
        'made ({generated}): check that it builds there, else skip match(python, ">={first}")'
    )
    UNCLASSIFIED_PYTHONS = (
        "there are no wheels, newest classifier: {classified:or none}: check that it builds for Python {pythons:and}, "
        'else skip match(python, ">={first}")'
    )
    EVERY_PYTHON_3 = (
        "its wheels are for every Python 3 (py3-none): what is compiled does not depend on Python, and one build for "
        "each platform could serve them all (python: version_independent)"
    )
    NO_LIBRARY_NAMED = "no known system library is named in the build files: check host"
    LIBRARY_ELSEWHERE = (
        "no known system library is named in the build files, but {path} tells where one is ({evidence}): check host"
    )
    QT_FOR_QMAKE = (
        "{package} in host, because PyQt-builder runs its qmake: check that it is the Qt that upstream builds with"
    )
    UNREAD_BUILD_FILES = "could not read {paths:few}: look there for libraries, and add them to host"
    NO_SOURCES = "{sdist} has no source in C, C++, Fortran or Rust: check which compilers the build needs"
    CXX_GUESSED = (
        "a C++ compiler, because {sdist} has {files:few}, and no build file tells whether the build compiles "
        "{files:it|them}: check"
    )
    LINKED_LIBRARIES = (
        "{packages} in host, because {path} names {packages:it|them}: check that {packages:it is|they are} used, and "
        "{packages:its|their} run_exports"
    )
    LIBRARY_CHOICE = (
        "{package} in host, because {path} takes the first of {names} that is there ({others:|} would do, too): check "
        "that it is used, and its run_exports"
    )
    PROGRAMS_RUN = "{programs:and} in build, because {path} runs {programs:it|them}: check that a build gets there"
    UNKNOWN_LIBRARIES = (
        "{path} looks for {names}, whose {names:package is|packages are} not known: add "
        "{names:it to host if it is used|to host those that are used}"
    )
    MPI = (
        "{path} looks for MPI, which conda-forge has in variants: build one package for each (mpi in a "
        "conda_build_config.yaml, `mpi` in host), or without it, see "
        "https://conda-forge.org/docs/maintainer/knowledge_base/#message-passing-interface-mpi"
    )
    UNKNOWN_IN_FILES = "{paths:few} look for {names}, whose packages are not known: add to host those that are used"
    CARRIED_PROJECTS = (
        "{sdist} has sources of other projects ({folders:few}), and only their build files look for {names:and}: add "
        "to host what a build of them uses"
    )
    INCLUDED_LIBRARY = (
        "{path} includes {header}, and no build file names the library: add {package} to host if that part is compiled"
    )
    FETCHES_PROJECTS = (
        "{path} can download {names} during the build, which conda-forge does not accept: add "
        "{names:its package|their packages} to host, or {names:its source|their sources} to the recipe"
    )
    DOWNLOADS_FILES = (
        "{path} can download files during the build, which conda-forge does not accept: add their sources to the recipe"
    )
    NATIVE_CODE = "{path} builds for the CPU of the build machine only ({flag}): switch that off or patch it out"
    BUNDLED_SWITCHED = (
        "{packages} in host, because {sdist} has {packages:its|their} sources ({folders}): {variables:and} "
        "{variables:lets|let} the build link the channel's"
    )
    BUNDLED = (
        "{packages} in host, because {sdist} has {packages:its|their} sources ({folders}): let the build link the "
        "channel's instead"
    )
    CONFIGURED = (
        "{path}, which setup.py may run, looks for {names}: add {packages} to host, but for what is switched off there"
    )
    CONFIGURED_UNKNOWN = (
        "{path}, which setup.py may run, looks for {names}, whose {names:package is|packages are} not known: add to "
        "host what is used"
    )
    CRATES_COMPUTED = (
        "setup.py computes the path of a crate: check that cargo-bundle-licenses runs for each crate that is compiled"
    )
    CRATES_NEED = (
        "{packages:and} in build, because {crates:and} of Cargo.lock {crates:needs|need} {packages:it|them}: check "
        "that the build compiles {crates:that crate|these crates}"
    )
    CRATE_MAY_NEED = (
        "{crate} of Cargo.lock may need {packages:and} in build, which depends on its features and the system"
    )
    CRATE_LIBCLANG = (
        "the crate clang-sys looks for libclang in the folder LIBCLANG_PATH: set it to the one in build "
        "($BUILD_PREFIX/lib) if the build does not find it"
    )
    CRATE_OPENSSL = (
        "openssl in host and pkg-config in build, because Cargo.lock has {crate}: on Windows it needs OPENSSL_DIR "
        "(%LIBRARY_PREFIX%); check that openssl is used, and its run_exports"
    )
    CRATE_OPENSSL_VENDORED = (
        "openssl in host and pkg-config in build, because Cargo.lock has {crate}: OPENSSL_NO_VENDOR=1 lets the build "
        "link the channel's; on Windows it needs OPENSSL_DIR (%LIBRARY_PREFIX%); check that openssl is used"
    )
    MISSING_SUBMODULES = "the archive lacks git submodules ({paths}): add their sources, or take a release's sdist"
    MISSING_JAVASCRIPT = (
        "{tool} runs npm, because {sdist} has no built JavaScript: add nodejs to host, or take a release's sdist"
    )
    OLD_2TO3 = (
        "setuptools <{removed} in host, because setup.py asks for use_2to3, which setuptools {removed} removed: check "
        "that it has a build there"
    )
    OLD_PKG_RESOURCES = (
        "setuptools <{removed} in host, because setup.py imports pkg_resources, which setuptools {removed} removed: "
        "check that it has a build there"
    )
    SETUP_IMPORTS = (
        "setup.py imports {modules:and}, which no build requirement is known to bring: add "
        "{modules:its package|their packages} to host"
    )
    DEAD_DISTRIBUTE = (
        "setup.py asks for distribute, which became setuptools: left out of host; a patch has to take it out if the "
        "build fails"
    )
    BROUGHT_INTO_HOST = (
        "{tools:and} in host {tools:requires|require} {package}, and a build leaves out of its package what is there "
        "before: check that the package is complete, or build it without {tools:it|them}"
    )
    RELAXED_PIN = "{requirement}: relaxed to {relaxed}, because the channel builds with the versions that it has"
    LEFT_OUT_OF_HOST = (
        "{package} left out of host: upstream builds with it, and neither the channels nor the index have it; check "
        "that the build does without"
    )

    # Sources
    BUILD_TOOLS_NOWHERE = (
        "{sdist} is built with {tools}, which neither the channels nor the index have: the wheel is installed as it is"
    )
    FILES_LOST = "{sdist} lacks files that the wheel has ({files:few}): the wheel is installed as it is"
    NO_SDIST_WHEEL = "upstream published no sdist: the wheel is installed as it is"
    NO_SDIST_TAG = "upstream published no sdist: check the tag's archive of its repository, and fill in sha256"
    NO_SDIST_NOWHERE = "upstream published no sdist and names no repository: fill in the source"
    NO_SHA256 = "the SHA-256 of {file} is not known: fill in sha256 once the index has the file"
    LOCAL_SOURCE = "the source is on this machine: replace it by the release's archive once that is published"
    NEWER_RELEASES = "{newer:a newer release is|newer releases are} left out: {newer:few}"
    LOCAL_WHEEL = "the wheel that was given is installed as it is; make the recipe from an sdist if there is one"
    UPSTREAM_PROBLEM = "{problem}"

    # Requirements
    MALFORMED_VERSION = "requirement without its version: {problem}"
    MALFORMED = "requirement left out: {problem}"
    RELEASE_OF_SYSTEM = "left out, because a recipe can't test the release of a system: {requirement}"
    RELEASE_NOT_TESTED = (
        "a recipe can't test the release of a system: {requirement} is required where the rest of its marker holds; "
        "check"
    )
    LATER_PYTHON = (
        "left out, because the channel has no Python {python} yet: {requirement}; add it to run once there is one"
    )
    URL_REQUIRED = "{project}: upstream requires it from a URL, which conda can't do: {requirement}"
    UNKNOWN_EXTRA = "{extra}: could not find out what the extra adds; add its requirements to run"
    NO_SUCH_EXTRA = "{extra}: {release} has no such extra; it adds nothing"
    UNFOLDED_EXTRA = "{extra}: no package for the extra is known; what it adds is required: {packages}"
    OWN_PACKAGE = (
        "left out of run, because it is called {package} in conda, as the package of this recipe: {requirement}; if it "
        "is another package, name that in [tool.dirac-forge.names]"
    )
    EXTRA_IN_RUN = "the requirements of the extra {extra} are in run, as asked for"
    EXTRA_ELSEWHERE = "the extra {extra} is not in run: conda-forge has it as the package {package}"
    CONTRADICTION = "{package}: no version satisfies all requirements ({origins:|}): tell upstream"
    SOME_SYSTEMS = (
        "{packages}: required on some systems only; there is one noarch variant for each ({markers:and}), built on "
        "{platforms:and} (noarch_platforms in conda-forge.yml)"
    )
    WIDENED_CONDITION = (
        "{package}: the marker combines Python and platform; the condition in the recipe is wider: {origin}"
    )
    SOME_PYTHONS = (
        "{package}: required on some Pythons only; one build serves all Pythons, so it is required on all: {origins:|}"
    )
    BOUNDS_BY_PYTHON = (
        "{package}: upstream's bounds differ between Pythons ({origins:|}); one build serves all Pythons, so it "
        "requires {written:and} on all"
    )
    SOME_MACHINES = (
        "{package}: required on some machines only; a noarch package requires it on all of {systems:and}: {origin}; "
        "only builds for each platform could tell them apart"
    )
    NO_COMMON_VERSION = (
        "{package}: no version satisfies all requirements ({origins:|}); the range in the recipe covers them all, and "
        "admits versions that upstream excludes; only builds for each platform and Python could tell them apart"
    )
    OUTSIDE_OF_PIP = (
        "upstream requires {names}, which pip does not install: look for the packages, and add them to {section}"
    )
    COMPUTED_REQUIREMENTS = "its requirements are computed when it is built: fill in run"
    LOADED_LIBRARIES = (
        "{packages:and} in run, because {path} loads {packages:that library|these libraries}: check that it does on "
        "every platform"
    )
    LOADED_ON_SOME_SYSTEMS = (
        "{path} loads a library that only {systems:and} {systems:takes|take} from conda-forge: add {package} to run "
        "there if it is needed"
    )
    LOADED_LATER = (
        "{path} loads a library of {packages:and}, and importing the package does not load {path}: add "
        "{packages:it|them} to run if that part is used"
    )
    LOADED_UNKNOWN = (
        "{path} loads {names:few} while it runs, whose {names:package is|packages are} not known: add to run what is "
        "needed"
    )
    CFFI = "cffi in run too: the extension that it compiles imports it"
    CFFI_WITHOUT_CEILING = (
        "cffi in run too: the extension that it compiles imports it; the upper bounds are left to the build"
    )
    BACKPORT = (
        "{project} is in Python since {python}, and the backport may have no package or break today's Pythons: patch "
        "the requirement out, and tell upstream"
    )
    IN_CHANNEL = "{package} in run: the channel's {build} has it, upstream does not declare it"
    WHOLE_UNKNOWN = "{package} requires more than {own}, and its newest build is not known here: fill in its run"
    WHOLE_BY_TABLE = (
        "{package} requires {adds:and} by the table of names; its newest build is not known here: check its run"
    )
    WHOLE = "{package} is {own} and more: its requirements are those of {build} in the channel"
    UNKNOWN_SIBLING = "{package} requires {sibling} of its own version: add that output, and to run"
    CHANNEL_SAME = "{channel} has {packages:and} already: staged-recipes takes new packages only"
    CHANNEL_OLDER = (
        "{channel} has {packages:and} already: staged-recipes takes new packages only, bump "
        "{packages:its|their} feedstock"
    )
    CHANNEL_NEWER = (
        "{channel} has {packages:and} already, newer than this recipe: staged-recipes takes new packages only, an "
        "older release belongs on a branch of {packages:its|their} feedstock"
    )
    NEW_NAMES = (
        "called as on the index, which no table or channel confirms: {projects} ([tool.dirac-forge.names] corrects "
        "{projects:it|them})"
    )
    UNCONFIRMED_NAMES = "names of packages that no channel confirmed: {names}"
    GUESSED_NAMES = (
        "guessed names of packages: {names} ({evidence:;}); [tool.dirac-forge.names] corrects {names:it|them}"
    )
    STANDS_IN = "{project} is {other} with its libraries in the wheels: make the recipe from {other} instead"
    WRAPS = (
        "{project} only brings {package} for pip, and this recipe would replace conda-forge's own {package}: require "
        "that package instead, or give this one another name in [tool.dirac-forge.names]"
    )
    GIVEN_UP = "upstream says: {summary}. Check that {project} is the project you want"
    GIVEN_UP_FOR = (
        "upstream says: {summary}. Check that {project} is the project you want; the package {package} is made from "
        "{other}"
    )

    # Outputs and tests
    ALIAS = "{package} only requires {main}: conda-forge has both names, and both are used"
    ALL_OUTPUTS = "{package} requires {outputs:and}: conda-forge has such a package, upstream has no extra for it"
    EXTRA_OUTPUT = "{package} is {main} with its extra {extra}, which conda-forge has as a package"
    COMMAND_OF_ONE_PYTHON = "the command {command} is left out: its name has the Python of upstream's wheel"
    BAD_ENTRY_POINT = "an entry point is left out, because it is not `name = module:function`: {entry_point!r}"
    COMMANDS_NEED_EXTRAS = (
        "{needing:the command|the commands} {needing:few} {needing:needs|need} the {extras:extra|extras} {extras:and}, "
        "which {extras:is|are} not in run: not tested; `dirac-forge recipe '{project}[{extras:,}]'` adds "
        "{extras:it|them}"
    )
    COMMANDS_OF_OUTPUT = (
        "{needing:the command|the commands} {needing:few} {needing:needs|need} the extra {extras}, which only the "
        "output {output} has"
    )
    COMMANDS_NEED_UNKNOWN_EXTRAS = (
        "{needing:the command|the commands} {needing:few} {needing:needs|need} the {extras:extra|extras} {extras:and}, "
        "whose requirements are not known: not tested; add them to run, and the commands to the test"
    )
    SCRIPTS = (
        "upstream installs scripts instead of entry points ({scripts}): in a noarch package they do not start on "
        "Windows; ask upstream for entry points"
    )
    STUBS_ONLY = "it installs type stubs only ({packages}): there is nothing to import"
    PROGRAMS_ONLY = "it installs no modules: the {programs:program is|programs are} the package ({programs})"
    PROGRAM_TESTED = "its test runs `{program} --help`, because it installs that program: check that it answers"
    NO_MODULES = "it installs no modules: only its requirements matter"
    UNKNOWN_MODULES = "could not find out which modules it installs: fill in the imports of its test"
    SIBLING_IMPORTED = (
        "{path} imports {module} of {package}, which upstream does not require: it is in run; tell upstream"
    )
    SHARED_FOLDERS = "the wheel installs {folders:and} at the top of site-packages: remove that, and tell upstream"
    IMPORT_REMOVED = (
        "{path} imports {module}, which Python {python} removed{untested}; bound python (<{python}) or patch it, and "
        "tell upstream"
    )
    IMPORT_OF_EXTRA = "{path} imports {module}, which only the extra {extra} brings ({project}){untested}"
    IMPORT_OF_OUTPUT = (
        "{path} imports {module}, which only the extra {extra} brings ({project}): only the output {output} has it"
    )
    IMPORT_OF_SETUPTOOLS = (
        "{path} imports {module}, which only setuptools <81 has{untested}; add `setuptools <81` to run, and tell "
        "upstream"
    )
    IMPORT_NOT_REQUIRED = (
        "{path} imports {module}, which no requirement brings{untested}; add {project} to run, and tell upstream"
    )
    IMPORT_UNKNOWN = (
        "{path} imports {module}, which no requirement is known to bring{untested}; look for its package, and tell "
        "upstream"
    )

    MODULES_CUT = (
        "{paths:few} {paths:is|are} so large that only the beginning was read: what {paths:it imports and loads|they "
        "import and load} further down is unknown"
    )

    # About
    NO_SUMMARY = "upstream gives no summary: fill in about"
    NO_HOMEPAGE = "upstream names no homepage: add one to about"
    LICENCE_UNKNOWN = "license: neither metadata nor a licence file states it; look at the project's repository."
    NO_LICENCE_FILE = "{Sdist} ships no licence file."
    LICENCE_FILE_IN_WHEEL = "{Sdist} ships no licence file; the wheel has {files}."
    PATTERNS_LEFT_OUT = (
        "license-files has more patterns than are compared with the files; the last {count} were left out: check "
        "license_file"
    )
    LICENCES_OF_OTHERS = (
        "the sources have {files:a licence|licences} of other projects ({files:few}): add {files:it|those} to "
        "license_file if their code is packaged or compiled in"
    )
    REPOSITORY_NOT_ASKED = (
        "{sdist} has no licence file, and whether its repository has one is unknown: add a second source with it, "
        "and license_file. {problem}"
    )
    NO_LICENCE_AT_TAG = (
        "neither {sdist} nor {repository} at the tag of {version} has a licence file: add a second source with one, "
        "and license_file"
    )
    NOT_SPDX = "License-Expression is not SPDX: {expression!r}."
    PART_UNKNOWN = (
        "The License field has a part that is no licence known here: {parts:and}; {taken:or nothing} is taken. Look it "
        "up, or write LicenseRef-NAME."
    )
    EXCEPTION_UNKNOWN = (
        "The License field speaks of an exception that is not known here: {field!r}; {taken:or nothing} is taken. Look "
        "its identifier up, and add it with WITH."
    )
    CLASSIFIER_UNKNOWN = (
        "{names:A classifier names a licence that is|Classifiers name licences that are} not known here: {names:and}; "
        "{taken:or nothing} is taken. Look {names:it|them} up."
    )
    FIELD_TEXT_UNKNOWN = (
        "The License field is a text that reads like no licence known here; by its first line {taken:or nothing} is "
        "taken: compare."
    )
    TEXT_RESTRICTED = (
        "{files:few} {files:restricts|restrict} what the software may be used for ({words}), which no free licence "
        "does: compare with license."
    )
    TEXT_UNKNOWN = "{files:few} {files:reads|read} like no licence known here: compare with license."
    PROPRIETARY = "license: {taken}; conda-forge takes only what its licence lets it redistribute. Ask upstream."
    FILES_OVERRULE_FIELD = "The License field says {field}, a classifier and {files:few} say {taken}; {taken} is taken."
    FIELD_AND_CLASSIFIERS = "The License field says {field}, the classifiers say {classifiers}; {taken} is taken."
    METADATA_AND_FILES = (
        "The {who} says {declared}{classifiers:if , the classifiers say |}, but {files:few} {files:reads|read} like "
        "{texts}{unknown:if , and | like no licence known here}; {taken} is taken."
    )
    LICENCE_ASSUMED = "The metadata says only {name}, no file says which: {assumed} is assumed."
    LICENCE_OPEN = "The metadata says only {name}, no file says which: it has to be looked up."
    NO_LATER_VERSIONS = "Nothing mentions later versions: {taken}, not {name}-or-later."
    COMMERCIAL_TOO = "Upstream offers a commercial licence, too, which license leaves out."
    BY_HEADER = "{taken}, because the header of {files} says so."
    HEADERS_DIFFER = "Headers of sources differ on later versions ({files}): {taken} is taken."
    SEVERAL_LICENCES = "Several licences, and nothing says that one may choose: {taken} is taken."
    FURTHER_LICENCE = (
        "{files:few} also {files:contains|contain} text that reads like {texts}, which license leaves out."
    )
    EXPRESSION_AND_FILES = (
        "License-Expression says {taken}, but {files:few} {files:reads|read} like {texts}; {taken} is taken."
    )
    LICENCE_FIELD_AND_FILES = (
        "The License field says {taken}{classifiers:if , the classifiers say |}, but {files:few} {files:reads|read} "
        "like {texts}{unknown:if , and | like no licence known here}; {taken} is taken."
    )
    RESULT_AND_FILES = "The metadata says {taken}, but {files:few} {files:reads|read} like {texts}; {taken} is taken."
