"""The models: which files they are, and what runs them."""
