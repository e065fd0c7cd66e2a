"""What wheels and source archives say, read without running any of it."""
