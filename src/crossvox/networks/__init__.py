"""Networks, their building blocks and losses, all on tensors alone."""
