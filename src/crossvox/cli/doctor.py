"""The command `crossvox doctor`."""


def doctor() -> None:
    """Show versions, devices, memory and missing optional packages."""
    import crossvox

    print(crossvox.doctor())
