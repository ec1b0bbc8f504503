// The map's style from the page's tokens: light and dark are the same layers in other colours.

export const TERRITORY_COLOURS = 12;

/** The colours of the page as the browser resolves them where the map stands. */
export function colours(element) {
  const probe = document.createElement("span");
  probe.hidden = true;
  element.append(probe);
  const read = (token) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const names = ["water", "land", "line", "line-strong", "surface", "ink", "ink-2", "accent", "map-edge", "on-territory"];
  const found = Object.fromEntries(names.map((name) => [name, read(`--${name}`)]));
  const territories = Array.from({ length: TERRITORY_COLOURS }, (_, i) => read(`--t${i}`));
  probe.remove();
  return { ...found, territory: (colour) => (colour == null ? found["line-strong"] : territories[colour % TERRITORY_COLOURS]) };
}

const state = (name, otherwise) => ["coalesce", ["feature-state", name], otherwise];
const nothing = { type: "FeatureCollection", features: [] };

/** A MapLibre style without glyphs, sprites or tiles: everything drawn is in the page already. */
export function mapStyle(c, { polygons = nothing, countries = nothing, borders = nothing }) {
  const geojson = (data, more = {}) => ({ type: "geojson", data, ...more });
  return {
    version: 8,
    sources: {
      world: geojson(countries),
      zones: geojson(polygons, { promoteId: "zone", tolerance: 0.3 }),
      borders: geojson(borders),
      area: geojson(nothing),
      labels: geojson(nothing),
      points: geojson(nothing),
    },
    layers: [
      { id: "water", type: "background", paint: { "background-color": c.water } },
      { id: "land", type: "fill", source: "world", paint: { "fill-color": c.land } },
      { id: "shores", type: "line", source: "world", paint: { "line-color": c.line, "line-width": 0.8 } },
      { id: "zones", type: "fill", source: "zones", paint: { "fill-color": ["to-color", state("fill", c.land), c.land], "fill-antialias": false } },
      { id: "hatching", type: "fill", source: "zones", paint: { "fill-pattern": "hatch", "fill-opacity": ["case", state("hatched", false), 0.75, 0] } },
      {
        id: "edges", type: "line", source: "zones",
        paint: { "line-color": c["map-edge"], "line-width": ["interpolate", ["linear"], ["zoom"], 3, 0.25, 7, 1], "line-opacity": ["interpolate", ["linear"], ["zoom"], 2, 0.2, 4, 0.8, 6, 1] },
      },
      { id: "borders", type: "line", source: "borders", paint: { "line-color": c["line-strong"], "line-width": 0.7, "line-opacity": 0.75 } },
      {
        id: "chosen", type: "line", source: "zones", layout: { "line-join": "round" },
        paint: { "line-color": c["on-territory"], "line-width": ["case", state("hovered", false), 2, state("selected", false), 0.8, 0], "line-opacity": ["case", state("hovered", false), 1, 0.65] },
      },
      { id: "area", type: "fill", source: "area", paint: { "fill-color": c.accent, "fill-opacity": 0.16 } },
      { id: "area-edge", type: "line", source: "area", layout: { "line-join": "round" }, paint: { "line-color": c.accent, "line-width": 2 } },
      {
        id: "labels", type: "symbol", source: "labels",
        layout: { "icon-image": ["concat", "label|", ["get", "name"]], "icon-padding": 4, "symbol-sort-key": ["-", ["get", "size"]] },
      },
      {
        id: "points", type: "circle", source: "points", filter: ["<=", ["coalesce", ["get", "count"], 1], 1],
        paint: { "circle-radius": ["interpolate", ["linear"], ["zoom"], 3, 2, 9, 4.5, 13, 7], "circle-color": c["on-territory"], "circle-stroke-color": "#ffffff", "circle-stroke-width": 1 },
      },
      {
        id: "clusters", type: "symbol", source: "points", filter: [">", ["coalesce", ["get", "count"], 1], 1],
        layout: { "icon-image": ["concat", "cluster|", ["to-string", ["get", "count"]]], "icon-allow-overlap": true, "symbol-sort-key": ["get", "count"] },
      },
    ],
  };
}
