"""How events leave: signed, past the egress guard, again until they are taken."""
