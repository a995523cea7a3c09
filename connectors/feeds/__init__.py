"""RSS and Atom feeds: blogs, forums, Google Alerts, subreddits; no account needed."""
