"""A recipe as text: both formats, and conda-forge.yml."""
