"""crossvox doctor."""


def doctor() -> None:
    """Show versions, devices and memory, and what is missing for what."""
    import crossvox

    print(crossvox.doctor())
