"""Slack: cards with buttons in channels, and what people press, write and command there."""
