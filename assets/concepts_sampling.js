// Where a deformable convolution samples: points follow the pointer, a click or an arrow key settles them.
// What is set here survives a change of layer or picture: the place is kept as a fraction of the picture.
const SVG = "http://www.w3.org/2000/svg"
const LEVELS = ["#D55E00", "#F0B429", "#56B4E9"]

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".sampling")
  if (root.dataset.digest === data.digest) return
  root.dataset.digest = data.digest
  const view = (root.view ??= { ...data.start })
  const layers = data.layers.map(decoded)
  const stage = new Stage(data, layers, view)
  const say = make("p", "where")
  say.setAttribute("role", "status")
  const draw = (place = view.place) => { stage.draw(place) }
  const settle = (place) => {
    view.place = place.map((value) => Math.max(0, Math.min(0.999999, value)))
    draw()
    say.textContent = stage.spoken()
    setStateValue("place", view.place)
  }
  stage.listen(draw, settle)
  const focused = root.getRootNode().activeElement?.classList.contains("whole")
  const side = make("div", "side")
  side.append(
    slider(view, (value) => { view.share = value; draw() }, () => setStateValue("share", view.share)),
    checkbox(view, (value) => { view.masked = value; draw(); setStateValue("masked", value) }),
    key(layers), say,
    make("p", "note", "Move over the picture to look, click to stay. With the picture focused, arrow keys go cell by cell."),
  )
  const close = make("figure", "closer")
  close.append(stage.close.node, make("figcaption", "note", "Close up: the cells that the layer reads"))
  root.replaceChildren(stage.frame, close, side)
  draw()
  say.textContent = stage.spoken()
  if (focused) stage.frame.focus()
  root.dataset.ready = data.digest
}

function make(name, className, text) {
  const made = document.createElement(name)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  return made
}

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
}

function decoded(layer) {
  return { ...layer, offsets: new Int16Array(bytes(layer.offsets).buffer), mask: bytes(layer.mask) }
}

// The taps of one output cell: rows and columns of the input, with the mask. Offsets are (dy, dx) of tap after tap.
function taps(layer, [row, column], share, masked) {
  const area = layer.rows * layer.columns
  const at = row * layer.columns + column
  const found = []
  for (let i = 0, k = 0; i < layer.kernel; i++) {
    for (let j = 0; j < layer.kernel; j++, k++) {
      const y = row * layer.stride - layer.padding + i * layer.dilation
      const x = column * layer.stride - layer.padding + j * layer.dilation
      found.push({
        grid: [y, x],
        row: y + share * layer.offsets[2 * k * area + at] * layer.quantum,
        column: x + share * layer.offsets[(2 * k + 1) * area + at] * layer.quantum,
        mask: masked ? layer.mask[k * area + at] / 255 : 1,
      })
    }
  }
  return found
}

// Points of points: per layer what it reads for the layer before it in the list, masks multiplied.
function spread(layers, cell, share, masked) {
  let starts = [{ cell, mask: 1 }]
  return layers.map((layer, number) => {
    const points = starts.flatMap(({ cell, mask }) => taps(layer, cell, share, masked).map((tap) => ({ ...tap, mask: tap.mask * mask })))
    const below = layers[number + 1]
    if (below) {
      const scale = layer.unit / (below.unit * below.stride)
      starts = points
        .map(({ row, column, mask }) => ({ cell: [Math.floor((row + 0.5) * scale), Math.floor((column + 0.5) * scale)], mask }))
        .filter(({ cell: [row, column] }) => row >= 0 && column >= 0 && row < below.rows && column < below.columns)
    }
    return points
  })
}

// One look at the picture: all of it, or the surroundings of the place. `span` is the part that is shown.
class Pane {
  constructor(data, name, shown) {
    this.data = data
    this.node = make("div", `pane ${name}`)
    this.canvas = Object.assign(make("canvas"), { width: shown[0], height: shown[1] })
    this.svg = shape("svg", {})
    this.picture = shape("image", { href: data.picture, x: 0, y: 0, width: data.width, height: data.height, preserveAspectRatio: "none" })
    const ground = shape("svg", { class: "ground" })
    ground.append(this.picture)
    this.ground = ground
    this.node.append(ground, this.canvas, this.svg)
  }

