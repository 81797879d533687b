"""How accurate the worker is, on figures whose angles are known."""
