/**
 * GLSL of the three passes: surface, border lines, and depth for visibility.
 * @module shaders
 */

const TRANSFORM = `
uniform mat3 uMatrix; uniform vec3 uOffset; uniform vec2 uScale; uniform float uMorph;
vec4 place(vec3 p) { vec3 v = uMatrix * p + uOffset; return vec4(v.xy * uScale, -v.z / 600.0, 1.0); }
`;

const VERSION = '#version 300 es\n';

/** Put the switch for painted regions in front; a surface without them is drawn faster. @param {string} source @returns {string} */
export function withRegions(source) {
  return source.replace(VERSION, `${VERSION}#define REGIONS\n`);
}

export const SURFACE_VERTEX = `${VERSION}layout(location=0) in vec3 aFrom; layout(location=1) in vec3 aTo;
layout(location=2) in vec3 aFromNormal; layout(location=3) in vec3 aToNormal;
layout(location=4) in float aSulcus; layout(location=5) in vec4 aValue;
${TRANSFORM}
out vec3 vNormal; out float vSulcus; out vec4 vValue;
#ifdef REGIONS
layout(location=6) in vec4 aClass0; layout(location=7) in vec4 aClass1;
layout(location=8) in vec4 aLabel0; layout(location=9) in vec4 aLabel1;
out vec4 vClass0; out vec4 vClass1; out vec4 vLabel0; out vec4 vLabel1;
#endif
void main() {
  gl_Position = place(mix(aFrom, aTo, uMorph));
  vNormal = uMatrix * mix(aFromNormal, aToNormal, uMorph);
  vSulcus = aSulcus; vValue = aValue;
#ifdef REGIONS
  vClass0 = aClass0; vClass1 = aClass1; vLabel0 = aLabel0; vLabel1 = aLabel1;
#endif
}`;

/** uThreshold: cut, centre, 1 if two-sided, 1 if there is a cut. uSecond: 0 none, 1 two-dimensional, 2 alpha. */
export const SURFACE_FRAGMENT = `${VERSION}precision highp float;
in vec3 vNormal; in float vSulcus; in vec4 vValue;
uniform sampler2D uLut;
uniform vec4 uRange; uniform vec4 uThreshold; uniform int uSecond;
uniform float uOpacity; out vec4 colour;
float share(float x, float low, float high) { return clamp((x - low) / max(high - low, 1e-30), 0.0, 1.0); }
#ifdef REGIONS
in vec4 vClass0; in vec4 vClass1; in vec4 vLabel0; in vec4 vLabel1;
uniform sampler2D uPalette; uniform float uFill;
void nearest(vec4 weights, vec4 labels, inout float best, inout float label) {
  for (int k = 0; k < 4; k++) if (weights[k] > best) { best = weights[k]; label = labels[k] / weights[k]; }
}
#endif
void main() {
  vec3 bare = mix(vec3(0.80), vec3(0.53), smoothstep(-0.35, 0.35, vSulcus));
  vec4 paint = vec4(0.0);
  if (vValue.y > 0.5) {
    float first = vValue.x / vValue.y;
    float second = vValue.w > 0.5 ? vValue.z / vValue.w : uRange.z;
    float size = uThreshold.z > 0.5 ? abs(first - uThreshold.y) : first;
    if (uThreshold.w < 0.5 || size >= uThreshold.x) {
      vec2 at = vec2(share(first, uRange.x, uRange.y), share(second, uRange.z, uRange.w));
      paint = vec4(texture(uLut, uSecond == 1 ? at : vec2(at.x, 0.5)).rgb, uOpacity * (uSecond == 2 ? at.y : 1.0));
    }
  }
#ifdef REGIONS
  float best = 0.0; float label = 0.0;
  nearest(vClass0, vLabel0, best, label); nearest(vClass1, vLabel1, best, label);
  int id = int(label + 0.5);
  vec4 fill = texelFetch(uPalette, ivec2(id % 256, id / 256), 0);
  if (fill.a > 0.0) paint = vec4(fill.rgb, uFill);
#endif
  vec3 n = normalize(vNormal);
  float facing = abs(n.z);
  float soft = 0.5 + 0.5 * dot(normalize(vec3(n.xy, facing)), normalize(vec3(-0.35, 0.55, 0.76)));
  float light = mix(0.50 + 0.50 * facing, soft, 0.45);
  vec3 mixed = mix(bare, paint.rgb, paint.a);
  colour = vec4(mixed * mix(light * 1.03, 0.16 + 0.86 * light, paint.a), 1.0);
}`;

export const LINE_VERTEX = `#version 300 es
layout(location=0) in vec3 aFromA; layout(location=1) in vec3 aFromB;
layout(location=2) in vec3 aToA; layout(location=3) in vec3 aToB;
${TRANSFORM}
uniform vec2 uPixel; uniform float uWidth; uniform float uLift;
out float vAcross; out float vHalf;
void main() {
  vec4 a = place(mix(aFromA, aToA, uMorph)); vec4 b = place(mix(aFromB, aToB, uMorph));
  vec2 corner = vec2(float(gl_VertexID & 1), float((gl_VertexID >> 1) & 1) * 2.0 - 1.0);
  vec2 along = (b.xy - a.xy) / uPixel;
  along = dot(along, along) > 1e-12 ? normalize(along) : vec2(1.0, 0.0);
  float reach = 0.5 * uWidth + 1.0;
  vec4 at = corner.x < 0.5 ? a : b;
  vec2 shift = vec2(-along.y, along.x) * corner.y * reach + along * (corner.x * 2.0 - 1.0) * 0.5 * uWidth;
  gl_Position = vec4(at.xy + shift * uPixel, at.z - uLift / 600.0, 1.0);
  vAcross = corner.y * reach; vHalf = 0.5 * uWidth;
}`;

export const LINE_FRAGMENT = `#version 300 es
precision highp float;
in float vAcross; in float vHalf; uniform vec4 uInk; out vec4 colour;
void main() {
  float cover = clamp(vHalf + 0.5 - abs(vAcross), 0.0, 1.0) * uInk.a;
  if (cover < 0.02) discard;
  colour = vec4(uInk.rgb * cover, cover);
}`;

export const DEPTH_VERTEX = `#version 300 es
layout(location=0) in vec3 aFrom; layout(location=1) in vec3 aTo;
${TRANSFORM}
out float vDepth;
void main() { gl_Position = place(mix(aFrom, aTo, uMorph)); vDepth = (gl_Position.z + 1.0) * 0.5; }`;

/** Depth as 24 bits in three bytes; alpha 1 says that there is a surface. */
export const DEPTH_FRAGMENT = `#version 300 es
precision highp float;
in float vDepth; out vec4 colour;
void main() {
  float d = clamp(vDepth, 0.0, 1.0) * 16777215.0;
  float high = floor(d / 65536.0); float middle = floor((d - high * 65536.0) / 256.0);
  colour = vec4(high, middle, d - high * 65536.0 - middle * 256.0, 255.0) / 255.0;
}`;

/** Millimetres towards the eye from three depth bytes. @param {Uint8Array} pixels @param {number} at @returns {number} */
export function depthFromBytes(pixels, at) {
  const d = (pixels[at] * 65536 + pixels[at + 1] * 256 + pixels[at + 2]) / 16777215;
  return -(d * 2 - 1) * 600;
}
