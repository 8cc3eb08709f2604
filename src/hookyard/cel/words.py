"""What the parser of CEL says, in words of people: it tells every token that could stand somewhere."""

import re
from typing import Final

_SYNTAX: Final = "Syntax error: "
_END: Final = "'<EOF>'"
_FORMS: Final = (
    (r"(?:mismatched|extraneous) input (?P<what>'.*?')(?: expecting (?:(?P<one>'.*')|.*))?", "is not expected here"),
    (r"no viable alternative at input (?P<what>'.*')", "is followed by nothing sensible"),
    (r"missing (?P<what>'.*?') at .*", "is missing"),
    (r"token recognition error at: '(?P<what>.*?) *'", "means nothing in CEL"),
)


def plainly(sentence: str) -> str:
    """A sentence of the library, with what a syntax error is said shortly; any other as it is."""
    where, found, what = sentence.partition(_SYNTAX)
    for form, words in _FORMS if found else ():
        if said := re.fullmatch(form, what):
            one = said.groupdict().get("one")
            if said["what"] == _END:
                return f"{where}{found}it ends where {one or 'something'} must follow"
            return f"{where}{found}{said['what']} {words}"
    return sentence
