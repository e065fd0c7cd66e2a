"""A recipe's text moved to another version, or its build number raised, byte for byte."""
