"""Where blobs are kept."""

from typing import Annotated

from msgspec import Meta

from hookyard.config.model.parts import Positive, Section, Text
from hookyard.config.values import Duration, Secret, Size


class S3Settings(Section, frozen=True, kw_only=True):
    """A bucket of Amazon S3, or of whatever else speaks its protocol."""

    bucket: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$", description="the name of a bucket")]
    """The bucket, which must be there."""
    prefix: Annotated[
        str,
        Meta(
            pattern=r"^([A-Za-z0-9._=-]+/)*[A-Za-z0-9._=-]*$",
            description="a prefix of keys, such as hookyard/production, without a slash in front",
        ),
    ] = ""
    """What all keys begin with, so that several servers can share a bucket."""
    endpoint: Text | None = None
    """The URL of the server, such as `https://minio.example.com:9000`; Amazon's own when left out."""
    region: Text = "us-east-1"
    """The region that it is in, as the server calls it."""
    access_key_id: Secret | None = None
    """Left out, the keys come from where Amazon's own programs find them: the environment, or the machine's role."""
    secret_access_key: Secret | None = None
    """The secret that belongs to the key."""
    virtual_hosted: bool = False
    """Whether the bucket is part of the host's name, instead of the path."""
    allow_http: bool = False
    """Whether plain http will do, for servers inside one's own network."""
    timeout: Duration = Duration(30_000)
    """How long one request may take; a part of an upload is one request."""


class ArtifactSettings(Section, frozen=True, kw_only=True):
    """Where the named blobs of jobs are kept."""

    path: Text = "artifacts"
    """A folder, relative to the configuration file, or `memory` for trials; without meaning when there is `s3`."""
    s3: S3Settings | None = None
    """Keep them in a bucket."""
    max_size: Size = Size(1 << 30)
    """Largest single artifact."""
    max_per_job: Positive = 1000
    """How many artifacts one job may have."""
    quota: Size | None = None
    """How much all artifacts together may take; left out, there is no bound but the disk's."""
