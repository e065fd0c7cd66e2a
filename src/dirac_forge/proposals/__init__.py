"""Decisions for many feedstocks, made with real providers: look, decide, order, prove."""
