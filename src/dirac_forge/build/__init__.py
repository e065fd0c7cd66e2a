"""Recipes built, installed and tested for real, into a local channel."""
