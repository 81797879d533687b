"""The documents, and what makes their tables from the code."""
