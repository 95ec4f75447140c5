"""`python -m bench.run STATEMENTS`: run statements on the desk of ANSWERABLE_DATA."""

import sys

if __name__ == "__main__":
    exec(sys.argv[1])
