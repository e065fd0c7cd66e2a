"""``python -m dirac_forge``."""

from dirac_forge.cli import run

if __name__ == "__main__":
    run()
