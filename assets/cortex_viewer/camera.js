/**
 * Views that are right in both hemispheres, and the one camera that all panes share.
 * World axes are millimetres: x to the right, y to the front, z up. View axes: x right, y up, z to the eye.
 * @module camera
 */
import { axisAngle, clamp, IDENTITY_QUATERNION, matrixFromQuaternion, multiplyQuaternion, quaternionFromMatrix, slerp } from './math.js';

/** @typedef {{orbit: number[], zoom: number, pan: number[]}} Camera pan in millimetres of the view plane */

export const VIEWS = Object.freeze(['lateral', 'medial', 'dorsal', 'ventral', 'anterior', 'posterior', 'grid', 'pair']);

/** Rows: which world direction points right, up and to the eye. */
const FROM = Object.freeze({
  left: [0, -1, 0, 0, 0, 1, -1, 0, 0],
  right: [0, 1, 0, 0, 0, 1, 1, 0, 0],
  dorsal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  ventral: [-1, 0, 0, 0, 1, 0, 0, 0, -1],
  anterior: [-1, 0, 0, 0, 0, 1, 0, 1, 0],
  posterior: [1, 0, 0, 0, 0, 1, 0, -1, 0],
});

/** The side from which a hemisphere is seen in a view. @param {string} view @param {'left'|'right'} hemi @returns {string} */
export function sideOf(view, hemi) {
  const other = hemi === 'left' ? 'right' : 'left';
  if (view === 'lateral') return hemi;
  if (view === 'medial') return other;
  return view;
}

/** World to view before any orbit. @param {string} view @param {'left'|'right'} hemi @param {number} flatness @returns {number[]} quaternion */
export function baseRotation(view, hemi, flatness) {
  const folded = quaternionFromMatrix(FROM[sideOf(view, hemi)]);
  return flatness > 0 ? slerp(folded, IDENTITY_QUATERNION, flatness) : folded;
}

/** @returns {Camera} */
export function newCamera() {
  return { orbit: [...IDENTITY_QUATERNION], zoom: 1, pan: [0, 0] };
}

/** World to view, orbit included. @param {Camera} camera @param {number[]} base quaternion @returns {number[]} row-major 3x3 */
export function viewMatrix(camera, base) {
  return matrixFromQuaternion(multiplyQuaternion(camera.orbit, base));
}

/** Turn by angles about the screen's axes. @param {Camera} camera @param {number} right @param {number} down @returns {Camera} */
export function orbited(camera, right, down) {
  const turn = multiplyQuaternion(axisAngle([1, 0, 0], down), axisAngle([0, 1, 0], right));
  return { ...camera, orbit: multiplyQuaternion(turn, camera.orbit) };
}

/** Roll about the line of sight. @param {Camera} camera @param {number} angle @returns {Camera} */
export function rolled(camera, angle) {
  return { ...camera, orbit: multiplyQuaternion(axisAngle([0, 0, 1], angle), camera.orbit) };
}

/** @param {Camera} camera @param {number} x mm @param {number} y mm @returns {Camera} */
export function panned(camera, x, y) {
  return { ...camera, pan: [clamp(camera.pan[0] + x, -400, 400), clamp(camera.pan[1] + y, -400, 400)] };
}

/**
 * Zoom so that the point under the pointer stays there.
 * @param {Camera} camera @param {number} factor
 * @param {number[]} at millimetres from the tile's centre at zoom 1, y up
 * @returns {Camera}
 */
export function zoomed(camera, factor, at = [0, 0]) {
  const zoom = clamp(camera.zoom * factor, 0.3, 30);
  const shift = (k) => camera.pan[k] + at[k] * (1 / zoom - 1 / camera.zoom);
  return { ...camera, zoom, pan: [shift(0), shift(1)] };
}

/** Between two cameras, for the flight to a preset. @param {Camera} a @param {Camera} b @param {number} t @returns {Camera} */
export function mixCamera(a, b, t) {
  return {
    orbit: slerp(a.orbit, b.orbit, t),
    zoom: a.zoom * (b.zoom / a.zoom) ** t,
    pan: [0, 1].map((k) => a.pan[k] + (b.pan[k] - a.pan[k]) * t),
  };
}
