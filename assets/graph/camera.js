// Camera: which part of the graph is in sight. While a large graph moves, motion.js paints it; it is drawn once at rest.

const ZOOM = { least: 0.04, most: 4, step: 1.25 }
const READABLE = { wide: 0.44, narrow: 0.65, below: 900, pair: 0.26, bare: 0.3 } // a first look starts no smaller, by width of the window
const MARGIN = 24
const LEVELS = [0.2, 0.4, 0.7, 1.2, 1.9] // zooms from which more text is shown: see canvas.css
const HEAVY = 400 // nodes and edges from which a moving graph is not redrawn
const REST = 220 // milliseconds after the last movement

class Camera {
  constructor(canvas, world, motion, onMove) {
    Object.assign(this, { canvas, world, motion, onMove, x: 0, y: 0, k: 1, width: 1, height: 1, heavy: false, bare: false, moving: false, extent: null })
  }

  get size() {
    return [this.canvas.clientWidth || 900, this.canvas.clientHeight || 480]
  }

  get readable() {
    if (this.extent) return READABLE.pair
    if (this.bare) return READABLE.bare // beside a text: all of it is what the text speaks of
    return this.size[0] < READABLE.below ? READABLE.narrow : READABLE.wide
  }

  measure(data) {
    Object.assign(this, { width: data.width, height: data.height, heavy: data.nodes.length + data.edges.length > HEAVY, bare: data.bare === true })
  }

  look(x, y, k) {
    Object.assign(this, { x, y, k })
    this.apply()
  }

  fit() {
    const [width, height] = this.size
    const [w, h] = this.extent ?? [this.width, this.height] // of two that are compared, the larger: one zoom for both
    const k = Math.min((width - 2 * MARGIN) / w, (height - 2 * MARGIN) / h, 1.25)
    this.look((this.width - width / k) / 2, (this.height - height / k) / 2, k)
  }

  // A first look: all of it if that can be read, else from where the network begins.
  start(entry) {
    this.fit()
    const [width, height] = this.size
    if (this.k >= this.readable) return
    const k = this.readable
    const y = Math.min(0, (this.height - height / k) / 2)
    const top = this.height * k > height ? Math.max(entry.y + entry.h / 2 - height / k / 2, -MARGIN / k) : y
    this.look(Math.max(width / k - this.width, 0) / -2 - MARGIN / k, top, k)
  }

  // The middle of what is in sight, and the zoom, as a link carries it.
  get place() {
    const [width, height] = this.size
    return [this.x + width / this.k / 2, this.y + height / this.k / 2, this.k]
  }

  set place([x, y, k]) {
    const [width, height] = this.size
    const zoom = Math.min(Math.max(k, ZOOM.least), ZOOM.most)
    this.look(x - width / zoom / 2, y - height / zoom / 2, zoom)
  }

  zoomBy(factor, at = this.size.map((side) => side / 2)) {
    const k = Math.min(Math.max(this.k * factor, ZOOM.least), ZOOM.most)
    this.x += at[0] / this.k - at[0] / k
    this.y += at[1] / this.k - at[1] / k
    this.k = k
    this.move()
  }

  panBy(dx, dy) {
    this.x += dx / this.k
    this.y += dy / this.k
    this.move()
  }

  onScreen({ x, y }) {
    return [(x - this.x) * this.k, (y - this.y) * this.k]
  }

  inSight({ x, y, w, h }, margin = 8) {
    const [width, height] = this.size
    const [left, top] = this.onScreen({ x, y })
    return left > margin && top > margin && left + w * this.k < width - margin && top + h * this.k < height - margin
  }

  // Bring a box into the middle if it is not wholly in sight.
  reveal(box) {
    if (this.inSight(box) && this.k >= this.readable * 0.7) return
    const [width, height] = this.size
    const k = Math.max(this.k, this.readable * 1.4)
    this.look(box.x + Math.min(box.w / 2, width / k / 2) - width / k / 2, box.y + box.h / 2 - height / k / 2, k)
  }

  // A movement among others: until it ends, a heavy graph is painted and not drawn.
  move() {
    if (this.heavy) {
      if (!this.moving) this.motion.show()
      this.moving = true
      clearTimeout(this.resting)
      this.resting = setTimeout(() => this.rest(), REST)
    }
    this.apply()
  }

  rest() {
    this.moving = false
    this.apply()
  }

  apply() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null
      this.hold()
      if (this.moving) this.motion.paint(this)
      else this.draw()
      this.onMove()
    })
  }

  draw() {
    this.world.style.transform = `scale(${this.k}) translate(${-this.x}px, ${-this.y}px)`
    const level = String(LEVELS.filter((from) => this.k >= from).length)
    if (this.canvas.dataset.level !== level) this.canvas.dataset.level = level
    this.motion.hide()
  }

  // However far a reader goes, part of the graph stays in sight.
  hold() {
    const [width, height] = this.size.map((side) => side / this.k)
    this.x = Math.min(Math.max(this.x, -0.75 * width), this.width - 0.25 * width)
    this.y = Math.min(Math.max(this.y, -0.75 * height), this.height - 0.25 * height)
  }
}
