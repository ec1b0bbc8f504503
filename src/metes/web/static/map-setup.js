// What each map of the pages begins with: MapLibre without turning and tilting, images drawn here, colours that follow the theme.

import * as maplibre from "./vendor/maplibre-gl.mjs";
import { clusterImage, hatchImage, labelImage } from "./map-images.js";

export const asset = (name) => new URL(name, import.meta.url).href;

export async function fetchJson(address, signal) {
  const answer = await fetch(address, { signal, headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  return answer.json();
}

/** A map in `host`, loaded; `shades()` are the colours for its images. */
export async function newMap(host, shades, options) {
  const canvas = document.createElement("div");
  canvas.className = "canvas";
  host.prepend(canvas);
  const map = new maplibre.Map({
    container: canvas,
    maxZoom: 15,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: 0,
    attributionControl: { compact: true, customAttribution: "US Census via us-atlas · Natural Earth" },
    locale: { "Map.Title": host.getAttribute("aria-label") ?? "Map" },
    ...options,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  map.setMissingStyleImageResolver((id) => draw(map, id, shades()));
  await new Promise((loaded) => map.once("load", loaded));
  // The sources are named behind a button, not over the map.
  const sources = host.querySelector(".maplibregl-ctrl-attrib");
  sources?.removeAttribute("open");
  sources?.classList.remove("maplibregl-compact-show");
  return map;
}

function draw(map, id, shades) {
  if (map.hasImage(id)) return;
  const [kind, ...rest] = id.split("|");
  const image = { hatch: () => hatchImage(), label: () => labelImage(rest.join("|")), cluster: () => clusterImage(rest[0], shades) }[kind]?.();
  if (image) map.addImage(id, image, { pixelRatio: 2 });
}

/** Gives a map's layers other colours. */
export function recolour(map, layers) {
  for (const image of map.listImages()) if (image.startsWith("cluster|")) map.removeImage(image);
  for (const { id, paint } of layers) {
    for (const [name, value] of Object.entries(paint ?? {})) map.setPaintProperty(id, name, value);
  }
}

/** Calls `then` when the page turns light or dark. */
export function followTheme(then) {
  document.addEventListener("metes:theme", then);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", then);
}

/** The box of a map, as text for the server. */
export const boxText = (map) => map.getBounds().toArray().flat().map((degrees) => degrees.toFixed(4)).join(",");

/** The child of an element that has a class, made where there is none; cards begin hidden. */
export function slotOf(element, tag, name) {
  let slot = element.querySelector(`:scope > .${name}`);
  if (!slot) {
    slot = document.createElement(tag);
    slot.className = name;
    slot.hidden = name === "map-card";
    element.append(slot);
  }
  return slot;
}

/** Puts a card beside a point of the map, inside of it. */
export function placeCard(host, card, point) {
  const x = Math.min(point.x + 14, host.clientWidth - card.offsetWidth - 8);
  const y = point.y + card.offsetHeight + 24 > host.clientHeight ? point.y - card.offsetHeight - 12 : point.y + 14;
  card.style.transform = `translate(${Math.max(8, x)}px, ${Math.max(8, y)}px)`;
}
