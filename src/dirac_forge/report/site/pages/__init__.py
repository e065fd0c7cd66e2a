"""What each page says, as values made from the data files alone."""
