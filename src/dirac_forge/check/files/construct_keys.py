"""The keys of constructor's files: one that it does not know is refused by it, and says nothing here.

https://conda.github.io/constructor/construct-yaml/
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from dirac_forge.recipe.reading.yamlnodes import Node, line_of, pairs, repeated_keys


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OF_ENVIRONMENTS = _words(
    "channels channels_remap environment environment_file exclude menu_packages specs user_requested_specs"
)
_EXTRA = _OF_ENVIRONMENTS | {"freeze_env"}
_INSTALLER = _OF_ENVIRONMENTS | _words(
    """
    $schema attempt_hardlinks batch_mode build_outputs check_path_length check_path_spaces company conclusion_file
    conclusion_text conda_channel_alias conda_default_channels condarc default_image_color default_location_pkg
    default_prefix default_prefix_all_users default_prefix_domain_user docker_base_image docker_image_format
    docker_labels docker_tag extra_envs extra_files freeze_base header_image header_image_text icon_image
    ignore_duplicate_files initialize_by_default initialize_conda install_in_dependency_order
    install_path_exists_error_text installer_filename installer_type keep_pkgs license_file mirrored_channels name
    notarization_identity_name nsis_template pkg_domains pkg_name post_install post_install_desc post_install_pages
    pre_install pre_install_desc pre_uninstall progress_notifications readme_file readme_text register_envs
    register_python register_python_default reverse_domain_identifier script_env_variables signing_certificate
    signing_identity_name temp_extra_files transmute_file_type uninstall_name uninstall_with_conda_exe version
    virtual_specs welcome_file welcome_image welcome_image_text welcome_text windows_signing_tool write_condarc
    """
)


def unknown_keys(root: Node | None, path: Path, *, extra: str = "") -> Iterator[str]:
    """Yield a note for each key that constructor does not know, of the file or of one of its extra environments."""
    known = _EXTRA if extra else _INSTALLER
    place = f"extra_envs: {extra}: " if extra else ""
    for where, line in repeated_keys(root):
        if len(where) == 1:
            yield f"{path}:{line}: {place}{where[0]} appears twice, which constructor refuses; here all are read"
    for key, node, _ in pairs(root):
        if key not in known:
            near = get_close_matches(str(key), known, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            yield f"{path}:{line_of(node)}: {place}{key} is left out, because constructor has no such key{meant}"
