"""A recipe from what upstream published."""
