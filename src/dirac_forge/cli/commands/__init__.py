"""One file per command: its arguments, options and help. `dirac_forge.cli.NAME`, imported to run it, does the work."""
