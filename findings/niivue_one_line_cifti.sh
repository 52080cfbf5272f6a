#!/bin/sh
# NiiVue 0.69.0 reads a CIFTI-2 file whose XML is one line (as nibabel 5.3.2 writes it) as zeros,
# without an error (its log warns); the same file with a line feed between tags is read exactly.
# Source: @niivue/niivue 0.69.0, src/nvmesh-loaders.ts, readNII2: the XML is read line by line, and
# after the line of <BrainModel the next *line* must begin with <VertexIndices>.
# Needs python3, node and npm. Exits with 1 where the behaviour has changed.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv venv
venv/bin/pip install --quiet nibabel==5.3.2 numpy==2.2.6
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @niivue/niivue@0.69.0 >/dev/null
cat > write.py <<'PY'
import nibabel as nib, numpy as np
print("nibabel", nib.__version__)
names = (("left", "CIFTI_STRUCTURE_CORTEX_LEFT"), ("right", "CIFTI_STRUCTURE_CORTEX_RIGHT"))
left, right = (nib.cifti2.BrainModelAxis.from_surface(np.arange(12), 12, name=n) for _, n in names)
axes = (nib.cifti2.ScalarAxis(["one"]), left + right)
values = np.arange(1, 25, dtype=np.float32)[None]
image = nib.Cifti2Image(values, header=axes)
image.nifti_header.set_intent("NIFTI_INTENT_CONNECTIVITY_DENSE_SCALARS")
image.to_filename("one-line.dscalar.nii")
plain = nib.Cifti2Header.to_xml
nib.Cifti2Header.to_xml = lambda self, *a, **k: plain(self, *a, **k).replace(b"><", b">\n<")
image.to_filename("lines.dscalar.nii")
PY
cat > read.mjs <<'JS'
import fs from 'fs';
import { NVMeshLoaders } from '@niivue/niivue';
const told = JSON.parse(fs.readFileSync('node_modules/@niivue/niivue/package.json')).version;
console.log('NiiVue', told);
const read = async (name) => {
  const { buffer, byteOffset, byteLength } = fs.readFileSync(name);
  return [...await NVMeshLoaders.readNII2(buffer.slice(byteOffset, byteOffset + byteLength), 12, 'CORTEX_LEFT')];
};
const one = await read('one-line.dscalar.nii'), lines = await read('lines.dscalar.nii');
console.log('written  ', [...Array(12).keys()].map((i) => i + 1).join(' '));
console.log('one line ', one.join(' '));
console.log('lines    ', lines.join(' '));
const asFound = one.every((v) => v === 0) && lines.every((v, i) => v === i + 1);
console.log(asFound ? 'as found: zeros, and no error' : 'CHANGED');
process.exit(asFound ? 0 : 1);
JS
venv/bin/python write.py
node read.mjs
