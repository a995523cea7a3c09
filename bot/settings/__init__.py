"""The configuration: sources (environment, secrets, YAML), shape, checks, and one frozen value of it all."""
