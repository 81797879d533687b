"""How accurate and fast the worker is, and what it withstands. Nothing here is part of the worker."""
