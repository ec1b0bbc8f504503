// Drawing on the map by hand: a lasso around units, and a brush over them. Pointer, pen and finger alike.

const NAMESPACE = "http://www.w3.org/2000/svg";
const CLOSE = 3;

/** Whether a place lies in a polygon of places, by the even-odd rule. */
export function isInside([x, y], polygon) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i, i += 1) {
    const [xi, yi] = polygon[i];
    const [xj, yj] = polygon[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** Numbers of the places, given as two arrays of degrees, that lie in a polygon. */
export function placesInside(longitude, latitude, polygon) {
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const found = [];
  for (let at = 0; at < longitude.length; at += 1) {
    const x = longitude[at];
    const y = latitude[at];
    if (x >= west && x <= east && y >= south && y <= north && isInside([x, y], polygon)) found.push(at);
  }
  return found;
}

/** Follows a hand over `ground`: `onStart`, `onMove` and `onEnd` get points in its pixels. Works while `isOn()` says so. */
export function followHand(ground, { isOn, onStart, onMove, onEnd, onCancel }) {
  let pointer;
  const place = (event) => {
    const box = ground.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  ground.addEventListener("pointerdown", (event) => {
    if (!isOn() || !event.isPrimary || event.button !== 0) return;
    pointer = event.pointerId;
    ground.setPointerCapture(pointer);
    onStart(place(event), event);
  });
  ground.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) onMove(place(one));
  });
  ground.addEventListener("pointerup", (event) => {
    if (event.pointerId !== pointer) return;
    pointer = undefined;
    onEnd(place(event), event);
  });
  ground.addEventListener("pointercancel", (event) => {
    if (event.pointerId !== pointer) return;
    pointer = undefined;
    onCancel();
  });
}

/** The line that a lasso leaves while it is drawn. */
export class LassoLine {
  #points = [];
  #line;

  constructor(ground) {
    const drawing = document.createElementNS(NAMESPACE, "svg");
    drawing.setAttribute("class", "wb-lasso");
    drawing.setAttribute("aria-hidden", "true");
    this.#line = document.createElementNS(NAMESPACE, "polygon");
    drawing.append(this.#line);
    ground.append(drawing);
  }

  start(point) {
    this.#points = [point];
    this.#draw();
  }

  add([x, y]) {
    const [lastX, lastY] = this.#points.at(-1);
    if (Math.abs(x - lastX) + Math.abs(y - lastY) < CLOSE) return;
    this.#points.push([x, y]);
    this.#draw();
  }

  /** Whether a hand draws it now. */
  get isOn() { return this.#points.length > 0; }

  /** The points drawn; the line is gone. */
  end() {
    const drawn = this.#points;
    this.#points = [];
    this.#draw();
    return drawn;
  }

  #draw() {
    this.#line.setAttribute("points", this.#points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "));
  }
}
