"""Rules that are shipped: what is installed, and how a set takes them in. The rules are in `core/`."""
