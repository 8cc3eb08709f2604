"""By which rules a URL is judged, and the telling of what came out; imported when it is asked for."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import typer

from hookyard.cli.where import DEFAULTS, chosen
from hookyard.config.load import load
from hookyard.config.model import OutboundSettings
from hookyard.egress.explain import Finding
from hookyard.egress.rules import Rules, outbound_rules
from hookyard.errors import Refused
from hookyard.networks import network_problem


def asked(url: str | None, config: Path | None, endpoint: str | None) -> tuple[str, Rules]:
    """The URL, and the rules that hold for it.

    Raises:
        ConfigError: the file is wrong.
        Refused: the same, of its networks.
        typer.BadParameter: the file has no such endpoint, or there is no URL.
    """
    where, rules = _found(url, config, endpoint)
    for network in rules.allow_networks:
        if why := network_problem(network):
            raise Refused("config", f"{network!r} in allow_networks {why}.")
    return where, rules


def _found(url: str | None, config: Path | None, endpoint: str | None) -> tuple[str, Rules]:
    if endpoint is None:
        if url is None:
            msg = "a URL or --endpoint is needed."
            raise typer.BadParameter(msg)
        if config is None and not any(Path(name).is_file() for name in DEFAULTS):
            return url, outbound_rules(OutboundSettings())
        return url, outbound_rules(load(chosen(config)).outbound)
    file = load(chosen(config))
    settings = file.endpoints.get(endpoint)
    if settings is None:
        msg = f"the file has no endpoint {endpoint!r}."
        raise typer.BadParameter(msg, param_hint="--endpoint")
    rules = outbound_rules(file.outbound)
    networks = (*rules.allow_networks, *settings.allow_networks)
    return url or settings.url, msgspec.structs.replace(rules, allow_networks=networks)


def lines(found: Finding) -> Iterator[str]:
    """What was found, for people."""
    if found.url is not None:
        yield found.url
    width = max((len(seen.address) for seen in found.addresses), default=0)
    for seen in found.addresses:
        decided = "" if seen.network is None else f": {seen.network}"
        yield f"  {seen.address:{width}}  {'yes' if seen.allowed else 'no'}, {seen.what}{decided}"


def json(found: Finding) -> str:
    """The same for programs."""
    return msgspec.json.format(msgspec.json.encode({"ok": found.ok, **msgspec.to_builtins(found)})).decode()
