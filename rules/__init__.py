"""The rule language: schema, query, compile, engine. Pure: no I/O, no clock, no network."""
