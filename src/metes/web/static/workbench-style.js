// The layers of the workbench's map from the page's tokens; what a unit shows is its feature state.

const TILE_ZOOMS = 12;
const LINES_FROM = 6;
const state = (name, otherwise) => ["coalesce", ["feature-state", name], otherwise];
const nothing = { type: "FeatureCollection", features: [] };
const byZoom = (...stops) => ["interpolate", ["linear"], ["zoom"], ...stops];

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

/** The layers, from the ground up; `isTiled` where units come as tiles. */
export function layersOf(c, isTiled) {
  const ink = c["on-territory"];
  const units = (id, type, more) => ({ id, type, source: "units", ...(isTiled ? { "source-layer": "zones" } : {}), ...more });
  // Of many zones the lines around each are drawn only where they can be told apart: they cost more than all else.
  const near = isTiled ? { minzoom: LINES_FROM } : {};
  return [
    { id: "water", type: "background", paint: { "background-color": c.water } },
    { id: "land", type: "fill", source: "world", paint: { "fill-color": c.land } },
    { id: "shores", type: "line", source: "world", paint: { "line-color": c.line, "line-width": 0.8 } },
    units("units", "fill", { paint: { "fill-color": ["to-color", state("fill", c.land), c.land], "fill-antialias": false } }),
    units("moved", "fill", { layout: { visibility: "none" }, paint: { "fill-pattern": "hatch", "fill-opacity": ["case", state("moved", false), 0.75, 0] } }),
    units("edges", "line", {
      ...near,
      paint: {
        "line-color": ["case", state("own", false), ink, c["map-edge"]],
        "line-width": byZoom(3, isTiled ? 0.1 : 0.35, 7, 1),
        "line-opacity": ["case", state("own", false), 0.55, isTiled ? 0.5 : 0.9],
      },
    }),
    { id: "borders", type: "line", source: "borders", layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": ink, "line-width": isTiled ? byZoom(3, 0.3, 6, 1, 9, 2) : byZoom(3, 0.9, 7, 2), "line-opacity": 0.7 } },
    units("chosen", "line", {
      ...near,
      layout: { "line-join": "round" },
      paint: {
        "line-color": ink,
        "line-width": byZoom(3, ["case", state("hovered", false), 1.6, state("chosen", false), 0.7, 0], 8, ["case", state("hovered", false), 2.4, state("chosen", false), 1.8, 0]),
        "line-opacity": ["case", state("hovered", false), 1, state("chosen", false), 0.85, 0],
      },
    }),
    {
      id: "dots", type: "circle", source: "dots",
      paint: {
        "circle-radius": byZoom(3, ["case", state("chosen", false), 4.5, 3], 9, ["case", state("chosen", false), 7, 5.5], 13, 9),
        "circle-color": ["to-color", state("fill", c.surface), c.surface],
        "circle-stroke-color": ["case", state("moved", false), c.accent, ink],
        "circle-stroke-width": ["case", state("chosen", false), 2.2, state("hovered", false), 1.8, state("moved", false), 1.6, state("own", false), 1.2, 0.5],
        "circle-stroke-opacity": ["case", state("chosen", false), 1, 0.75],
      },
    },
    { id: "locks", type: "circle", source: "locks", paint: { "circle-radius": byZoom(3, 2, 8, 4), "circle-color": "#ffffff", "circle-stroke-color": ink, "circle-stroke-width": 1.6 } },
    { id: "bases", type: "circle", source: "bases", paint: { "circle-radius": 5, "circle-color": c.accent, "circle-stroke-color": c.surface, "circle-stroke-width": 2 } },
    { id: "accounts", type: "circle", source: "accounts", filter: ["<=", ["coalesce", ["get", "count"], 1], 1], paint: { "circle-radius": byZoom(3, 2, 9, 4.5), "circle-color": ink, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1 } },
    { id: "clusters", type: "symbol", source: "accounts", filter: [">", ["coalesce", ["get", "count"], 1], 1], layout: { "icon-image": ["concat", "cluster|", ["to-string", ["get", "count"]]], "icon-allow-overlap": true, "symbol-sort-key": ["get", "count"] } },
    { id: "labels", type: "symbol", source: "labels", layout: { "icon-image": ["concat", "label|", ["get", "name"]], "icon-padding": 4, "symbol-sort-key": ["-", ["get", "size"]] } },
  ];
}