  // `size` is what one unit of line width and radius is in pixels of the picture.
  look(x, y, width, height, size) {
    Object.assign(this, { x, y, width, size })
    for (const svg of [this.svg, this.ground]) svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`)
  }

  draw(levels, stage, cells) {
    this.paint(levels, stage)
    const { size } = this
    const { layers, at } = stage
    const layer = layers[0]
    const drawn = cells ? [this.lines(layer, stage)] : []
    if (layers.length > 1) drawn.push(this.box(stage.reach(), "reach", 0.9, `${3 * size} ${2 * size}`))
    drawn.push(this.box(stage.square(at, layer.unit * layer.stride), "cell", 1.3))
    const step = layer.unit / this.data.scale[0]
    const half = Math.min(1.7 * size, 0.3 * step)
    for (const { grid, row, column } of levels[0]) {
      const [[x1, y1], [x2, y2]] = [stage.pixel(...grid, layer.unit), stage.pixel(row, column, layer.unit)]
      drawn.push(shape("line", { x1, y1, x2, y2, class: "way", "stroke-width": 0.8 * size }))
    }
    for (const { grid } of levels[0]) {
      const [x, y] = stage.pixel(...grid, layer.unit)
      drawn.push(this.box([x - half, y - half, 2 * half, 2 * half], "grid", 0.5))
    }
    for (const { row, column, mask } of levels[0]) {
      const [cx, cy] = stage.pixel(row, column, layer.unit)
      drawn.push(shape("circle", {
        cx, cy, r: Math.max(0.9, 5 * Math.sqrt(mask)) * size, class: "tap", fill: LEVELS[0],
        "fill-opacity": 0.25 + 0.7 * mask, "stroke-width": 0.6 * size,
      }))
    }
    this.svg.replaceChildren(...drawn)
  }

  box([x, y, width, height], name, stroke, dashes) {
    const made = shape("rect", { x, y, width, height, class: name, "stroke-width": stroke * this.size })
    if (dashes) made.setAttribute("stroke-dasharray", dashes)
    return made
  }

  // Borders of the cells that the layer reads.
  lines(layer, stage) {
    const wide = layer.unit / this.data.scale[0], high = layer.unit / this.data.scale[1]
    const [x0, y0] = stage.pixel(-0.5, -0.5, layer.unit)
    const columns = Math.round(layer.columns * layer.stride), rows = Math.round(layer.rows * layer.stride)
    let d = ""
    for (let i = 0; i <= columns; i++) d += `M${x0 + i * wide} ${y0}V${y0 + rows * high}`
    for (let i = 0; i <= rows; i++) d += `M${x0} ${y0 + i * high}H${x0 + columns * wide}`
    return shape("path", { d, class: "lines", "stroke-width": 0.4 * this.size })
  }

  // Deeper levels are hundreds of points: painted, the deepest first.
  paint(levels, stage) {
    const context = this.canvas.getContext("2d")
    const zoom = this.canvas.width / this.width
    context.clearRect(0, 0, this.canvas.width, this.canvas.height)
    context.strokeStyle = "#000a"
    context.lineWidth = 0.3 * this.size * zoom
    for (let level = levels.length - 1; level > 0; level--) {
      context.fillStyle = LEVELS[level]
      for (const { row, column, mask } of levels[level]) {
        const [x, y] = stage.pixel(row, column, stage.layers[level].unit)
        context.globalAlpha = 0.2 + 0.75 * Math.sqrt(mask)
        context.beginPath()
        const radius = Math.max(0.7, (level === 1 ? 3.8 : 3.2) * Math.sqrt(mask)) * this.size * zoom
        context.arc((x - this.x) * zoom, (y - this.y) * zoom, radius, 0, 2 * Math.PI)
        context.fill()
        context.stroke()
      }
    }
    context.globalAlpha = 1
  }
}

const CLOSE_UP_CELLS = [13, 17, 23]

class Stage {
  constructor(data, layers, view) {
    Object.assign(this, { data, layers, view })
    this.whole = new Pane(data, "whole", [1056, Math.round((1056 * data.height) / data.width)])
    this.close = new Pane(data, "close", [720, 720])
    this.frame = this.whole.node
    this.frame.tabIndex = 0
    this.frame.setAttribute("role", "application")
    this.frame.setAttribute("aria-label", "The picture: arrow keys move the place whose samples are shown")
    this.frame.style.aspectRatio = `${data.width} / ${data.height}`
    this.whole.look(0, 0, data.width, data.height, Math.max(data.width, data.height) / 340)
  }

  // The output cell under a place, and a position of a layer's cells in pixels of the picture.
  cell([u, v]) {
    const { width, height, scale, shift } = this.data
    const layer = this.layers[0]
    const side = layer.unit * layer.stride
    const bound = (value, count) => Math.max(0, Math.min(count - 1, Math.floor(value / side)))
    return [bound(v * height * scale[1] + shift[1], layer.rows), bound(u * width * scale[0] + shift[0], layer.columns)]
  }

  pixel(row, column, unit) {
    const { scale, shift } = this.data
    return [((column + 0.5) * unit - shift[0]) / scale[0], ((row + 0.5) * unit - shift[1]) / scale[1]]
  }

  square([row, column], unit) {
    const [x, y] = this.pixel(row, column, unit)
    const [wide, high] = [unit / this.data.scale[0], unit / this.data.scale[1]]
    return [x - wide / 2, y - high / 2, wide, high]
  }

  draw(place) {
    const { layers, view } = this
    this.at = this.cell(place)
    const levels = spread(layers, this.at, view.share, view.masked)
    const side = layers[0].unit * layers[0].stride
    const [x, y] = this.pixel(...this.at, side)
    const span = (CLOSE_UP_CELLS[layers.length - 1] * layers[0].unit) / this.data.scale[0]
    this.close.look(x - span / 2, y - span / 2, span, span, span / 190)
    this.whole.draw(levels, this, false)
    this.whole.svg.append(this.whole.box([x - span / 2, y - span / 2, span, span], "window", 0.8))
    this.close.draw(levels, this, true)
    const points = levels[0].map(({ row, column }) => this.pixel(row, column, layers[0].unit).map((value) => Number(value.toFixed(2))))
    this.frame.dataset.points = JSON.stringify(points)
  }

  // What the same number of plain layers would reach.
  reach() {
    const deepest = spread(this.layers, this.at, 0, false).at(-1)
    const corners = deepest.map(({ row, column }) => this.square([row, column], this.layers.at(-1).unit))
    const [left, top] = [Math.min(...corners.map(([x]) => x)), Math.min(...corners.map(([, y]) => y))]
    const [right, bottom] = [Math.max(...corners.map(([x, , w]) => x + w)), Math.max(...corners.map(([, y, , h]) => y + h))]
    return [left, top, right - left, bottom - top]
  }

  spoken() {
    const layer = this.layers[0]
    return `Output cell: row ${this.at[0]}, column ${this.at[1]} of ${layer.rows}×${layer.columns}.`
  }

  listen(draw, settle) {
    const place = (event) => {
      const box = this.frame.getBoundingClientRect()
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
    }
    this.frame.onpointermove = (event) => { if (event.pointerType === "mouse") draw(place(event).map((value) => Math.max(0, Math.min(0.999999, value)))) }
    this.frame.onpointerleave = () => draw()
    this.frame.onclick = (event) => settle(place(event))
    this.frame.onkeydown = (event) => {
      const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key]
      if (!step) return
      event.preventDefault()
      const { scale, width, height } = this.data
      const side = this.layers[0].unit * this.layers[0].stride * (event.shiftKey ? 4 : 1)
      const [u, v] = this.view.place
      settle([u + (step[0] * side) / scale[0] / width, v + (step[1] * side) / scale[1] / height])
    }
  }
}

function slider(view, move, report) {
  const label = make("label", "slider")
  const value = make("span", "value", view.share.toFixed(2))
  const input = Object.assign(make("input"), { type: "range", min: 0, max: 1, step: 0.01, value: view.share })
  input.setAttribute("aria-label", "Share of the offsets")
  input.oninput = () => { value.textContent = Number(input.value).toFixed(2); move(Number(input.value)) }
  input.onchange = report
  const ends = make("span", "ends")
  ends.append(make("span", "", "0: the regular grid"), make("span", "", "1: as learned"))
  label.append(make("span", "", "Share of the offsets"), value, input, ends)
  return label
}

function checkbox(view, change) {
  const label = make("label", "check")
  const input = Object.assign(make("input"), { type: "checkbox", checked: view.masked })
  input.onchange = () => change(input.checked)
  label.append(input, make("span", "", "Modulate by the mask"))
  return label
}

function key(layers) {
  const list = make("ul", "key")
  const entry = (drawing, text) => {
    const item = make("li")
    const picture = shape("svg", { viewBox: "0 0 24 16", "aria-hidden": true })
    picture.append(...drawing)
    item.append(picture, make("span", "", text))
    list.append(item)
  }
  const small = { y: 4, width: 6, height: 6, "stroke-width": 1 }
  const grey = { fill: "#fff", stroke: "#666" }
  entry([shape("rect", { x: 5, y: 1, width: 14, height: 14, fill: "none", stroke: "currentColor", "stroke-width": 2 })], "the output cell p")
  entry([shape("rect", { ...small, x: 9, ...grey })], "regular grid, p + pₖ")
  entry([
    shape("circle", { cx: 7, cy: 8, r: 3, fill: LEVELS[0], "fill-opacity": 0.55, stroke: "#333" }),
    shape("circle", { cx: 17, cy: 8, r: 6, fill: LEVELS[0], stroke: "#333" }),
  ], "samples, p + pₖ + Δpₖ; area and strength show the mask mₖ")
  layers.slice(1).forEach((layer, index) => entry(
    [4, 10, 16].map((cx, i) => shape("circle", { cx: cx + 2, cy: 5 + 3 * (i % 2), r: 3, fill: LEVELS[index + 1], stroke: "#333" })),
    `what ${layer.name} samples for those`,
  ))
  if (layers.length > 1) {
    entry([shape("rect", { x: 2, y: 1, width: 20, height: 14, fill: "none", stroke: "currentColor", "stroke-dasharray": "3 2" })], `reach of ${layers.length} plain layers`)
  }
  return list
}
