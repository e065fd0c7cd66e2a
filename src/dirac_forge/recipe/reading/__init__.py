"""What a recipe's text says: both formats, decided for a platform and a variant."""
