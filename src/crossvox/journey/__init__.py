"""Complete workflows of the package, one call for each command."""
