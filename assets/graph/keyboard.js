// Keyboard: one tab stop for the whole graph; arrows follow edges sideways and look for neighbours up and down.

const PAN = 60
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

class Keyboard {
  constructor(explorer, canvas) {
    Object.assign(this, { explorer, canvas, camera: explorer.camera, active: null })
    canvas.addEventListener("keydown", (event) => this.key(event))
    canvas.addEventListener("focusin", (event) => this.focused(event))
    canvas.addEventListener("focusout", () => explorer.hover(null))
  }

  // Frames before what they hold, nodes as they are executed: what Tab, Home, End, comma and full stop go by.
  update(data) {
    const frames = new Map(data.frames.map((frame) => [frame.id, frame]))
    const around = (entry) => (entry?.in ? [...around(frames.get(entry.in)), entry.in] : [])
    this.order = []
    const seen = new Set()
    const siblings = new Map()
    const add = (entry, level) => {
      if (seen.has(entry.id)) return
      seen.add(entry.id)
      const group = entry.in ?? ""
      siblings.set(group, [...(siblings.get(group) ?? []), entry.id])
      this.order.push(entry.id)
      const element = speaker(this.explorer.drawing.items.get(entry.id))
      element.setAttribute("aria-level", level)
      element.setAttribute("aria-label", entry.say)
    }
    for (const node of data.nodes) {
      const frames_around = around(node)
      frames_around.forEach((id, depth) => add(frames.get(id), depth + 1))
      add(node, frames_around.length + 1)
    }
    for (const group of siblings.values()) {
      group.forEach((id, place) => {
        const element = speaker(this.explorer.drawing.items.get(id))
        element.setAttribute("aria-posinset", place + 1)
        element.setAttribute("aria-setsize", group.length)
      })
    }
    this.activate(seen.has(this.active) ? this.active : this.order[0])
  }

  activate(id) {
    const items = this.explorer.drawing.items
    if (items.has(this.active)) speaker(items.get(this.active)).setAttribute("tabindex", -1)
    this.active = id
    if (items.has(id)) speaker(items.get(id)).setAttribute("tabindex", 0)
  }

  go(id) {
    const item = this.explorer.drawing.items.get(id)
    if (!item) return
    this.activate(id)
    this.camera.reveal(item.data)
    speaker(item).focus({ preventScroll: true })
    this.explorer.hover(item.element)
  }

  focused(event) {
    const id = this.explorer.idAt(event.target)
    if (!id || !event.target.matches(":focus-visible")) return
    this.activate(id)
    this.camera.reveal(this.explorer.drawing.items.get(id).data)
    this.explorer.hover(event.target)
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const { explorer, camera } = this
    const id = explorer.idAt(event.target)
    const arrow = ARROWS[event.key]
    const acts = {
      "+": () => camera.zoomBy(ZOOM.step), "=": () => camera.zoomBy(ZOOM.step), "-": () => camera.zoomBy(1 / ZOOM.step),
      f: () => camera.fit(), 0: () => camera.fit(), "/": () => explorer.find.focus(), n: () => explorer.find.step(1),
      N: () => explorer.find.step(-1), o: () => explorer.toggle(id), " ": () => id && explorer.pick(id),
      Enter: () => this.enter(id), Escape: () => this.leave(id),
      Home: () => this.go(this.order[0]), End: () => this.go(this.order.at(-1)),
      ".": () => this.next(1), ",": () => this.next(-1),
    }
    const pan = arrow && (!id || event.shiftKey)
    const act = pan ? () => camera.panBy(PAN * arrow[0], PAN * arrow[1]) : arrow ? () => this.follow(id, arrow) : acts[event.key]
    if (!act) return
    event.preventDefault()
    event.stopPropagation()
    act()
  }

  // Enter picks, and opens or closes a group; on the canvas itself it goes to the node that was last in focus.
  enter(id) {
    if (!id) return this.go(this.active)
    this.explorer.pick(id)
    this.explorer.toggle(id)
  }

  // Escape lets go of what is picked; once more, and the focus leaves the node for the canvas.
  leave(id) {
    if (this.explorer.picked) return this.explorer.pick(null)
    this.explorer.hover(null)
    if (id) this.canvas.focus({ preventScroll: true })
  }

  next(by) {
    const place = this.order.indexOf(this.active) + by
    this.go(this.order[Math.min(Math.max(place, 0), this.order.length - 1)])
  }

  follow(id, [dx, dy]) {
    const { before, after, items } = this.explorer.drawing
    const from = items.get(id).data
    const linked = dx > 0 ? after.get(id)?.map((edge) => edge.target) : dx < 0 ? before.get(id)?.map((edge) => edge.source) : null
    if (linked?.length) return this.go(nearest(from, linked.map((other) => items.get(other).data)).id)
    const ahead = [...items.values()].map((item) => item.data).filter((box) => box.id !== id && lies(from, box, dx, dy))
    if (ahead.length) this.go(nearest(from, ahead).id)
  }
}

function middle({ x, y, w, h }) {
  return [x + w / 2, y + h / 2]
}

// Whether a box lies in a direction: further along it than across.
function lies(from, box, dx, dy) {
  const [[ax, ay], [bx, by]] = [middle(from), middle(box)]
  const [along, across] = dx ? [(bx - ax) * dx, by - ay] : [(by - ay) * dy, bx - ax]
  return along > 1 && along >= Math.abs(across) * 0.6
}

function nearest(from, boxes) {
  const [x, y] = middle(from)
  const distance = (box) => Math.hypot(middle(box)[0] - x, middle(box)[1] - y)
  return boxes.reduce((best, box) => (distance(box) < distance(best) ? box : best))
}
