"""`python -m crossvox` is `crossvox`."""

from crossvox.cli.app import main

if __name__ == "__main__":
    main()
