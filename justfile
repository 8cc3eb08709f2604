# Five words. `.ci/run` runs the same commands, so that what passes here passes there.

# Install everything, pinned, into .venv
setup:
    uv venv --clear --python 3.11 .venv
    uv pip install -c constraints.txt --build-constraints constraints.txt -e . $(printf -- '-e %s ' plugins/*/) --group dev --group bench

# Style, types and the import rules
lint:
    uv run --no-sync ruff check
    uv run --no-sync ruff format --check
    uv run --no-sync mypy
    uv run --no-sync pyright
    uv run --no-sync lint-imports

# With HOOKYARD_TESTS_TIMES=20 the costly property tests draw twenty times as many examples; `-p tests.held_up` holds
# loops and threads up at random, so that what depends on which is quicker is found.
# All tests, or those that are named: `just test -n 2`, `just test tests/unit`
test *ARGS:
    uv run --no-sync pytest {{ARGS}}

# The benchmarks, each beside its rival: `just bench --quick`
bench *ARGS:
    uv run --no-sync python -m bench {{ARGS}}

# Serve a configuration: `just run config.yaml`
run CONFIG="config.example.yaml":
    uv run --no-sync hookyard serve {{CONFIG}}
