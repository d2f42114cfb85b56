// One picture and what a network says about it: hover, opacity, classes, threshold and top-K without Python.
// Everything a visitor sets is kept on the root element, so that the next picture starts as this one was left.

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".prediction")
  if (root.dataset.digest === data.digest) return
  root.dataset.digest = data.digest
  root.view ??= { ...data.start, hidden: new Set(data.start.hidden) }
  if (root.kind !== data.kind + data.labels.join()) {
    root.kind = data.kind + data.labels.join()
    root.view.hidden = new Set(data.start.hidden)
  }
  const report = (name, value) => setStateValue(name, value)
  const panels = make("div", "panels")
  const side = make("div", "side")
  const stages = data.panels.map((panel) => new Stage(panel, data, root.view))
  panels.append(...stages.map((stage) => stage.figure))
  panels.dataset.count = stages.length
  // Panels take no more room than their pictures fill, so that the controls stay beside them.
  const widest = (data.width / data.height) * stages.length
  root.style.setProperty("--widest", `calc(min(74vh, 46rem) * ${widest} + ${stages.length - 1}rem)`)
  root.replaceChildren(panels, side)

  const draw = () => stages.forEach((stage) => stage.draw())
  if (data.kind === "mask") {
    side.append(slider("Opacity", root.view, "opacity", 0, 1, 0.05, percent, draw, report))
    side.append(legend(data, root.view, stages, draw, report))
  } else if (data.kind === "boxes") {
    const counted = make("p", "note")
    counted.setAttribute("role", "status")
    const update = () => { draw(); counted.textContent = stages[0].counted() }
    side.append(
      slider("Score threshold", root.view, "threshold", 0, 1, 0.01, twoDigits, update, report),
      slider("Top K", root.view, "top_k", 1, data.top_k, 1, String, update, report),
      checkbox("Labels", root.view, "named", draw),
      checkbox("Centre heatmap", root.view, "heat", draw),
      counted,
    )
    update()
  }
  link(stages, data)
  Promise.all(stages.map((stage) => stage.load())).then(() => { draw(); root.dataset.ready = data.digest })
}

const percent = (value) => `${Math.round(value * 100)} %`
const twoDigits = (value) => Number(value).toFixed(2)
const rgb = (colour, alpha = 1) => `rgb(${colour.join(" ")} / ${alpha})`

function make(name, className, text) {
  const node = document.createElement(name)
  if (className) node.className = className
  if (text !== undefined) node.textContent = text // never innerHTML: labels are data
  return node
}

async function pixels(source) {
  const image = new Image()
  image.src = source
  await image.decode()
  const canvas = Object.assign(document.createElement("canvas"), { width: image.naturalWidth, height: image.naturalHeight })
  const context = canvas.getContext("2d", { willReadFrequently: true })
  context.drawImage(image, 0, 0)
  return context.getImageData(0, 0, canvas.width, canvas.height)
}

// Class ids, and which pixels have a neighbour of another class.
function classes({ width, height, data }, wide) {
  const ids = new Uint16Array(width * height)
  for (let index = 0; index < ids.length; index++) ids[index] = data[4 * index] + (wide ? 256 * data[4 * index + 1] : 0)
  const edges = new Uint8Array(width * height)
  for (let y = 0, index = 0; y < height; y++) {
    for (let x = 0; x < width; x++, index++) {
      const id = ids[index]
      edges[index] = (x + 1 < width && ids[index + 1] !== id) || (x > 0 && ids[index - 1] !== id) ||
        (y + 1 < height && ids[index + width] !== id) || (y > 0 && ids[index - width] !== id)
    }
  }
  return { width, height, ids, edges }
}

