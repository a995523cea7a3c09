"""The daemon under injected faults, and the auditor that compares what was sent with what came of it."""
