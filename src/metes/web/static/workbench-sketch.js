// What the hand does, drawn over the map at once: moved and painted units in their new colours with the borders beside them, the chosen
// ones darker, the one under the pointer outlined. The map shows moved units itself when the hand rests; its frame takes ten times as long.
//
// The canvas is painted by the processor: where the map is drawn by software, a canvas of the graphics process would wait for the map.

import { atZoom, BORDER_OPACITY } from "./workbench-style.js";

const TILE = 512; // pixels of the whole world at zoom 0
const DARKER = "rgb(0 0 0 / 38%)";
const STAMP = 24;

export class Sketch {
  #map;
  #outlines;
  #look;
  #canvas = document.createElement("canvas");
  #pen;
  #fills = new Map(); // unit -> colour
  #chosen = new Set();
  #hovered;
  #asked;
  #isBlank = true;

  /** `look` has `fillOf(unit)`, `bordersOf(units)` and `outlineOf(units)` as numbers of arcs, `shades()` of the page and `stops` of widths by zoom. */
  constructor(map, outlines, look) {
    this.#map = map;
    this.#outlines = outlines;
    this.#look = look;
    this.#canvas.className = "wb-sketch";
    this.#canvas.setAttribute("aria-hidden", "true");
    this.#pen = this.#canvas.getContext("2d", { willReadFrequently: true });
    map.getCanvasContainer().append(this.#canvas);
    map.on("move", () => this.#draw());
    map.on("resize", () => this.draw());
  }

  /** Fills units with the colour that each has, or is about to get. */
  fill(units, colour) {
    for (const unit of units) this.#fills.set(unit, colour);
    this.draw();
  }

  /** Lets go of units that the map shows by itself. */
  drop(units) {
    for (const unit of units) this.#fills.delete(unit);
    this.draw();
  }

  choose(units) {
    this.#chosen = units;
    this.draw();
  }

  hover(unit) {
    if (unit === this.#hovered) return;
    this.#hovered = unit;
    this.draw();
  }

  /** Whether what was asked for has still to be drawn. */
  get isWaiting() { return this.#asked !== undefined; }

  /** Draws with the next frame of the page, however often it is asked for. */
  draw() {
    this.#asked ??= requestAnimationFrame(() => {
      this.#asked = undefined;
      this.#draw();
    });
  }

  #draw() {
    const isEmpty = !this.#fills.size && !this.#chosen.size && this.#hovered === undefined;
    if (isEmpty && this.#isBlank) return;
    this.#clear();
    this.#isBlank = isEmpty;
    if (isEmpty) return;
    const zoom = this.#map.getZoom();
    const size = TILE * 2 ** zoom;
    const { lng, lat } = this.#map.getCenter();
    const [width, height] = [this.#canvas.clientWidth, this.#canvas.clientHeight];
    const [x, y] = [lng / 360 + 0.5, 0.5 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / (2 * Math.PI)];
    const reach = width / 2 / size;
    // Wide windows show the world more than once.
    for (let copy = Math.floor(x - reach); copy <= Math.floor(x + reach); copy += 1) {
      this.#drawAt({ zoom, size, width, height, left: (x - copy) * size - width / 2, top: y * size - height / 2 });
    }
  }

  #clear() {
    const ratio = devicePixelRatio;
    const [width, height] = [Math.round(this.#canvas.clientWidth * ratio), Math.round(this.#canvas.clientHeight * ratio)];
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    this.#pen.setTransform(1, 0, 0, 1, 0, 0);
    this.#pen.clearRect(0, 0, width, height);
    this.#pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#pen.lineJoin = "round";
    this.#pen.lineCap = "round";
  }

  #drawAt(view) {
    const isShape = (unit) => this.#outlines.rings(unit) !== undefined;
    const fresh = [...this.#fills.keys()];
    this.#fillShapes(fresh.filter(isShape), view);
    this.#chooseShapes([...this.#chosen].filter(isShape), view);
    this.#stamp(fresh.filter((unit) => !isShape(unit) && !this.#chosen.has(unit)), view, 0.5, false);
    this.#stamp([...this.#chosen].filter((unit) => !isShape(unit)), view, 2.2, true);
    if (this.#hovered === undefined) return;
    if (isShape(this.#hovered)) this.#stroke(this.#path([this.#hovered], view), this.#look.shades()["on-territory"], atZoom(view.zoom, this.#look.stops.hovered), 1);
    else this.#stamp([this.#hovered], view, this.#chosen.has(this.#hovered) ? 2.2 : 1.8, this.#chosen.has(this.#hovered));
  }

  /** Fills, then lines as the map has them: thin ones around each unit where they can be told apart, and those between territories. */
  #fillShapes(units, view) {
    if (!units.length) return;
    const { stops, shades, bordersOf } = this.#look;
    const border = atZoom(view.zoom, stops.border);
    const edge = view.zoom < stops.edgesFrom ? 0 : atZoom(view.zoom, stops.edge);
    for (const [colour, some] of this.#byColour(units)) {
      const path = this.#path(some, view);
      this.#pen.fillStyle = colour;
      this.#pen.fill(path, "evenodd");
      // Borders that are no more are as wide as this below.
      this.#stroke(path, colour, border, 1);
      if (edge) this.#stroke(path, shades()["map-edge"], edge, stops.edgeOpacity);
    }
    this.#stroke(this.#lines(bordersOf(units), view), shades()["on-territory"], border, BORDER_OPACITY);
  }

  #byColour(units) {
    const found = new Map();
    for (const unit of units) {
      const colour = this.#fills.get(unit) ?? this.#look.fillOf(unit);
      if (!found.has(colour)) found.set(colour, []);
      found.get(colour).push(unit);
    }
    return found;
  }

  #chooseShapes(units, view) {
    if (!units.length) return;
    const path = this.#path(units, view);
    this.#pen.fillStyle = DARKER;
    this.#pen.fill(path, "evenodd");
    // Lines around each would blacken zones that are smaller than these are wide: then one goes around them all.
    const { stops, shades, outlineOf } = this.#look;
    const lines = view.zoom < stops.edgesFrom ? this.#lines(outlineOf(this.#chosen), view) : path;
    this.#stroke(lines, shades()["on-territory"], atZoom(view.zoom, stops.chosen), 0.85);
  }

  #stroke(path, colour, width, opacity) {
    this.#pen.strokeStyle = colour;
    this.#pen.lineWidth = width;
    this.#pen.globalAlpha = opacity;
    this.#pen.stroke(path);
    this.#pen.globalAlpha = 1;
  }

  /** The rings of units in pixels. */
  #path(units, view) {
    const path = new Path2D();
    for (const unit of units) {
      for (const ring of this.#outlines.rings(unit)) {
        ring.forEach((arc, at) => this.#walk(path, arc, view, at === 0));
        path.closePath();
      }
    }
    return path;
  }

  #lines(arcs, view) {
    const path = new Path2D();
    for (const arc of arcs) this.#walk(path, arc, view, true);
    return path;
  }

  #walk(path, arc, { size, left, top }, isFirst) {
    const places = this.#outlines.places(arc < 0 ? ~arc : arc);
    const count = places.length / 2;
    for (let step = isFirst ? 0 : 1; step < count; step += 1) {
      const at = 2 * (arc < 0 ? count - 1 - step : step);
      const [x, y] = [places[at] * size - left, places[at + 1] * size - top];
      if (step) path.lineTo(x, y);
      else path.moveTo(x, y);
    }
  }

  /** Dots in the colours of their units, each kind drawn once and stamped. */
  #stamp(units, { zoom, size, left, top, width, height }, line, isChosen) {
    const radius = atZoom(zoom, isChosen ? this.#look.stops.chosenDot : this.#look.stops.dot);
    const stamps = new Map();
    const { x, y } = this.#outlines;
    for (const unit of units) {
      const [px, py] = [x[unit] * size - left, y[unit] * size - top];
      if (px < -STAMP || py < -STAMP || px > width + STAMP || py > height + STAMP) continue;
      const colour = this.#fills.get(unit) ?? this.#look.fillOf(unit);
      if (!stamps.has(colour)) stamps.set(colour, this.#stampOf(colour, radius, line, isChosen));
      this.#pen.drawImage(stamps.get(colour), px - STAMP / 2, py - STAMP / 2, STAMP, STAMP);
    }
  }

  #stampOf(colour, radius, line, isChosen) {
    const side = Math.ceil(STAMP * devicePixelRatio);
    const stamp = Object.assign(document.createElement("canvas"), { width: side, height: side });
    const pen = stamp.getContext("2d", { willReadFrequently: true });
    pen.scale(side / STAMP, side / STAMP);
    pen.arc(STAMP / 2, STAMP / 2, radius, 0, 2 * Math.PI);
    for (const paint of isChosen ? [colour, DARKER] : [colour]) {
      pen.fillStyle = paint;
      pen.fill();
    }
    // A line lies around the dot, as the map draws it.
    pen.beginPath();
    pen.arc(STAMP / 2, STAMP / 2, radius + line / 2, 0, 2 * Math.PI);
    pen.strokeStyle = this.#look.shades()["on-territory"];
    pen.lineWidth = line;
    pen.globalAlpha = isChosen ? 1 : 0.75;
    pen.stroke();
    return stamp;
  }
}