// The picture with one set of results on it: the network's, or the truth.
class Stage {
  constructor(panel, data, view) {
    Object.assign(this, { panel, data, view, highlighted: null })
    this.figure = make("figure")
    this.frame = make("div", "frame")
    this.frame.style.aspectRatio = `${data.width} / ${data.height}`
    this.frame.style.maxWidth = `calc(min(74vh, 46rem) * ${data.width / data.height})`
    this.picture = Object.assign(make("img"), { src: data.picture, alt: panel.alt, draggable: false })
    this.canvas = make("canvas")
    this.boxes = make("div", "boxes")
    this.cursor = make("div", "cursor")
    this.tip = make("div", "tip")
    this.frame.append(this.picture, this.canvas, this.boxes, this.cursor, this.tip)
    this.figure.append(this.frame)
    if (panel.title) this.figure.append(make("figcaption", "", panel.title))
    if (data.crop) this.frame.append(place(make("div", "crop"), data.crop, data))
  }

  async load() {
    const { mask, confidence, heat } = this.panel
    if (mask) {
      this.ids = classes(await pixels(mask), this.data.wide)
      this.sure = confidence ? await pixels(confidence) : null
      this.canvas.width = this.ids.width
      this.canvas.height = this.ids.height
    }
    if (heat) this.warmth = await pixels(heat.source)
  }

  draw() {
    if (this.ids) this.drawMask()
    if (this.panel.boxes) this.drawBoxes()
    if (this.warmth) this.drawHeat()
  }

  drawMask() {
    const { width, height, ids, edges } = this.ids
    const { hidden, opacity } = this.view
    const painted = new ImageData(width, height)
    // A pixel as one number: red, green, blue and opacity from the lowest byte up. Outlines stay firm where areas are faint.
    const target = new Uint32Array(painted.data.buffer)
    const [areas, outlines] = [1, 1.6].map((firmness) => Uint32Array.from(this.data.colours, ([red, green, blue], id) => {
      const faint = this.highlighted === null || this.highlighted === id ? 1 : 0.15
      const alpha = hidden.has(id) ? 0 : Math.min(255, Math.round(255 * opacity * faint * firmness))
      return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0
    }))
    for (let index = 0; index < ids.length; index++) {
      target[index] = edges[index] ? outlines[ids[index]] : areas[ids[index]]
    }
    this.canvas.getContext("2d").putImageData(painted, 0, 0)
  }

  shown() {
    const { boxes, truth } = this.panel
    return truth ? boxes : boxes.filter((box) => box.score >= this.view.threshold).slice(0, this.view.top_k)
  }

  counted() {
    const { boxes } = this.panel
    const shown = this.shown().length
    if (shown) return `${shown} of ${boxes.length} detections shown.`
    const best = boxes.length ? ` The best scores ${twoDigits(boxes[0].score)}.` : ""
    return `No detection scores ${twoDigits(this.view.threshold)} or more.${best}`
  }

  drawBoxes() {
    this.boxes.dataset.named = this.view.named
    const nodes = this.shown().map((box) => {
      const colour = this.data.colours[box.id]
      const node = place(make("div", "box"), box.at, this.data)
      node.style.setProperty("--colour", rgb(colour))
      const score = box.score === undefined ? "" : ` ${twoDigits(box.score)}`
      const name = make("span", "name", this.data.labels[box.id] + score)
      name.style.color = rgb(this.data.inks[box.id])
      if (box.at[1] < 0.04 * this.data.height) name.classList.add("inside")
      node.append(name)
      node.title = this.data.labels[box.id] + score
      return node
    })
    this.boxes.replaceChildren(...nodes.reverse()) // the best on top
  }

  drawHeat() {
    const { width, height, data } = this.warmth
    const { at } = this.panel.heat
    place(this.canvas, at, this.data)
    this.canvas.hidden = !this.view.heat
    this.canvas.width = width
    this.canvas.height = height
    const painted = new ImageData(width, height)
    for (let index = 0; index < width * height; index++) {
      painted.data.set([255, 72, 0, Math.min(255, data[4 * index] * 1.15)], 4 * index)
    }
    this.canvas.getContext("2d").putImageData(painted, 0, 0)
  }

