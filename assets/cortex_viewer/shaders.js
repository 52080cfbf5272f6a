/**
 * GLSL of the passes: cells (what each pixel shows), lines, paint (cells to colours), and depth
 * for visibility. Only the paint pass knows range, threshold and colours.
 * @module shaders
 */

const TRANSFORM = `
uniform mat3 uMatrix; uniform vec3 uOffset; uniform vec2 uScale; uniform float uMorph;
vec4 place(vec3 p) { vec3 v = uMatrix * p + uOffset; return vec4(v.xy * uScale, -v.z / 600.0, 1.0); }
`;

const VERSION = '#version 300 es\n';

/** A variant of a shader. @param {string} source @param {string[]} switches names to define @returns {string} */
export function variant(source, switches) {
  return source.replace(VERSION, VERSION + switches.map((name) => `#define ${name}\n`).join(''));
}

/** Switches: MORPH between two shapes, SECOND map, REGIONS painted. */
export const CELL_VERTEX = `${VERSION}layout(location=0) in vec3 aFrom; layout(location=2) in vec3 aFromNormal;
layout(location=4) in float aSulcus; layout(location=5) in vec2 aValue;
${TRANSFORM}
out vec3 vNormal; out vec3 vValue;
#ifdef MORPH
layout(location=1) in vec3 aTo; layout(location=3) in vec3 aToNormal;
#endif
#ifdef SECOND
layout(location=10) in vec2 aSecond; out vec2 vSecond;
#endif
#ifdef REGIONS
layout(location=6) in vec4 aClass0; layout(location=7) in vec4 aClass1;
layout(location=8) in vec4 aLabel0; layout(location=9) in vec4 aLabel1;
out vec4 vClass0; out vec4 vClass1; out vec4 vLabel0; out vec4 vLabel1;
#endif
void main() {
#ifdef MORPH
  gl_Position = place(mix(aFrom, aTo, uMorph));
  vNormal = uMatrix * mix(aFromNormal, aToNormal, uMorph);
#else
  gl_Position = place(aFrom);
  vNormal = uMatrix * aFromNormal;
#endif
  vValue = vec3(aValue, aSulcus);
#ifdef SECOND
  vSecond = aSecond;
#endif
#ifdef REGIONS
  vClass0 = aClass0; vClass1 = aClass1; vLabel0 = aLabel0; vLabel1 = aLabel1;
#endif
}`;

/**
 * A cell: first value, second value, region << 8 | flags (1 surface, 2 first value, 4 second value),
 * light and sulcus.
 */
export const CELL_FRAGMENT = `${VERSION}precision highp float;
in vec3 vNormal; in vec3 vValue; out uvec4 cell;
#ifdef SECOND
in vec2 vSecond;
#endif
#ifdef REGIONS
in vec4 vClass0; in vec4 vClass1; in vec4 vLabel0; in vec4 vLabel1;
void nearest(vec4 weights, vec4 labels, inout float best, inout float label) {
  for (int k = 0; k < 4; k++) if (weights[k] > best) { best = weights[k]; label = labels[k] / weights[k]; }
}
#endif
void main() {
  uvec4 found = uvec4(0u, 0u, 1u, 0u);
  if (vValue.y > 0.5) { found.x = floatBitsToUint(vValue.x / vValue.y); found.z |= 2u; }
#ifdef SECOND
  if (vSecond.y > 0.5) { found.y = floatBitsToUint(vSecond.x / vSecond.y); found.z |= 4u; }
#endif
#ifdef REGIONS
  float best = 0.0; float label = 0.0;
  nearest(vClass0, vLabel0, best, label); nearest(vClass1, vLabel1, best, label);
  found.z |= uint(label + 0.5) << 8;
#endif
  vec3 n = normalize(vNormal);
  float facing = abs(n.z);
  float soft = 0.5 + 0.5 * dot(vec3(n.xy, facing), vec3(-0.34955, 0.54929, 0.75901));
  found.w = packUnorm2x16(vec2(mix(0.50 + 0.50 * facing, soft, 0.45), smoothstep(-0.35, 0.35, vValue.z)));
  cell = found;
}`;

/** One triangle that covers the viewport. */
export const COVER_VERTEX = `${VERSION}void main() { gl_Position = vec4(float(gl_VertexID & 1) * 4.0 - 1.0, float(gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0); }`;

/**
 * uThreshold: cut, centre, 1 if two-sided, 1 if there is a cut. uLog: 1 if colours follow ratios of the first value.
 * Switches: FINE takes the mean of four cells, PLANE and ALPHA use the second map, REGIONS paints them.
 */
