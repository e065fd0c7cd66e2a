"""Many recipes: the workspace."""
