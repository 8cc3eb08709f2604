"""Who may be called: the guard before every outgoing request, and HTTP clients that cannot get around it."""
