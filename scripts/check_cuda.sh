#!/usr/bin/env bash
# Compiles the feature `cuda` on a machine without a GPU or a CUDA toolkit: the compiler and headers come from PyPI.
# Shows that every kernel and every call compiles; to run it, build on the machine with the GPU.
#
#     scripts/check_cuda.sh [CUDA VERSION, default 13.2] [compute capability, default 80]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=${1:-13.2}
work=${TMPDIR:-/tmp}/anubad-cuda
python3 -m venv "$work/venv"
# nvcc, its back end and its headers must be of one version.
"$work/venv/bin/pip" install -q "nvidia-cuda-nvcc==$version.*" "nvidia-nvvm==$version.*" "nvidia-cuda-crt==$version.*" \
    "nvidia-cuda-runtime==$version.*" nvidia-cuda-cccl nvidia-curand nvidia-cublas
CUDA_HOME=$("$work/venv/bin/python" -c 'import nvidia; print(list(nvidia.__path__)[0])')/cu${version%%.*}
export CUDA_HOME CUDA_PATH=$CUDA_HOME CUDA_ROOT=$CUDA_HOME CUDA_TOOLKIT_ROOT_DIR=$CUDA_HOME
export CUDA_COMPUTE_CAP=${2:-80} NVCC=$CUDA_HOME/bin/nvcc PATH=$CUDA_HOME/bin:$PATH
cargo check --locked --features cuda --target-dir "$work/target"
