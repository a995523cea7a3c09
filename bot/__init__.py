"""The daemon: the domain core and its shell. See docs/architecture.md for the way a mention goes."""
