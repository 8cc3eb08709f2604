"""A signed request as a curl command, which never has the secret in it: where that is sent, the shell puts it in."""

import base64
import shlex
from urllib.parse import quote_plus

from hookyard.cli.hooks.sender import VARIABLE
from hookyard.inbound.request import InboundRequest


def curl(request: InboundRequest, secret: str) -> tuple[str, bool]:
    """The command, and whether it needs the secret in the environment."""
    url = request.url + (f"?{request.query.decode()}" if request.query else "")
    words = ["curl", "-X", request.method, _quoted(url, quote_plus(secret))]
    basic = b"Basic " + base64.b64encode(secret.encode())
    for name, value in request.headers.items():
        if value == basic:
            words += ["-u", f'"${VARIABLE}"']
        else:
            words += ["-H", _quoted(f"{name.decode()}: {value.decode('latin-1')}", secret)]
    words += ["--data-raw", _quoted(request.body.decode(errors="surrogateescape"), secret)]
    command = " ".join(words)
    return command, f'"${VARIABLE}"' in command


def _quoted(text: str, secret: str) -> str:
    """For a POSIX shell, with the variable in the place of the secret."""
    return f'"${VARIABLE}"'.join(shlex.quote(part) if part else "" for part in text.split(secret)) or "''"
