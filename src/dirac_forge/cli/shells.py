"""Scripts that let shells complete command lines by asking dirac-forge.

A script sets `_DIRAC_FORGE_COMPLETE`; the arguments are then the words up to the cursor, the last one unfinished.
"""

from __future__ import annotations

SHELLS = {
    "bash": """\
_dirac_forge() {
    local IFS=$'\\n'
    COMPREPLY=($(_DIRAC_FORGE_COMPLETE=1 dirac-forge "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _dirac_forge dirac-forge
""",
    "zsh": """\
#compdef dirac-forge
_dirac_forge() {
    local -a found
    found=("${(@f)$(_DIRAC_FORGE_COMPLETE=1 dirac-forge "${(@)words[2,$CURRENT]}" 2>/dev/null)}")
    if [[ -n "$found" ]]; then compadd -a found; else _files; fi
}
compdef _dirac_forge dirac-forge
""",
    "fish": """\
function _dirac_forge
    set -lx _DIRAC_FORGE_COMPLETE 1
    dirac-forge (commandline -opc)[2..] (commandline -ct) 2>/dev/null
end
complete -c dirac-forge -a '(_dirac_forge)'
""",
    "powershell": """\
Register-ArgumentCompleter -Native -CommandName dirac-forge -ScriptBlock {
    param($word, $line, $position)
    $env:_DIRAC_FORGE_COMPLETE = 1
    $words = @($line.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
    if ($word -eq '') { $words += '' }
    dirac-forge @words | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
    Remove-Item Env:_DIRAC_FORGE_COMPLETE
}
""",
}
"""Shell to the script that it reads once."""
