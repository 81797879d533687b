"""What the worker withstands: inputs that nobody meant, and a platform and machine that fail."""
