"""Bluesky: the whole network through Jetstream, authors and threads through the public AppView."""
