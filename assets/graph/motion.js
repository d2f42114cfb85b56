// Motion: while a heavy graph moves, a plain picture of it is painted over the drawing, frame by frame: boxes, lines
// and, where they can be read, titles. Thousands of SVG elements cannot follow a hand; a few hundred strokes can.

const TITLES = 0.3 // zoom from which a moving node keeps its title

class Motion {
  constructor() {
    this.paper = html("canvas", { class: "motion", hidden: "", "aria-hidden": true })
  }

  // What does not depend on where a reader looks: done once per drawing, theme and overlay.
  prepare(drawing, host) {
    const style = getComputedStyle(host)
    const [ground, ink] = ["--st-background-color", "--st-text-color"].map((name) => style.getPropertyValue(name))
    Object.assign(this, { ground, ink, line: mix(ink, ground, 0.5), font: style.fontFamily })
    this.boxes = []
    this.frames = []
    for (const { data, element } of drawing.items.values()) {
      const frame = element.classList.contains("frame")
      const fill = element.style.getPropertyValue("--fill") || mix(data.colour, ground, data.o === "round" ? 0.5 : 0.3)
      ;(frame ? this.frames : this.boxes).push({ ...data, fill, ink: element.style.getPropertyValue("--ink") || ink })
    }
    this.lines = [...drawing.edges.values()].filter(({ data }) => data.d).map(({ data, path }) => {
      const numbers = data.d.match(/-?[\d.]+/g).map(Number)
      const xs = numbers.filter((_, index) => index % 2 === 0)
      const ys = numbers.filter((_, index) => index % 2 === 1)
      return {
        path: new Path2D(data.d), colour: getComputedStyle(path).stroke,
        box: { x: Math.min(...xs), y: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) },
      }
    })
  }

  show() {
    this.paper.hidden = false
  }

  hide() {
    this.paper.hidden = true
  }

  paint({ x, y, k, size: [width, height] }) {
    const density = Math.min(devicePixelRatio, 1.5)
    const [w, h] = [Math.round(width * density), Math.round(height * density)]
    if (this.paper.width !== w || this.paper.height !== h) Object.assign(this.paper, { width: w, height: h })
    const pen = this.paper.getContext("2d", { alpha: false })
    const [right, bottom] = [x + width / k, y + height / k]
    const seen = (box) => box.x < right && box.y < bottom && (box.right ?? box.x + box.w) > x && (box.bottom ?? box.y + box.h) > y
    pen.setTransform(1, 0, 0, 1, 0, 0)
    pen.fillStyle = this.ground
    pen.fillRect(0, 0, w, h)
    pen.setTransform(k * density, 0, 0, k * density, -x * k * density, -y * k * density)
    pen.lineWidth = Math.max(1.1, 0.5 / k)
    for (const frame of this.frames.filter(seen)) {
      pen.strokeStyle = mix(frame.colour, this.ground, 0.6)
      pen.strokeRect(frame.x, frame.y, frame.w, frame.h)
    }
    for (const line of this.lines) {
      if (!seen(line.box)) continue
      pen.strokeStyle = line.colour
      pen.stroke(line.path)
    }
    pen.textAlign = "center"
    pen.textBaseline = "middle"
    pen.font = `600 14.5px ${this.font}`
    for (const box of this.boxes.filter(seen)) {
      pen.fillStyle = box.fill
      pen.strokeStyle = box.colour
      pen.beginPath()
      pen.roundRect(box.x, box.y, box.w, box.h, box.o === "square" ? 5 : box.h / 2)
      pen.fill()
      pen.stroke()
      if (k < TITLES) continue
      pen.fillStyle = box.ink
      pen.fillText(box.t, box.x + box.w / 2, box.y + box.h / 2 - (box.s ? 7 : 0))
    }
  }
}

// A colour between two, as the style sheet mixes them.
function mix(colour, ground, share) {
  return `color-mix(in srgb, ${colour} ${100 * share}%, ${ground})`
}
