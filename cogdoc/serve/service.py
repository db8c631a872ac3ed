"""What all requests share: the engine, the worker processes, the queue, and the folder of uploads."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import Depends, Request

from cogdoc.documents.workers import Workers
from cogdoc.engines.generation import GenerationRequest, refuse_options
from cogdoc.engines.protocol import Engine, InstructedEngine
from cogdoc.engines.warm.lender import Lender
from cogdoc.serve.admission import Admission
from cogdoc.serve.kept_documents import KeptDocuments
from cogdoc.serve.metrics import Metrics
from cogdoc.serve.settings import ServeSettings
from cogdoc.serve.uploads import UploadFolder


class Service:
    """Owns the engine and the worker processes; close it once no request runs any more."""

    def __init__(self, engine: Engine, workers: Workers, settings: ServeSettings) -> None:
        self.engine = engine
        self.workers = workers
        self.settings = settings
        self.uploads = UploadFolder()
        self.kept_documents = KeptDocuments()
        # One more than the engine and the worker processes take, so that the next request is at hand.
        self.admission = Admission(max(workers.jobs, engine.at_a_time) + 1)
        self.metrics = Metrics()
        self.metrics.watch("running", "Requests and jobs that run.", lambda: self.admission.running)
        self.metrics.watch("waiting", "Requests and jobs that wait for their turn.", lambda: self.admission.waiting)
        self.started = int(time.time())
        self.lender: Lender | None = None
        """Lends the engine's model to commands of this user."""
        self.draining = False
        """Whether the server finishes what runs and takes nothing new."""

    @property
    def model_name(self) -> str:
        """What clients call the engine: the name of its checkpoint, or its own."""
        return self.engine.info.checkpoint or self.engine.info.name

    def generating(self, generation: GenerationRequest) -> Engine:
        """The engine with these options of generation; all of them share the model.

        Raises:
            UsageError: there are options, and the engine has no model.
        """
        if isinstance(self.engine, InstructedEngine):
            return self.engine.with_generation(generation)
        refuse_options(generation, "the built-in engine has no model")
        return self.engine

    def close(self) -> None:
        if self.lender is not None:
            self.lender.close()
        self.engine.close()
        self.workers.close()
        self.kept_documents.close()
        self.uploads.close()


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


SharedService = Annotated[Service, Depends(_service)]
"""The parameter of a route that needs the service."""
