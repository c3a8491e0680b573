"""Fine-tuning by TRL's SFTTrainer, on one process or several, resumable to the same bits.

In: a model folder, corpus rows, a recipe. Out: a model folder, with its losses in micota.json.

May import: models and below.
"""
