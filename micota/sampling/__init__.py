"""Completions of a model on problems, by transformers or vLLM, in chunks that survive a kill.

In: a model folder, problem records, decoding and engine settings. Out: trace records, with their prompt, tokens and
finish reason.

May import: models and below.
"""
