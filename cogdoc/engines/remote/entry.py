"""Servers in the registry: their addresses select the remote engine, never `auto`.

`cogdoc --help` imports this file, so everything that takes time is imported when it is used.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from cogdoc.engines.entry import Actors, ClusterSize, Offer
from cogdoc.engines.selection import EngineRequest
from cogdoc.errors import MissingError, UsageError

if TYPE_CHECKING:
    from cogdoc.engines.remote.settings import RemoteSettings


class RemoteEntry:
    """Implements `cogdoc.engines.entry.EngineEntry`."""

    name = "remote"
    argument = "URL"

    def accepts(self, request: EngineRequest) -> bool:
        from cogdoc.engines.remote.address import is_server_address

        return is_server_address(request.engine)

    def configure(self, request: EngineRequest) -> RemoteSettings:
        """See `EngineEntry.configure`.

        Raises:
            UsageError: pages may not go to this host, or an option is for engines of this machine.
            MissingError: the client is not installed.
            ServerError: there is no such host.
        """
        from cogdoc.engines.remote.address import destination_notice, parse_server_address
        from cogdoc.engines.remote.api_key import api_key
        from cogdoc.engines.remote.settings import RemoteSettings

        address = parse_server_address(request.engine, allow_remote=request.allow_remote)
        for option, value in (
            ("--quantization", request.quantization),
            ("--vision-precision", request.vision_precision),
            ("--adapter", request.adapter),
            ("--offload", request.offload or None),
        ):
            if value is not None:
                raise UsageError(f"{option} is for the engine cogvlm2; a server has its own settings")
        if find_spec("openai") is None:
            raise MissingError("the client for servers is not installed", 'pip install "cogdoc[remote]"')
        api_key()
        return RemoteSettings(
            address,
            request.model,
            destination_notice(address),
            generation=request.generation,
            at_a_time=request.at_a_time,
        )

    def offer(self, request: EngineRequest) -> Offer | None:  # noqa: ARG002  of the protocol
        return None  # pages leave a machine only if the user says so

    def actors(self, cluster: ClusterSize) -> Actors | None:  # noqa: ARG002  of the protocol
        return None  # the server does the work
