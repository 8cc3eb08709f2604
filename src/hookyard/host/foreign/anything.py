"""An input that nothing is known of."""

from msgspec import Struct


class AnyObject(Struct):
    """Any JSON object: the plugin does not say which members it takes. A route may give it any."""
