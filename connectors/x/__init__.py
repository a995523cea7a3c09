"""X: what people say to an account, and answers, within a budget of money."""
