"""What can be known of a study before any GPU is asked for: checks on the models and data sets that are at hand.

Each check looks at a `Scene` and yields findings: `ok`, `warn` (it will run; look at this), `FAIL` (it will not, or not
as meant), or `not checked`, where what it needs is not at hand. What was not looked at is never called ok.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args

from micota.common.errors import UserError
from micota.common.hub import UNRESOLVED, reason
from micota.models.folders import attention
from micota.models.merging import check_partners
from micota.models.prompts import EXAMPLE, Prompt, render, turn_end
from micota.models.settings import HubBase
from micota.models.tokenizer import stated_bos
from micota.preflight.data import (
    check_golds,
    check_imported,
    check_licences,
    check_overlap,
    check_problems,
    check_special_tokens,
)
from micota.preflight.machine import check_disk, check_memory, check_profile
from micota.preflight.scene import Finding, Model, Scene, State

STATES = get_args(State)
COMMIT = 40  # hexadecimal digits


def check_models(scene: Scene) -> Iterator[Finding]:
    """Every base is there, whole and loadable, at a pinned commit."""
    for name, model in scene.models.items():
        block = (scene.study.config.bases | scene.study.config.external_models)[name]
        revision = block.revision if isinstance(block, HubBase) else None
        if model.fault or model.absent:
            yield Finding("model", name, "FAIL" if model.fault else "not checked", str(model.fault or model.absent))
        elif revision and (len(revision) != COMMIT or set(revision) - set("0123456789abcdef")):
            words = f"{model.key}.revision: {revision!r} is no commit and may move; `make pin` looks commits up"
            yield Finding("model", name, "warn", f"{words} where it says `{UNRESOLVED}`")
        else:
            weights = "" if model.has_weights else "; weights not fetched yet"
            yield Finding("model", name, "ok", f"{model.folder}{weights}")


def check_vocabularies(scene: Scene) -> Iterator[Finding]:
    """Every token has an embedding, and there is a token that ends a turn."""
    for name, model in scene.at_hand.items():
        tokens, rows = len(model.tokenizer), model.config.get("vocab_size")
        if model.tokenizer.eos_token_id is None:
            yield Finding("vocabulary", name, "FAIL", "its tokenizer names no eos_token; set one in its files")
        elif rows is None:
            yield Finding("vocabulary", name, "not checked", "config.json has no vocab_size")
        elif tokens > rows:
            words = f"{tokens} tokens, embeddings for {rows}: resize the embeddings, or give the tokenizer made for it"
            yield Finding("vocabulary", name, "FAIL", words)
        else:
            words = f"{tokens} tokens, embeddings for {rows}; an answer ends with {ends(model.tokenizer)}"
            yield Finding("vocabulary", name, "ok", words)


def ends(tokenizer: Any) -> str:
    """The tokens that are taught and scored at an answer's end, in words."""
    raw = tokenizer.eos_token
    closing = turn_end(tokenizer)
    if closing in (None, tokenizer.eos_token_id):
        return repr(raw)
    return f"{tokenizer.convert_ids_to_tokens(closing)!r} in its chat template, with {raw!r} after a raw prompt"


def check_attention(scene: Scene) -> Iterator[Finding]:
    """No stage computes a model's attention by a function that leaves a part of it out."""
    config = scene.study.config
    wanted = [
        (base, config.training[recipe].attention, f"training.{recipe}.attention") for base, recipe in scene.recipes
    ]
    if config.sampling.engine.name == "transformers":
        wanted += [(base, config.sampling.engine.attention, "sampling.engine.attention") for base in scene.samplers]
    for base, asked, key in dict.fromkeys(wanted):
        folder = scene.at_hand[base].folder if base in scene.at_hand else None
        if folder is None:
            yield Finding("attention", base, "not checked", f"{key}: {base} is not at hand")
            continue
        try:
            yield Finding("attention", base, "ok", f"{key}: {attention(folder, asked, key)}")
        except UserError as error:
            yield Finding("attention", base, "FAIL", str(error))


def check_merge_partners(scene: Scene) -> Iterator[Finding]:
    """A tuned model keeps its base's shape and vocabulary; one that is there already is compared with it."""
    for tuned in dict.fromkeys(merge.tuned for merge in scene.study.merges.values()):
        base = scene.models[scene.sizes.base_of(tuned)]
        made = scene.results / scene.study.config.study / "models" / tuned
        if not made.is_dir():
            yield Finding("merge", tuned, "ok", f"to be trained from {base.name}, with which it is merged")
        elif base.folder is None:
            yield Finding("merge", tuned, "not checked", f"{base.name} is not at hand")
        else:
            try:
                check_partners(base.folder, made)
                yield Finding("merge", tuned, "ok", f"{made} and {base.name}: one shape, one vocabulary")
            except UserError as error:
                yield Finding("merge", tuned, "FAIL", f"{error}; train it again from this base (remove {made})")


def prompts_met(scene: Scene) -> Iterator[tuple[str, str]]:
    """(Base, name of a prompt) of all that its models are asked, trained and scored with."""
    config = scene.study.config
    names = {prompt: name for name, prompt in config.prompts.items()}
    for base, tasks in scene.samplers.items():
        yield from ((base, names[task.prompt]) for task in tasks)
    for base, recipe in scene.recipes:
        yield base, config.training[recipe].prompt
    yield from ((base, config.likelihood.prompt) for base in config.students.bases)
    if config.grading.judge:
        yield config.grading.judge.model, config.grading.judge.prompt


