/** What Python sends (jne_engine/viewer/payload/header.py) and what a viewer shows, for tsc only. */
import type { Camera } from './camera.js';
import type { Threshold } from './colours.js';

export interface ShapeSpec {
  name: string;
  label: string;
  hash: string;
  flat: boolean;
}

export interface MapSpec {
  name: string;
  label: string;
  unit: string;
  kind: string;
  colours: string;
  centre: number;
  range: number[] | null;
  threshold: Threshold | null;
  hash?: string;
  exact?: string | null;
  mask?: string | null;
  categories?: { name: string; colour: string }[] | null;
}

export interface VertexList {
  hemi: string;
  vertices: number[];
}

/** What the page asks for. */
export interface Wish {
  view?: string;
  geometry?: string;
  panes?: number[];
  shared?: boolean;
  labels?: string;
  hemis?: string;
  open?: number;
}

export interface Header {
  key: string;
  height: number;
  title: string;
  provenance: string;
  simulated: boolean;
  surface: string;
  topology: string;
  geometries: ShapeSpec[];
  luts: string;
  maps: MapSpec[];
  labels: { name: string; hash: string }[];
  marked: VertexList[];
  selected: VertexList[];
  view: Wish;
  /** The blob of what stays, in a message of the page. */
  scene?: string;
  report_map?: boolean;
}

/** How a map is painted. */
export interface Look {
  colours: string;
  range: number[] | null;
  opacity: number;
  masked: boolean;
  second: string;
  secondMap: number;
  threshold: Threshold;
}

export interface State {
  view: string;
  hemis: string;
  shape: number;
  open: number;
  camera: Camera;
  panes: number[];
  shared: boolean;
  difference: boolean;
  tool: string;
  looks: Record<string, Look>;
  labelSet: number;
  labelStyle: string;
  labelNames: boolean;
  hidden: Record<string, string[]>;
}

/** What a viewer tells its surroundings. */
export interface Tell {
  select: (lists: VertexList[]) => void;
  need: (hashes: string[]) => void;
  map?: (name: string) => void;
  changed: (link: string) => void;
}
