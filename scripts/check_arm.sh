#!/bin/sh
# Compiles Anubad for 64-bit ARM and runs the kernels' tests on processors that QEMU makes up: with matrix products of
# bytes, with dot products alone, with neither. Checks that each ran what it should have.
#
#   rustup target add aarch64-unknown-linux-gnu
#   apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
#   scripts/check_arm.sh
set -eu
cd "$(dirname "$0")/.."

target=aarch64-unknown-linux-gnu
export CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc

# check PROCESSOR INT8 Q5: the instructions that 8-bit and 5-bit products are to be found to have.
check() {
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -cpu $1 -L /usr/aarch64-linux-gnu"
    log=$(cargo test --quiet --target $target --config 'profile.dev.package."*".opt-level=1' \
        --lib kernel:: -- --nocapture)
    echo "$1: $log"
    for instructions in "$2" "$3"; do
        case $log in
            *"instructions: [$instructions]"*) ;;
            *) echo "$1: no test ran with [$instructions]" >&2; exit 1 ;;
        esac
    done
}

check max "NeonMatrix, NeonDot, Neon, Portable" "NeonDot, Portable"
check neoverse-n1 "NeonDot, Neon, Portable" "NeonDot, Portable"
check cortex-a72 "Neon, Portable" "Portable"
