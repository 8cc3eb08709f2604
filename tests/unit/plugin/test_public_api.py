import subprocess
import sys
from types import ModuleType

import hookyard

LOADED = """
import sys
import msgspec, pluggy  # which load what they find installed, such as typing_extensions
before = set(sys.modules)
import hookyard
for name in sorted({name.partition(".")[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)):
    print(name)
"""


def test_importing_hookyard_loads_msgspec_pluggy_and_the_standard_library_only() -> None:
    run = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) == {"hookyard"}


def test_the_public_names_are_exactly_all() -> None:
    names = {
        name for name, value in vars(hookyard).items() if not (name.startswith("_") or isinstance(value, ModuleType))
    }
    assert names == set(hookyard.__all__)


def test_all_is_sorted_and_names_nothing_twice() -> None:
    assert hookyard.__all__ == sorted(set(hookyard.__all__))


def test_every_public_class_is_documented() -> None:
    undocumented = [name for name in hookyard.__all__ if name != "API_VERSION" and not getattr(hookyard, name).__doc__]
    assert undocumented == []
