"""Building blocks and networks that know only tensors."""
