# Sourced with the name of a target: builds it with coverage instrumentation and sets `binary`.
# `--target` keeps build scripts and procedural macros uninstrumented.
host=$(rustc -vV | sed -n 's/^host: //p')
directory=${CARGO_TARGET_DIR:-target}
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares" \
    cargo build --release --quiet --target "$host" --target-dir "$directory" --bin "$1"
binary=$directory/$host/release/$1
