"""Telegram: a channel for cards and the feed of their buttons. Imports nothing; see `connector`."""
