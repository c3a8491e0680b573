"""Model folders: taken, checked, merged, rendered for, scored.

In: a local folder, a hub revision or a shape. Out: a plain folder with safetensors, tokenizer and micota.json; prompts
as the tokens that a model sees; NLL of traces; merges by mergekit.

May import: problems and below.
"""
