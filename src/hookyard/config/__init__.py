"""The configuration: one YAML file, one tree of Structs, every problem at once."""

from hookyard.config.load import Loaded, load, load_file, loads
from hookyard.config.model import Config
from hookyard.config.values import Duration, Rate, Secret, Size

__all__ = ["Config", "Duration", "Loaded", "Rate", "Secret", "Size", "load", "load_file", "loads"]
