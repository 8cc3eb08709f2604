"""Commands of exec plugins: a process for each attempt."""

from hookyard.runners.exec.runner import ExecRunner

__all__ = ["ExecRunner"]
