import pytest
from tests.unit.runners.lab import Recorder


@pytest.fixture(autouse=True)
def logged(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    for module in ("inline", "thread", "watchdog"):
        monkeypatch.setattr(f"hookyard.runners.{module}._log", recorder)
    return recorder
