"""E-mail: a channel for cards that needs no chat. Imports nothing; see `connector`."""
