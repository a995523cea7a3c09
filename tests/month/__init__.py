"""A month of the real program in minutes, seeded and audited (docs/faults.md)."""
