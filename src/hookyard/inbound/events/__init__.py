"""What Git hosts send, as types: a module for each host, and `git` for what is the same at all of them.

A command that takes one of them needs no mapping. The rule of all fields:

- A field whose type has `None` may be missing; it is `None` then.
- Every other field is always there for you to read. Where the host leaves it out or sends null it is empty: `""`, `0`,
  `False`, `()`, or an object whose fields are empty.
- A null in a list is left out of it. Fields that no type names are ignored.
- Words of a host (`action`, `state`, `status`) are text, since hosts add new ones.
"""
