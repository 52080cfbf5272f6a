/** What Python sends (jne_engine/viewer/payload/header.py) and what a viewer shows, for tsc only. */
import type { Camera } from './camera.js';
import type { Threshold } from './colours.js';

/** Whose map the first pane shows; "" where nothing is at odds. */
export type Decider = '' | 'reader' | 'page';

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
  /** Number of the map that begins as this one's opacity. */
  second?: number | null;
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
  fit?: boolean;
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
  /** How many of the viewer's own choices of a map the page has heard of. */
  heard?: number;
  /** Whether the page has taken the last of them. */
  taken?: boolean;
  /** Of the first pane's map, where the page has one. */
  threshold?: number | null;
  /** The page around says SIMULATED and scrolls. */
  framed?: boolean;
  /** Names of maps that are read out beside the shown ones. */
  readout?: string[];
  /** What pictures are named after. */
  run?: string;
  /** Rows of the affine from the surface's millimetres to MNI152, null where there is none. */
  mni?: number[][] | null;
}

/** How a map is painted. */
export interface Look {
  colours: string;
  range: number[] | null;
  /** Colours follow ratios, not differences. */
  log: boolean;
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
  /** Fitted to the data, not to the whole brain. */
  fit: boolean;
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
  threshold?: (value: number | null) => void;
  changed: (link: string) => void;
}
