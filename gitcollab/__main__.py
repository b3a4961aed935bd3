"""`python -m gitcollab` is the command `gitcollab`."""

from gitcollab.cli import main

if __name__ == "__main__":
    main()
