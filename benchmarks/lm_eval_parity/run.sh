#!/usr/bin/env bash
# Both halves and the comparison: run.sh DATA OUT, from the project's folder. OURS and THEIRS are the two environments.
# What follows OUT goes to our half: --config config/paper.yaml, --model ..., --stop =
set -euo pipefail
data=$1 out=$2
shift 2
ours=${OURS:-.venv} theirs=${THEIRS:-.venv-lm-eval}
here=benchmarks/lm_eval_parity
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} TOKENIZERS_PARALLELISM=false HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 PYTHONPATH=.

"$ours/bin/python" -m benchmarks.lm_eval_parity.ours --data "$data" --out "$out" "$@"

rm -rf "$out/lm_eval"
model=$(cat "$out/model.txt") system=$(cat "$out/system.txt") kwargs=$(cat "$out/gen_kwargs.json")
"$theirs/bin/python" -m lm_eval run --model hf --model_args "pretrained=$model,dtype=float32" --device cpu \
    --include_path $here/tasks --metadata "{\"data\": \"$data\"}" \
    --tasks micota_aime24,micota_amc23,micota_olympiadbench,micota_math500,micota_gsm8k --samples "$(cat "$out/samples.json")" \
    --apply_chat_template ${system:+--system_instruction "$system"} --gen_kwargs "$kwargs" \
    --batch_size "${BATCH:-8}" --log_samples --output_path "$out/lm_eval"

"$theirs/bin/python" -m benchmarks.lm_eval_parity.parity --data "$data" --out "$out"
