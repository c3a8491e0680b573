"""The engine that a study names, started."""

from typing import Any

from micota.sampling.engine import Engine, EngineSettings
from micota.sampling.transformers_engine import TransformersEngine
from micota.sampling.vllm_engine import VllmEngine


def start_engine(model: str, tokenizer: Any, settings: EngineSettings, threads: int) -> Engine:
    """Load the model into the engine that the settings name."""
    engines: dict[str, type[TransformersEngine | VllmEngine]] = {"transformers": TransformersEngine, "vllm": VllmEngine}
    return engines[settings.name](model, tokenizer, settings, threads)
