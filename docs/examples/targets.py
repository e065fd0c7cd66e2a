"""Print what is not installable, and what moves: `python docs/examples/targets.py [WORKSPACE]`."""

import sys

from dirac_forge.api import Bump, ForgeSession, reason_of


def main(workspace: str) -> int:
    with ForgeSession.open(workspace) as forge:
        unexpected = [cell for cell in forge.check(remedies=False) if cell.unexpected]
        for cell in unexpected:
            print(f"{cell.target} on {cell.platform} with Python {cell.python}: {reason_of(cell)}")
        for name, result in forge.bump(check=False).items():
            if isinstance(result, Bump):
                print(f"{name}: {result.status}, {result.old} to {result.new}")
            else:
                print(f"{name}: {reason_of(result)}")
    return int(bool(unexpected))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or ["."]))
