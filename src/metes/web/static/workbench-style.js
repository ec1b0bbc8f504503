// The layers of the workbench's map from the page's tokens; what a unit shows is its feature state.

const TILE_ZOOMS = 12;
const LINES_FROM = 6;
const MANY_DOTS = 20_000;
const state = (name, otherwise) => ["coalesce", ["feature-state", name], otherwise];
const nothing = { type: "FeatureCollection", features: [] };
const byZoom = (...stops) => ["interpolate", ["linear"], ["zoom"], ...stops.flat()];
export const BORDER_OPACITY = 0.7;

/** Widths and sizes in pixels as [zoom, value]; of many zones the lines around each, which cost more than all else, show only near. */
export function stopsOf(isTiled, dots) {
  return {
    border: isTiled ? [[3, 0.3], [6, 1], [9, 2]] : [[3, 0.9], [7, 2]],
    edge: [[3, isTiled ? 0.1 : 0.35], [7, 1]],
    edgeOpacity: isTiled ? 0.5 : 0.9,
    edgesFrom: isTiled ? LINES_FROM : 0,
    chosen: [[3, 0.7], [8, 1.8]],
    hovered: [[3, 1.6], [8, 2.4]],
    dot: [[3, dots > MANY_DOTS ? 1.8 : 3], [9, 5.5], [13, 9]],
    chosenDot: [[3, 4], [9, 6.5], [13, 9]],
  };
}

/** A value between its stops. */
export function atZoom(zoom, stops) {
  const next = stops.findIndex(([at]) => zoom <= at);
  if (next < 1) return stops.at(next)[1];
  const [[z0, v0], [z1, v1]] = [stops[next - 1], stops[next]];
  return v0 + ((v1 - v0) * (zoom - z0)) / (z1 - z0);
}

/** The sources: units as `polygons`, or as `tiles` of an address where they are many; without shapes they are `points`. */
export function sourcesOf({ countries, polygons, points, tiles }) {
  const geojson = (data, more = {}) => ({ type: "geojson", data, ...more });
  return {
    world: geojson(countries),
    units: tiles ? { type: "vector", tiles: [tiles], maxzoom: TILE_ZOOMS, promoteId: { zones: "id" } } : geojson(polygons, { tolerance: 0.3 }),
    borders: geojson(nothing, { tolerance: 0.3 }),
    dots: geojson(points),
    labels: geojson(nothing),
    locks: geojson(nothing),
    bases: geojson(nothing),
    accounts: geojson(nothing),
  };
}

/** The layers, from the ground up; `stops` are their widths. What is chosen or under the pointer is not the map's: see the sketch. */
export function layersOf(c, isTiled, stops) {
  const ink = c["on-territory"];
  const units = (id, type, more) => ({ id, type, source: "units", ...(isTiled ? { "source-layer": "zones" } : {}), ...more });
  return [
    { id: "water", type: "background", paint: { "background-color": c.water } },
    { id: "land", type: "fill", source: "world", paint: { "fill-color": c.land } },
    { id: "shores", type: "line", source: "world", paint: { "line-color": c.line, "line-width": 0.8 } },
    units("units", "fill", { paint: { "fill-color": ["to-color", state("fill", c.land), c.land], "fill-antialias": false } }),
    units("moved", "fill", { layout: { visibility: "none" }, paint: { "fill-pattern": "hatch", "fill-opacity": ["case", state("moved", false), 0.75, 0] } }),
    units("edges", "line", {
      minzoom: stops.edgesFrom,
      paint: {
        "line-color": ["case", state("own", false), ink, c["map-edge"]],
        "line-width": byZoom(...stops.edge),
        "line-opacity": ["case", state("own", false), 0.55, stops.edgeOpacity],
      },
    }),
    { id: "borders", type: "line", source: "borders", layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": ink, "line-width": byZoom(...stops.border), "line-opacity": BORDER_OPACITY } },
    {
      id: "dots", type: "circle", source: "dots",
      paint: {
        "circle-radius": byZoom(...stops.dot),
        "circle-color": ["to-color", state("fill", c.surface), c.surface],
        "circle-stroke-color": ["case", state("moved", false), c.accent, ink],
        "circle-stroke-width": ["case", state("moved", false), 1.6, state("own", false), 1.2, 0.5],
        "circle-stroke-opacity": 0.75,
      },
    },
    { id: "locks", type: "circle", source: "locks", paint: { "circle-radius": byZoom([3, 2], [8, 4]), "circle-color": "#ffffff", "circle-stroke-color": ink, "circle-stroke-width": 1.6 } },
    { id: "bases", type: "circle", source: "bases", paint: { "circle-radius": 5, "circle-color": c.accent, "circle-stroke-color": c.surface, "circle-stroke-width": 2 } },
    { id: "accounts", type: "circle", source: "accounts", filter: ["<=", ["coalesce", ["get", "count"], 1], 1], paint: { "circle-radius": byZoom([3, 2], [9, 4.5]), "circle-color": ink, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1 } },
    { id: "clusters", type: "symbol", source: "accounts", filter: [">", ["coalesce", ["get", "count"], 1], 1], layout: { "icon-image": ["concat", "cluster|", ["to-string", ["get", "count"]]], "icon-allow-overlap": true, "symbol-sort-key": ["get", "count"] } },
    { id: "labels", type: "symbol", source: "labels", layout: { "icon-image": ["concat", "label|", ["get", "name"]], "icon-padding": 4, "symbol-sort-key": ["-", ["get", "size"]] } },
  ];
}
