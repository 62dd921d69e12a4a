"""Commands: each parses, calls the library once and prints."""
