"""How fast the worker is, beside the machine, the SDK, and a worker written the obvious way."""
