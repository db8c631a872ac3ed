"""CogVLM2 in the registry: when it is selected, and what it needs on a cluster.

`cogdoc --help` imports this file, so everything that takes time is imported when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cogdoc.engines.entry import Actors, ClusterSize, Offer
from cogdoc.engines.selection import AUTO, EngineRequest
from cogdoc.errors import MissingError, ResourceError

if TYPE_CHECKING:
    from cogdoc.engines.cogvlm2.settings import CogVLM2Settings

DEFAULT_MODEL = "chat"


class CogVLM2Entry:
    """Implements `cogdoc.engines.entry.EngineEntry`."""

    name = argument = "cogvlm2"

    def accepts(self, request: EngineRequest) -> bool:
        """True for its name, and for `auto` with a model or an adapter, since no other engine has models."""
        has_model = request.model is not None or request.adapter is not None
        return request.engine == self.name or (request.engine == AUTO and has_model)

    def configure(self, request: EngineRequest) -> CogVLM2Settings:
        from cogdoc.engines.cogvlm2.settings import settings_for
        from cogdoc.models.checkpoint_folders import checkpoint_folder

        return settings_for(checkpoint_folder(request.model or DEFAULT_MODEL), request)

    def offer(self, request: EngineRequest) -> Offer:
        """Offer a published model that is on this machine, if a GPU has enough memory for it."""
        from cogdoc.models.checkpoint_folders import find_checkpoint
        from cogdoc.models.published_models import MODELS

        checkpoint = next(filter(None, map(find_checkpoint, MODELS)), None)
        if checkpoint is None:
            return Offer(None, "CogVLM2 is not on this machine (cogdoc model pull downloads it)")
        from cogdoc.engines import cuda_devices
        from cogdoc.engines.cogvlm2.settings import settings_for

        cards = cuda_devices.find_cards()
        if not cards.all and cards.problem is None:
            return Offer(
                None,
                f"{checkpoint.name} is on this machine, but {cards.absence} (--engine cogvlm2 runs it on the CPU)",
                announce=True,
            )
        try:
            if cards.problem is not None:
                raise cards.problem
            settings = settings_for(checkpoint, request)
            checked = cuda_devices.check_with_torch(cards)
            if checked.problem is not None:
                raise checked.problem
        except (MissingError, ResourceError) as error:
            return Offer(None, f"{checkpoint.name} is on this machine, but {error.message}", announce=True)
        devices = settings.layer_devices or (settings.device,)
        names = [f"GPU {card.index}, {card.name}" for card in checked.all if card.device in devices]
        reads = f"{checkpoint.name} is on this machine, and fits "
        return Offer(
            settings, reads + (names[0] if len(names) == 1 else f"{' and '.join(names)} together"), announce=True
        )

    def actors(self, cluster: ClusterSize) -> Actors:
        """One actor per GPU, with a CPU to draw its pages; without GPUs, one per machine, on half of its CPUs."""
        if cluster.gpus:
            return Actors(cluster.gpus, cpus=1, gpus=1)
        return Actors(cluster.machines, cpus=max(1, cluster.cpus // cluster.machines // 2), gpus=0)
