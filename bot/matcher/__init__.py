"""The multi-pattern text matcher that the watchlist and the rules share."""