  // What lies at a fraction of the picture's width and height.
  point(u, v) {
    this.cursor.style.left = this.tip.style.left = `${100 * u}%`
    this.cursor.style.top = this.tip.style.top = `${100 * v}%`
    this.tip.classList.toggle("left", u > 0.6)
    this.tip.classList.toggle("above", v > 0.75)
    if (!this.ids) return
    const { width, height, ids } = this.ids
    const index = Math.min(height - 1, Math.floor(v * height)) * width + Math.min(width - 1, Math.floor(u * width))
    const id = ids[index]
    const swatch = make("i")
    swatch.style.background = rgb(this.data.colours[id])
    const sureAt = this.sure && Math.min(this.sure.height - 1, Math.floor(v * this.sure.height)) * this.sure.width +
      Math.min(this.sure.width - 1, Math.floor(u * this.sure.width))
    const sure = this.sure ? ` ${Math.round(this.sure.data[4 * sureAt] / 2.55)} %` : ""
    this.tip.replaceChildren(swatch, make("b", "", this.data.labels[id]), make("span", "", sure))
  }
}

function place(node, [x1, y1, x2, y2], { width, height }) {
  const [left, right] = [Math.min(x1, x2), Math.max(x1, x2)]
  const [top, bottom] = [Math.min(y1, y2), Math.max(y1, y2)]
  Object.assign(node.style, {
    left: `${(100 * left) / width}%`, top: `${(100 * top) / height}%`,
    width: `${(100 * (right - left)) / width}%`, height: `${(100 * (bottom - top)) / height}%`,
  })
  return node
}

// A pointer over one panel points at the same place in all of them.
function link(stages, data) {
  if (data.kind !== "mask") return
  for (const stage of stages) {
    stage.frame.onpointermove = (event) => {
      const box = stage.frame.getBoundingClientRect()
      const u = (event.clientX - box.left) / box.width
      const v = (event.clientY - box.top) / box.height
      if (u < 0 || v < 0 || u >= 1 || v >= 1) return
      for (const other of stages) {
        if (!other.ids) continue
        other.point(u, v)
        other.frame.classList.add("pointed")
      }
    }
    stage.frame.onpointerleave = () => stages.forEach((other) => other.frame.classList.remove("pointed"))
  }
}

function slider(text, view, name, min, max, step, format, update, report) {
  const label = make("label", "slider")
  const value = make("span", "value", format(view[name]))
  const input = Object.assign(make("input"), { type: "range", min, max, step, value: view[name] })
  input.setAttribute("aria-label", text)
  input.setAttribute("aria-valuetext", value.textContent)
  input.oninput = () => {
    view[name] = Number(input.value)
    value.textContent = format(view[name])
    input.setAttribute("aria-valuetext", value.textContent)
    update()
  }
  input.onchange = () => report(name, view[name])
  label.append(make("span", "", text), value, input)
  return label
}

function checkbox(text, view, name, update) {
  const label = make("label", "check")
  const input = Object.assign(make("input"), { type: "checkbox", checked: view[name] })
  input.onchange = () => { view[name] = input.checked; update() }
  label.append(input, make("span", "", text))
  return label
}

// Classes with the share of the picture that they cover; a click shows or hides one, pointing picks it out.
function legend(data, view, stages, draw, report) {
  const list = make("ul", "legend")
  for (const { id, share } of data.shares) {
    const button = make("button")
    const swatch = make("i")
    swatch.style.background = rgb(data.colours[id])
    const bar = make("span", "bar")
    bar.style.setProperty("--share", share)
    bar.style.setProperty("--colour", rgb(data.colours[id]))
    const shown = share >= 0.0005 ? `${(100 * share).toFixed(1)} %` : share ? "< 0.1 %" : "missed"
    button.append(swatch, make("span", "label", data.labels[id]), make("span", "share", shown), bar)
    const mark = () => button.setAttribute("aria-pressed", String(!view.hidden.has(id)))
    mark()
    const pick = (chosen) => { stages.forEach((stage) => { stage.highlighted = chosen }); draw() }
    button.onclick = () => {
      view.hidden.has(id) ? view.hidden.delete(id) : view.hidden.add(id)
      mark()
      pick(null)
      report("hidden", [...view.hidden].sort((a, b) => a - b))
    }
    button.onpointerenter = () => { if (!view.hidden.has(id)) pick(id) }
    button.onpointerleave = () => pick(null)
    const item = make("li")
    item.append(button)
    list.append(item)
  }
  return list
}
