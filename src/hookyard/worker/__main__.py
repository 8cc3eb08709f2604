"""`python -P -m hookyard.worker CHANNEL TOKENS`: two descriptors that the server has handed over."""

import sys

from hookyard.worker.start import main

if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
