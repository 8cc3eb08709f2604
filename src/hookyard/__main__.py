"""`python -m hookyard` is `hookyard`."""

from hookyard.cli import main

main()
