// The layers of the workbench's map from the page's tokens; what a unit shows is its feature state.

const state = (name, otherwise) => ["coalesce", ["feature-state", name], otherwise];
const nothing = { type: "FeatureCollection", features: [] };
const byZoom = (...stops) => ["interpolate", ["linear"], ["zoom"], ...stops];

/** The sources: ids of units and of borders are their numbers. */
export function sourcesOf({ countries, polygons, borders, points }) {
  const geojson = (data, more = {}) => ({ type: "geojson", data, ...more });
  return {
    world: geojson(countries),
    units: geojson(polygons, { tolerance: 0.3 }),
    borders: geojson(borders, { tolerance: 0.3 }),
    dots: geojson(points),
    labels: geojson(nothing),
    locks: geojson(nothing),
    bases: geojson(nothing),
    accounts: geojson(nothing),
  };
}

/** The layers, from the ground up. */
export function layersOf(c) {
  const edge = c["on-territory"];
  return [
    { id: "water", type: "background", paint: { "background-color": c.water } },
    { id: "land", type: "fill", source: "world", paint: { "fill-color": c.land } },
    { id: "shores", type: "line", source: "world", paint: { "line-color": c.line, "line-width": 0.8 } },
    { id: "units", type: "fill", source: "units", paint: { "fill-color": ["to-color", state("fill", c.surface), c.surface], "fill-antialias": false } },
    { id: "moved", type: "fill", source: "units", layout: { visibility: "none" }, paint: { "fill-pattern": "hatch", "fill-opacity": ["case", state("moved", false), 0.75, 0] } },
    { id: "chosen-fill", type: "fill", source: "units", paint: { "fill-color": edge, "fill-opacity": ["case", state("chosen", false), 0.32, state("own", false), 0.08, 0], "fill-antialias": false } },
    {
      id: "edges", type: "line", source: "units",
      paint: {
        "line-color": ["case", state("own", false), edge, c["map-edge"]],
        "line-width": ["case", state("own", false), 0.7, 0.5],
        "line-opacity": ["case", state("own", false), 0.6, 0.9],
      },
    },
    { id: "borders", type: "line", source: "borders", layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": edge, "line-width": byZoom(3, 1.1, 7, 2), "line-opacity": ["case", state("shown", false), 0.72, 0] } },
    { id: "chosen", type: "line", source: "units", layout: { "line-join": "round" }, paint: { "line-color": edge, "line-width": ["case", state("chosen", false), 1.8, state("hovered", false), 1.6, 0], "line-opacity": ["case", state("chosen", false), 1, state("hovered", false), 0.9, 0] } },
    {
      id: "dots", type: "circle", source: "dots",
      paint: {
        "circle-radius": byZoom(3, ["case", state("chosen", false), 4.5, 3], 9, ["case", state("chosen", false), 7, 5.5], 13, 9),
        "circle-color": ["to-color", state("fill", c.surface), c.surface],
        "circle-stroke-color": ["case", state("moved", false), c.accent, edge],
        "circle-stroke-width": ["case", state("chosen", false), 2.2, state("hovered", false), 1.8, state("own", false), 1.2, state("moved", false), 1.4, 0.5],
        "circle-stroke-opacity": ["case", state("chosen", false), 1, 0.75],
      },
    },
    { id: "locks", type: "circle", source: "locks", paint: { "circle-radius": byZoom(3, 2, 8, 4), "circle-color": c.surface, "circle-stroke-color": edge, "circle-stroke-width": 1.6 } },
    { id: "bases", type: "circle", source: "bases", paint: { "circle-radius": 5, "circle-color": c.accent, "circle-stroke-color": c.surface, "circle-stroke-width": 2 } },
    { id: "accounts", type: "circle", source: "accounts", filter: ["<=", ["coalesce", ["get", "count"], 1], 1], paint: { "circle-radius": byZoom(3, 2, 9, 4.5), "circle-color": edge, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1 } },
    { id: "clusters", type: "symbol", source: "accounts", filter: [">", ["coalesce", ["get", "count"], 1], 1], layout: { "icon-image": ["concat", "cluster|", ["to-string", ["get", "count"]]], "icon-allow-overlap": true, "symbol-sort-key": ["get", "count"] } },
    { id: "labels", type: "symbol", source: "labels", layout: { "icon-image": ["concat", "label|", ["get", "name"]], "icon-padding": 4, "symbol-sort-key": ["-", ["get", "size"]] } },
  ];
}