export const PAINT_FRAGMENT = `${VERSION}precision highp float; precision highp usampler2D;
uniform usampler2D uCells; uniform sampler2D uInk; uniform sampler2D uLut;
uniform vec2 uGrain; uniform vec4 uRange; uniform vec4 uThreshold; uniform float uOpacity; uniform float uLog;
#ifdef REGIONS
uniform sampler2D uPalette; uniform float uFill;
#endif
out vec4 colour;
float share(float x, float low, float high) { return clamp((x - low) / max(high - low, 1e-30), 0.0, 1.0); }
vec4 painted(uvec4 cell) {
  float first = uintBitsToFloat(cell.x);
  float size = uThreshold.z > 0.5 ? abs(first - uThreshold.y) : first;
  bool shown = (cell.z & 2u) != 0u && (uThreshold.w < 0.5 || size >= uThreshold.x) && (uLog < 0.5 || first > 0.0);
  float ratio = share(log(max(first, 1e-37)), log(max(uRange.x, 1e-37)), log(max(uRange.y, 1e-37)));
  vec2 at = vec2(uLog > 0.5 ? ratio : share(first, uRange.x, uRange.y), 0.5);
  float alpha = uOpacity;
#if defined(PLANE) || defined(ALPHA)
  float second = (cell.z & 4u) != 0u ? share(uintBitsToFloat(cell.y), uRange.z, uRange.w) : 0.0;
#endif
#ifdef PLANE
  at.y = second;
#endif
#ifdef ALPHA
  alpha *= second;
#endif
  vec4 paint = vec4(textureLod(uLut, at, 0.0).rgb, shown ? alpha : 0.0);
#ifdef REGIONS
  int id = int(cell.z >> 8);
  vec4 fill = texelFetch(uPalette, ivec2(id % 256, id / 256), 0);
  if (fill.a > 0.0) paint = vec4(fill.rgb, uFill);
#endif
  vec2 look = unpackUnorm2x16(cell.w);
  vec3 bare = vec3(mix(0.80, 0.53, look.y));
  return vec4(mix(bare, paint.rgb, paint.a) * mix(look.x * 1.03, 0.16 + 0.86 * look.x, paint.a), 1.0) * float(cell.z & 1u);
}
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy * uGrain);
#ifdef FINE
  at = (at / 2) * 2;
  vec4 under = 0.25 * (painted(texelFetch(uCells, at, 0)) + painted(texelFetch(uCells, at + ivec2(1, 0), 0))
    + painted(texelFetch(uCells, at + ivec2(0, 1), 0)) + painted(texelFetch(uCells, at + ivec2(1, 1), 0)));
  vec4 ink = textureLod(uInk, vec2(at + 1) / vec2(textureSize(uInk, 0)), 0.0);
#else
  vec4 under = painted(texelFetch(uCells, at, 0));
  vec4 ink = texelFetch(uInk, at, 0);
#endif
  colour = under * (1.0 - ink.a) + ink;
}`;

export const LINE_VERTEX = `${VERSION}layout(location=0) in vec3 aFromA; layout(location=1) in vec3 aFromB;
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

export const LINE_FRAGMENT = `${VERSION}precision highp float;
in float vAcross; in float vHalf; uniform vec4 uInk; out vec4 colour;
void main() {
  float cover = clamp(vHalf + 0.5 - abs(vAcross), 0.0, 1.0) * uInk.a;
  if (cover < 0.02) discard;
  colour = vec4(uInk.rgb * cover, cover);
}`;

/** Depth as 24 bits in three bytes; alpha 1 says that there is a surface. */
export const DEPTH_FRAGMENT = `${VERSION}precision highp float;
uniform highp sampler2D uDepth; uniform vec2 uGrain; out vec4 colour;
void main() {
  float d = texelFetch(uDepth, ivec2(gl_FragCoord.xy * uGrain), 0).r * 16777215.0;
  float high = floor(d / 65536.0); float middle = floor((d - high * 65536.0) / 256.0);
  colour = d > 16777214.5 ? vec4(0.0) : vec4(high, middle, d - high * 65536.0 - middle * 256.0, 255.0) / 255.0;
}`;

/** Millimetres towards the eye from three depth bytes. @param {Uint8Array} pixels @param {number} at @returns {number} */
export function depthFromBytes(pixels, at) {
  const d = (pixels[at] * 65536 + pixels[at + 1] * 256 + pixels[at + 2]) / 16777215;
  return -(d * 2 - 1) * 600;
}
