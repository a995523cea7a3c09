"""Hacker News through Algolia's search; no account needed."""
