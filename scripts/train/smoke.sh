#!/usr/bin/env bash
# Every step of training in small, on a processor, in minutes:  scripts/train/smoke.sh [FOLDER]
#
# The embedded model learns a few pairs by heart, in two parts, the second resumed; a student learns what a miniature
# teacher makes of some sentences. The losses must fall, and the program must write, token for token, what PyTorch does.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-target/train-smoke}
train=scripts/train
teacher=tests/data/model/translator-mini
python=${PYTHON:-python3}

rm -rf "$out" && mkdir -p "$out"
(cd $train && $python -m unittest --quiet test_data)

echo "== language model"
$python $train/prepare.py "$out/all" >"$out/prepare.txt"
$python $train/prove_held_out.py "$out/all/train.jsonl" $train/pairs/held-aside.jsonl
mkdir "$out/few"
grep -m 32 '"pairs/south-asia"' "$out/all/train.jsonl" >"$out/few/train.jsonl"
cp "$out"/all/{held-aside,briefs}.jsonl "$out/few/"
cp "$out/all/report.json" "$out/few/"
cp "$out/few/train.jsonl" "$out/learnt.jsonl"
$python $train/train_lm.py $train/recipes/smoke.toml "$out/few" "$out/lm" --measure "$out/learnt.jsonl" --until 6
$python $train/train_lm.py $train/recipes/smoke.toml "$out/few" "$out/lm" --measure "$out/learnt.jsonl" --resume
$python $train/check_loss.py "$out/lm/log.jsonl" learnt 0.8
$python $train/export_lm.py "$out/lm" "$out/few" "$out/lm/model" --name anubad-smoke
$python $train/plot.py "$out/lm/log.jsonl" "$out/lm/loss.svg"
$python -c 'import json, sys; [print(json.loads(line)["src"]) for line in open(sys.argv[1])]' "$out/few/train.jsonl" >"$out/few.bn"
$python $train/check_export.py "$out/lm/model" "$out/few.bn" --limit 8

echo "== student"
cut -f 2 $teacher/pairs.tsv | head -n 13 >"$out/teacher.bn"
$python $train/distil.py "$out/teacher.bn" "$out/distilled.tsv" --teacher $teacher
$python $train/train_student.py $train/recipes/student-smoke.toml "$out/distilled.tsv" "$out/distilled.tsv" "$out/student" --teacher "a miniature of the tests" --until 100
$python $train/train_student.py $train/recipes/student-smoke.toml "$out/distilled.tsv" "$out/distilled.tsv" "$out/student" --teacher "a miniature of the tests" --resume
$python $train/check_loss.py "$out/student/log.jsonl" dev 0.1
$python $train/check_export.py "$out/student/model" "$out/teacher.bn"
