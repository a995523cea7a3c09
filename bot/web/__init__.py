"""What the daemon shows over HTTP: for now its health, on loopback."""
