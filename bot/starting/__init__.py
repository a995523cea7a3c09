"""The first hour with Outcare: the answers that a configuration is written from, and a first listen."""
