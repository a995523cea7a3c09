"""What people read, on cards and on the page: one catalogue, a table of messages for each language."""
