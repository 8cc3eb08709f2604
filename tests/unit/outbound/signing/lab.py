"""What the tests of signatures share. All fixed signatures were made with node's crypto, from the specifications."""

import json
from collections.abc import Mapping, Sequence
from typing import Literal

from hookyard.config.model import Envelope
from hookyard.outbound.form import Form, Rendered
from hookyard.outbound.signing import SigningSecret, form_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
# The key pair of RFC 8037, appendix A, whose thumbprint is in its section A.3.
KEY = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
PUBLIC = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
KID = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
ID = "019b7c9e-0000-7000-8000-00000000000a"
NOW = 1_767_323_045
"""Seconds."""
JOB = "019b7c9e-0000-7000-8000-000000000001"
BODY = (
    '{"type":"job.succeeded","timestamp":"2026-01-02T03:04:05.678Z",'
    f'"data":{{"job_id":"{JOB}","status":"succeeded"}}}}'
).encode()
URL = "https://example.com/hooks?a=1"
V1 = "v1,4g/AgRFGERK2VBkpiPn+CJEuhi4J5aISqmlyHzPGZSk="
V1_OTHER = "v1,lwH78UbBnFV7rRjssxzVp4sigal9C5ZVwZtF11f0ybk="
V1A = "v1a,a6n4X7GDX45Pff5J7S7n0x8V5utZzv1v2tD8fSAfxmqWmMm7aPbPKbtaLBaYShkISsSu5lSPp1mCLlZaT/EIBQ=="
PLAIN = "sha256=739e5ea699335fba0d1ffc03f68d21bf7fc87fb8e8882796d62e926102e10774"
PLAIN_OTHER = "sha256=8ae80495f46f614e4f3e85bcf40835098d1f3f32cdbfb2c337d58ec2c2384d5f"
DIGEST = "sha-256=:wW3rO/0nKoN0o7rl5akycqm+FKFXHcwZCdHeJ7JnibA=:"
COVERED = f'("@method" "@target-uri" "content-digest" "content-type" "webhook-id");created={NOW}'
ED25519 = "K825W08DZaW2UwWbOq/BYOULc300H+AntVWsCc2fZqLsPjm6m4Muaw6HJtZW/oLwmTQY9eO59aXy/7QMDliVDQ=="
HMAC = "nsM0OpGnxwKGbZrAWbnKbonQSgg6ssxxeGaGQJr5AAg="


def form(
    *secrets: str | SigningSecret,
    signature: Literal["standard", "plain"] = "standard",
    envelope: Envelope = "standard",
    http: bool = False,
    url: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Form:
    return form_of(
        signature=signature,
        http_signature=http,
        envelope=envelope,
        secrets=listed(secrets or (SECRET,)),
        headers=headers or {},
        agent="Hookyard/1",
        source="/yard",
        url=url,
    )


def listed(secrets: Sequence[str | SigningSecret]) -> list[SigningSecret]:
    return [SigningSecret(one) if isinstance(one, str) else one for one in secrets]


def rendered(made: Form, *, event: str = "job.succeeded", body: bytes = BODY, now: int = NOW * 1000 + 678) -> Rendered:
    return made.render(ID, event, body, now)


def body_of(data: object) -> bytes:
    return json.dumps({"type": "a.b", "timestamp": "2026-01-02T03:04:05.678Z", "data": data}).encode()