def check_prompts(scene: Scene) -> Iterator[Finding]:
    """Every prompt can be rendered by the tokenizers that meet it: a chat template is there, and takes its roles."""
    for base, name in dict.fromkeys(prompts_met(scene)):
        subject = f"{base}, {name}"
        prompt = scene.study.prompt(name)
        if base not in scene.at_hand:
            yield Finding("prompt", subject, "not checked", f"{base} is not at hand")
            continue
        tokenizer = scene.at_hand[base].tokenizer
        if prompt.chat and not tokenizer.chat_template:
            words = f"prompts.{name} has chat: true, and the tokenizer has no chat template; add chat_template.jinja"
            yield Finding("prompt", subject, "FAIL", f"{words} to the model's folder, or set chat: false")
            continue
        try:
            rendered = render(tokenizer, prompt, EXAMPLE, "2")
            words = f"{'chat template' if prompt.chat else 'raw'}, {len(rendered.input_ids)} tokens, begins with"
            first = tokenizer.convert_ids_to_tokens(rendered.prompt_ids[0])
            yield Finding("prompt", subject, "ok", f"{words} {first!r}{bos_words(scene.at_hand[base], prompt)}")
        except Exception as error:  # a template is a program: it raises what it likes
            words = f"the chat template refuses prompts.{name} ({reason(error)}); without a system role, leave out"
            yield Finding("prompt", subject, "FAIL", f"{words} `system:`")


def bos_words(model: Model, prompt: Prompt) -> str:
    """Of a raw prompt, what the model's files say of its BOS, which load_tokenizer follows."""
    if prompt.chat or model.tokenizer.bos_token is None or model.folder is None:
        return ""
    stated = stated_bos(model.folder)
    return "" if stated is None else f"; tokenizer_config.json has add_bos_token: {str(stated).lower()}"


def check_contexts(scene: Scene) -> Iterator[Finding]:
    """No model is asked to look further than its positions reach."""
    sampling = scene.study.config.sampling.engine.max_model_len
    wanted = {(base, "sampling.engine.max_model_len"): sampling for base in scene.samplers}
    for base, recipe in scene.recipes:
        wanted[base, f"training.{recipe}.max_length"] = scene.study.config.training[recipe].max_length
    if judge := scene.study.config.grading.judge:
        wanted[judge.model, "sampling.engine.max_model_len"] = sampling
    for (base, key), length in wanted.items():
        reach = scene.at_hand[base].config.get("max_position_embeddings") if base in scene.at_hand else None
        if reach is None:
            words = "config.json has no max_position_embeddings" if base in scene.at_hand else f"{base} is not at hand"
            yield Finding("context", base, "not checked", f"{key}: {words}")
        elif length > reach:
            yield Finding("context", base, "FAIL", f"{key} is {length}, its positions end at {reach}; lower it")
        else:
            yield Finding("context", base, "ok", f"{key} is {length}, its positions end at {reach}")


def check_lengths(scene: Scene) -> Iterator[Finding]:
    """Every prompt leaves room for an answer, and no sampled corpus is mostly too long to train on."""
    config = scene.study.config
    context = config.sampling.engine.max_model_len
    for base, tasks in scene.samplers.items():
        for task in tasks:
            subject = f"{base}, {task.dataset}"
            if base not in scene.at_hand or not scene.problems.get(task.problems):
                yield Finding("length", subject, "not checked", "the model or the problems are not at hand")
                continue
            tokenizer, prompt = scene.at_hand[base].tokenizer, task.prompt
            if prompt.chat and not tokenizer.chat_template:
                yield Finding("length", subject, "not checked", "no chat template")
                continue
            lengths = {
                row["id"]: len(render(tokenizer, prompt, row["problem"]).prompt_ids)
                for row in scene.problems[task.problems]
            }
            longest = max(lengths, key=lambda row: lengths[row])
            words = f"longest prompt {lengths[longest]} tokens ({longest}), context {context}, answers to "
            words += f"{task.decoding.max_tokens}"
            if lengths[longest] >= context:
                yield Finding("length", subject, "FAIL", f"{words}: no room; raise sampling.engine.max_model_len")
            elif lengths[longest] + task.decoding.max_tokens > context:
                yield Finding("length", subject, "warn", f"{words}: the longest answers are cut by the context")
            else:
                yield Finding("length", subject, "ok", words)
    for corpus, recipe in dict.fromkeys((tune.corpus, tune.recipe) for tune in scene.study.tunes.values()):
        block, limit = scene.study.corpus(corpus), config.training[recipe].max_length
        asked = config.sampling.training
        kept = block.longest() or (asked.max_tokens if asked and block.written_by() else 0)
        if kept > limit:
            words = f"corpora.{corpus} keeps traces of up to {kept} tokens, training.{recipe}.max_length is {limit}"
            yield Finding("length", f"{corpus}, {recipe}", "warn", f"{words}: longer examples are dropped and counted")


CHECKS = (
    check_models,
    check_problems,
    check_imported,
    check_vocabularies,
    check_attention,
    check_merge_partners,
    check_prompts,
    check_contexts,
    check_lengths,
    check_overlap,
    check_special_tokens,
    check_golds,
    check_memory,
    check_licences,
    check_disk,
    check_profile,
)


def findings(scene: Scene) -> list[Finding]:
    """What all checks found, in their order."""
    return [finding for check in CHECKS for finding in check(scene)]


def page(found: list[Finding]) -> str:
    """The findings as a table, and how many there are of each state."""
    widths = [max(len(getattr(finding, key)) for finding in found) for key in ("state", "check", "subject")]
    lines = [
        f"{f.state:<{widths[0]}}  {f.check:<{widths[1]}}  {f.subject:<{widths[2]}}  {' '.join(f.words.split())}"
        for f in found
    ]
    counts = Counter(finding.state for finding in found)
    return "\n".join([*lines, "", ", ".join(f"{counts[state]} {state}" for state in STATES)])
