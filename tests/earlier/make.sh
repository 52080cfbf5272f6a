#!/bin/sh
# Makes run.tar.xz: a tiny SIMULATED run by the code of commit cf5e496, whose runs' keys still held a
# digest of the source. Usage, from the checkout: sh tests/earlier/make.sh PYTHON
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
git -C "$here/../.." archive cf5e496 jne_engine | tar -x -C "$work"
cd "$work"
OMP_NUM_THREADS=1 "${1:-python3}" -m jne_engine demo --inline --quiet --out "$work/runs" \
    --n-stimuli 100 --n-test 5 --n-vertices 100 --n-hidden 3 --max-epochs 60
cd "$work/runs"
tar --sort=name --mtime=@0 --owner=0 --group=0 -cJf "$here/run.tar.xz" ./*
rm -rf "$work"
