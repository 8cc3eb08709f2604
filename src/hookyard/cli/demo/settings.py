"""The configuration that the demo runs on, made of fresh secrets, and its YAML form for the reader."""

import base64
import secrets
from pathlib import Path

from hookyard.auth.tokens import digest, new_token
from hookyard.config import Loaded, loads

_YAML = """\
server: {{host: 127.0.0.1, port: {port}}}
store: {{path: demo.db}}
log: {{level: warning}}
plugins:
  hello: {{}}
  github_push: {{}}
tokens:
  - name: you
    sha256: {digest}
    scopes: ["trigger:*/*", "jobs:read"]
sources:
  github:
    scheme: github
    secrets: [{source_secret}]
    routes:
      - {{on: push, run: github_push/summary}}
endpoints:
  receiver:
    url: {receiver}
    secrets: [{endpoint_secret}]
    events: ["job.*"]
outbound:
  allow_http: true
  allow_networks: [127.0.0.0/8]
  allow_ports: any
"""


class Settings:
    """One demo's secrets and the configuration around them.

    Attributes:
        token: the bearer token, in clear.
        source_secret: what the demo's Git host signs with.
        endpoint_secret: what Hookyard signs with, and the receiver verifies with.
        yaml: all of it, as a file would say it.
    """

    def __init__(self, *, port: int, receiver: str) -> None:
        self.token = new_token()
        self.source_secret = secrets.token_hex(16)
        self.endpoint_secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self.yaml = _YAML.format(
            port=port,
            digest=digest(self.token),
            source_secret=self.source_secret,
            receiver=receiver,
            endpoint_secret=self.endpoint_secret,
        )

    def loaded(self, base: Path) -> Loaded:
        """The configuration as the server takes it, with its store in the folder `base`."""
        return Loaded(config=loads(self.yaml, name="demo.yaml"), name="demo.yaml", base=base, lines={})
