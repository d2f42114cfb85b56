// Pair: two drawings that are compared. What corresponds is signed; they move, and light up what is pointed at, together.

const SIGN = { different: "≠", here: "+", there: "−" }
const SIGNED = ["different", "equal", "here", "there"].map((status) => `is-${status}`)
const SOFT = 900 // squared units of the layout below which two anchors weigh alike

class Pair {
  constructor(explorer) {
    Object.assign(this, { explorer, data: null, signed: new Set() })
    this.heard = ({ detail }) => { if (this.data && detail.to === explorer.home) this.hear(detail) }
    board().addEventListener("pair", this.heard)
    // The drawing that a reader last touched leads, the other follows.
    for (const name of ["pointerenter", "pointerdown", "focusin", "wheel"]) {
      explorer.host.addEventListener(name, () => { if (this.data) board().leader = explorer.home }, { passive: true })
    }
  }

  leave() {
    board().removeEventListener("pair", this.heard)
  }

  get leads() {
    return board().leader === this.explorer.home
  }

  show(pair) {
    const { explorer } = this
    this.wash()
    explorer.host.classList.toggle("paired", Boolean(pair))
    explorer.camera.extent = pair?.extent ?? null
    this.data = pair
    if (!pair) return
    for (const [id, item] of explorer.drawing.items) this.sign(item, pair.status[id])
    const first = this.partner !== pair.partner
    this.partner = pair.partner
    this.height(first)
    if (first) explorer.start(true)
    else if (this.leads) this.moved()
    else this.send({ kind: "ask" })
    this.look(pair.look)
  }

  // As tall as both need at one zoom; it never shrinks under the reader's eyes.
  height(first) {
    const { camera, stage } = this.explorer
    const [w, h] = camera.extent
    const wanted = Math.min(Math.max(h * Math.min((camera.size[0] - 2 * MARGIN) / w, 1) + 2.5 * MARGIN, 260), 560)
    const present = parseFloat(stage.style.height) || 0
    if (first || wanted > present) stage.style.height = `${Math.round(wanted)}px`
  }

  sign(item, status) {
    if (!status) return
    const { element, data } = item
    element.classList.add(`is-${status}`)
    const frame = element.classList.contains("frame")
    if (SIGN[status] && !(frame && status === "different")) {
      const [x, y] = frame ? [data.w - 13, captionLine(this.explorer.data, data)] : data.o === "round" ? [data.w * 0.15, data.h * 0.15] : [1, 1]
      const text = write("", SIGN[status], 0, 0.5)
      element.append(svg("g", { class: "sign", transform: `translate(${x} ${y})`, "aria-hidden": true }, [svg("circle", { r: 8.5 }), text]))
    }
    speaker(item).setAttribute("aria-label", [data.say, ...this.words(data.id)].join(". "))
    this.signed.add(item)
  }

  wash() {
    for (const item of this.signed) {
      item.element.classList.remove(...SIGNED, "twin")
      item.element.querySelector(":scope > .sign")?.remove()
      speaker(item).setAttribute("aria-label", item.data.say)
    }
    this.signed.clear()
  }

  words(id) {
    return this.data?.words[id] ?? []
  }

  // A stage that is asked for is brought into the middle of both, at one zoom.
  look(wanted) {
    if (!wanted || wanted.number === this.looked) return
    this.looked = wanted.number
    const { camera, drawing } = this.explorer
    const boxes = wanted.ids.map((id) => drawing.items.get(id)?.data).filter(Boolean)
    if (!boxes.length) return
    const [left, top] = ["x", "y"].map((side) => Math.min(...boxes.map((box) => box[side])))
    const [right, bottom] = [["x", "w"], ["y", "h"]].map(([from, by]) => Math.max(...boxes.map((box) => box[from] + box[by])))
    const [width, height] = camera.size
    const [w, h] = wanted.zoom ?? [right - left, bottom - top]
    const k = Math.min((width - 2 * MARGIN) / w, (height - 2 * MARGIN) / h, 1)
    camera.look((left + right) / 2 - width / k / 2, (top + bottom) / 2 - height / k / 2, k)
    board().leader = null // both go there by themselves
  }

  // --- what one tells the other

  send(message) {
    board().dispatchEvent(new CustomEvent("pair", { detail: { ...message, to: this.partner } }))
  }

  hear(message) {
    if (message.kind === "place") this.follow(message)
    else if (message.kind === "hover") this.light(message.id)
    else if (this.leads) this.moved()
  }

  // Where the reader looks, told by all that both drawings have: how far it is from each.
  moved() {
    if (!this.data || !this.leads) return
    const { camera, drawing } = this.explorer
    const [x, y, k] = camera.place
    const anchors = []
    for (const [id, twin] of Object.entries(this.data.twin)) {
      const box = drawing.items.get(id)
      if (!box || box.element.classList.contains("frame")) continue
      const [dx, dy] = [x - box.data.x - box.data.w / 2, y - box.data.y - box.data.h / 2]
      anchors.push([twin, dx, dy, (dx * dx + dy * dy + SOFT) ** -2])
    }
    const [width, height] = camera.size
    const whole = camera.width * k <= width && camera.height * k <= height
    this.send({ kind: "place", k, whole, anchors, share: [x / camera.width, y / camera.height] })
  }

  // The same zoom, and the same distance from what corresponds, the nearest first (Shepard's interpolation).
  follow({ k, whole, anchors, share }) {
    const { camera, drawing } = this.explorer
    const [width, height] = camera.size
    let [x, y, sum] = [0, 0, 0]
    for (const [id, dx, dy, weight] of anchors) {
      const box = drawing.items.get(id)?.data
      if (!box) continue
      x += weight * (box.x + box.w / 2 + dx)
      y += weight * (box.y + box.h / 2 + dy)
      sum += weight
    }
    const all = whole && camera.width * k <= width && camera.height * k <= height
    const at = all || !sum ? [camera.width * (all ? 0.5 : share[0]), camera.height * (all ? 0.5 : share[1])] : [x / sum, y / sum]
    Object.assign(camera, { k, x: at[0] - width / k / 2, y: at[1] - height / k / 2 })
    camera.move()
  }

  hover(id) {
    if (!this.data || id === this.pointed) return
    this.pointed = id
    this.send({ kind: "hover", id: this.data.twin[id] ?? null })
  }

  light(id) {
    for (const { element } of this.explorer.drawing.items.values()) element.classList.toggle("twin", element.dataset.id === id)
  }
}

function captionLine({ titles }, { h }) {
  return titles === "bottom" ? h - 10 : 11
}
