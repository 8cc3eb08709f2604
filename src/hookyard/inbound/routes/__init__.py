"""Which command an event runs, and with what: `on`, `if` and `with`, checked before anything is served."""

from hookyard.inbound.routes.normal import Known
from hookyard.inbound.routes.route import Route, There, compile_routes

__all__ = ["Known", "Route", "There", "compile_routes"]
