"""What the plan of a study takes for granted where nothing was measured: one value a line, with its reason.

`scripts/plan.py` prints those it used; `--assume name=value` sets one. A pilot replaces speeds and lengths by what it
measured (micota/planning/pilot.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from micota.common.errors import ConfigurationError


@dataclass(frozen=True)
class Assumption:
    """A value, its unit (as words) and why it is this one."""

    value: float
    unit: str
    reason: str


COMMON = {
    "prompt_tokens": Assumption(150, "tokens", "a competition problem in a chat template"),
    "short_cot": Assumption(550, "tokens a trace", "an instruct model on a MATH problem"),
    "long_cot": Assumption(4000, "tokens a trace", "a model distilled from R1 on a MATH problem"),
    "procedural_short": Assumption(50, "tokens a trace", "measured: the miniature's base models"),
    "procedural_long": Assumption(330, "tokens a trace", "measured: demonstrations of verbosity 1 in the miniature"),
    "procedural_prompt": Assumption(25, "tokens", "measured: the miniature's problems in its chat template"),
    "kept": Assumption(0.75, "share of the problems", "correct and whole traces of a corpus' sampler"),
    "kept_jointly": Assumption(0.55, "share of the problems", "measured: the miniature's three samplers"),
    "longest": Assumption(2.0, "times the mean", "measured: the longest of 256 traces in the miniature"),
    "sure_to_run_on": Assumption(100, "traces", "among so many one fills the context (greedy decoding loops)"),
    "judged": Assumption(0.3, "share of the answers", "those that the string rule rejects and nobody gave before"),
    "bytes_a_token": Assumption(4, "bytes", "English and mathematics"),
    "copies_of_traces": Assumption(3, "files", "a trace stands in its chunk, in cot/ and in graded/"),
    "merging": Assumption(3e7, "parameters a second", "mergekit on a CPU; rather slow"),
    "disk": Assumption(1e9, "bytes a second", "reading or writing weights"),
    "download": Assumption(5e7, "bytes a second", "from the hub"),
    "tokenising": Assumption(1e6, "bytes a second", "measured: Qwen3's tokenizer on one core"),
    "grading": Assumption(0.005, "seconds a trace", "measured: math-verify, and the two string rules"),
    "small_job": Assumption(5, "seconds", "tables, figures, corpora, problems: mostly Python's start"),
}  # fmt: skip

# One NVIDIA H100 SXM with 80 GB, vLLM and TRL.
GPU = {
    "flops": Assumption(989e12, "FLOP a second", "data sheet: bfloat16, dense"),
    "bandwidth": Assumption(3.35e12, "bytes a second", "data sheet"),
    "memory": Assumption(80e9, "bytes", "data sheet"),
    "training_mfu": Assumption(0.3, "share of the FLOP", "with gradient checkpointing; 0.2 to 0.45 is usual"),
    "training_step": Assumption(0.1, "seconds", "of a micro-batch, whatever its size"),
    "decoding_mfu": Assumption(0.3, "share of the FLOP", "of the matrix products while decoding and reading prompts"),
    "decoding_bandwidth": Assumption(0.6, "share of the bandwidth", "reading weights and cache at every decoding step"),
    "decoding_step": Assumption(0.01, "seconds", "of a decoding step, whatever its size, with CUDA graphs"),
    "eager_step": Assumption(0.02, "seconds", "the same with `enforce_eager: true`"),
    "concurrency": Assumption(1024, "sequences", "vLLM's default on an H100, where `max_num_seqs` is not set"),
    "scoring_mfu": Assumption(0.3, "share of the FLOP", "reading whole traces for their likelihood"),
    "sampling_start": Assumption(120, "seconds", "vLLM's start, without reading the weights"),
    "start": Assumption(30, "seconds", "importing torch and transformers, without reading the weights"),
}  # fmt: skip

# One core of a common server and models of under a million parameters.
CPU = {
    "flops": Assumption(3e10, "FLOP a second", "measured: training the miniature on one core, float32"),
    "bandwidth": Assumption(1e10, "bytes a second", "one core"),
    "memory": Assumption(16e9, "bytes", "not checked on a CPU"),
    "training_mfu": Assumption(1.0, "share of the FLOP", "contained in the value above"),
    "training_step": Assumption(0.02, "seconds", "measured: the miniature"),
    "decoding_mfu": Assumption(0.3, "share of the FLOP", "measured: the miniature; its cache is copied at each step"),
    "decoding_bandwidth": Assumption(1.0, "share of the bandwidth", "contained in the value above"),
    "decoding_step": Assumption(0.015, "seconds", "measured: the miniature"),
    "eager_step": Assumption(0.015, "seconds", "the same: a CPU has no CUDA graphs"),
    "concurrency": Assumption(256, "sequences", "vLLM's default on a CPU, where `max_num_seqs` is not set"),
    "scoring_mfu": Assumption(1.0, "share of the FLOP", "measured: the miniature"),
    "sampling_start": Assumption(8, "seconds", "measured: importing torch and transformers"),
    "start": Assumption(8, "seconds", "measured: importing torch, transformers and TRL"),
}  # fmt: skip

# A hub model whose name holds one of these writes long CoT.
LONG_COT_NAMES = ("r1", "qwq", "thinking", "reason")


def assumed(gpu: bool, changes: Mapping[str, float] | None = None) -> dict[str, Assumption]:
    """All assumptions for one kind of device, some of them set by the user; UserError for a name there is none of."""
    found = COMMON | (GPU if gpu else CPU)
    for name, value in (changes or {}).items():
        if name not in found:
            raise ConfigurationError(f"--assume {name}: there is no such assumption; choose from {', '.join(found)}")
        found[name] = Assumption(value, found[name].unit, "set with --assume")
    return found
