from collections.abc import Mapping

import pytest
from packaging.version import Version

from dirac_forge.upstream.files.declared import declared_metadata
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.files.listed import requirement_lines, with_listed
from dirac_forge.upstream.files.setuptools import from_setup_cfg

PYPROJECT: Mapping[str, object] = {
    "project": {"name": "demo", "dynamic": ["dependencies", "optional-dependencies"]},
    "tool": {
        "setuptools": {
            "dynamic": {
                "dependencies": {"file": ["requirements.in"]},
                "optional-dependencies": {"dev": {"file": "requirements/dev.txt"}},
            }
        }
    },
}


def listed(texts: Mapping[str, str]) -> CoreMetadata:
    metadata = declared_metadata(PYPROJECT, version=Version("1"))
    assert metadata is not None
    return with_listed(metadata, PYPROJECT, texts)


def test_setuptools_takes_requirements_from_text_files() -> None:
    found = listed({"requirements.in": "# core\nattrs>=22  # why\npandas\n", "requirements/dev.txt": "pytest"})
    assert found.requires_dist.lines == ("attrs>=22", "pandas", 'pytest; extra == "dev"')
    assert (found.provides_extra, found.dynamic) == (("dev",), ())


@pytest.mark.parametrize(
    "texts", [{"requirements.in": "attrs"}, {"requirements.in": "-r a.txt", "requirements/dev.txt": ""}]
)
def test_requirements_stay_unknown_where_a_file_is_missing_or_has_options(texts: Mapping[str, str]) -> None:
    found = listed(texts)
    assert (found.requires_dist.lines, found.dynamic) == ((), ("provides-extra", "requires-dist"))


HATCH: Mapping[str, object] = {
    "project": {"name": "demo", "dynamic": ["dependencies", "optional-dependencies"]},
    "tool": {
        "hatch": {
            "metadata": {
                "hooks": {
                    "requirements_txt": {
                        "files": ["requirements/core.txt"],
                        "optional-dependencies": {"tui": ["requirements/tui.txt"]},
                    }
                }
            }
        }
    },
}


def test_hatch_takes_requirements_from_text_files_that_include_others() -> None:
    metadata = declared_metadata(HATCH, version=Version("1"))
    assert metadata is not None
    texts = {
        "requirements/core.txt": "attrs\n-r more.txt\n",
        "requirements/more.txt": "--requirement=core.txt\nsix\n",
        "requirements/tui.txt": "textual>=1\n",
    }
    found = with_listed(metadata, HATCH, texts)
    assert found.requires_dist.lines == ("attrs", "six", 'textual>=1; extra == "tui"')
    assert (found.provides_extra, found.dynamic) == (("tui",), ())
    assert with_listed(metadata, HATCH, {**texts, "requirements/more.txt": "-c limits.txt"}) == metadata


def test_setup_cfg_names_files_of_requirements() -> None:
    text = "[metadata]\nname = demo\n[options]\ninstall_requires = file: requirements.txt\n"
    said = from_setup_cfg(text, where="setup.cfg", texts={"requirements.txt": "six"})
    assert said.fields["install_requires"] == ["six"]
    assert from_setup_cfg(text, where="setup.cfg").fields["install_requires"] is None


def test_pbr_takes_requirements_from_a_text_file_and_commands_from_its_own_sections() -> None:
    text = (
        "[metadata]\nname = demo\nrequires-python = >=3.9\n[extras]\ntest =\n  pytest\n"
        "[entry_points]\nconsole_scripts =\n  demo = demo.cli:main\n"
    )
    said = from_setup_cfg(text, where="setup.cfg", texts={"requirements.txt": "six>=1.10 # MIT\n"}, pbr=True)
    assert [f"{point.name} = {point.value}" for point in said.scripts.points] == ["demo = demo.cli:main"]
    metadata = said.metadata(name="demo", version=Version("1"))
    assert metadata is not None
    assert metadata.requires_dist.lines == ("six>=1.10", 'pytest; extra == "test"')
    assert metadata.requires_python == ">=3.9"
    assert from_setup_cfg(text, where="setup.cfg", pbr=True).fields["install_requires"] == []


def test_files_are_read_in_the_order_in_which_they_are_named() -> None:
    assert requirement_lines(["./a.txt", "b.txt"], {"a.txt": "one", "b.txt": "\n#\ntwo"}) == ("one", "two")


def test_files_that_include_each_other_without_end_are_not_read() -> None:
    chain = {f"{number}.txt": f"-r {number + 1}.txt" for number in range(2000)} | {"2000.txt": "six"}
    assert requirement_lines(["0.txt"], chain) is None
    assert requirement_lines(["1950.txt"], chain) == ("six",)
