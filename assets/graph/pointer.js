// Pointer: mouse, pen and fingers. One drags, two pinch, a wheel zooms, a double tap opens.

const CLICK = 4 // pixels that a press may travel and still be a click
const DOUBLE = 320 // milliseconds between the taps of a double tap

class Pointer {
  constructor(explorer, stage) {
    Object.assign(this, { explorer, stage, camera: explorer.camera, down: new Map(), travelled: 0, dragging: false })
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false })
    stage.addEventListener("pointerdown", (event) => this.press(event))
    stage.addEventListener("pointermove", (event) => this.move(event))
    for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, (event) => this.release(event))
    stage.addEventListener("pointerover", (event) => { if (event.pointerType !== "touch") explorer.hover(event.target) })
    stage.addEventListener("pointerleave", () => explorer.hover(null))
    stage.addEventListener("click", (event) => this.click(event))
    stage.addEventListener("dblclick", (event) => { if (this.type !== "touch") this.open(event.target) })
  }

  wheel(event) {
    event.preventDefault()
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.camera.panBy(event.deltaX || event.deltaY, 0)
    else this.camera.zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), this.position(event))
  }

  press(event) {
    if (event.button !== 0) return
    if (!this.down.size) this.travelled = 0
    this.type = event.pointerType
    this.down.set(event.pointerId, this.position(event))
  }

  move(event) {
    const before = this.down.get(event.pointerId)
    if (!before) return
    const now = this.position(event)
    const others = [...this.down].filter(([id]) => id !== event.pointerId).map(([, at]) => at)
    this.down.set(event.pointerId, now)
    this.travelled += Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1])
    if (this.travelled <= CLICK && !others.length) return
    // Captured only once it is clearly a drag: a captured pointer would lose its click.
    if (!this.dragging) {
      this.stage.setPointerCapture(event.pointerId)
      this.drag(true)
    }
    if (!others.length) return this.camera.panBy(before[0] - now[0], before[1] - now[1])
    const [other] = others
    const [was, is] = [before, now].map((at) => Math.hypot(at[0] - other[0], at[1] - other[1]))
    const middle = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]
    this.camera.panBy((before[0] - now[0]) / 2, (before[1] - now[1]) / 2)
    if (was > 0) this.camera.zoomBy(is / was, middle)
  }

  release(event) {
    this.down.delete(event.pointerId)
    if (!this.down.size) this.drag(false)
  }

  drag(begins) {
    if (begins) this.explorer.hover(null)
    this.dragging = begins
    this.explorer.shield.hidden = !begins
    this.explorer.shield.classList.toggle("dragging", begins)
  }

  click(event) {
    if (this.travelled > CLICK) return
    const { explorer } = this
    const id = explorer.idAt(event.target)
    if (this.type === "touch" && this.tapped?.id === id && event.timeStamp - this.tapped.at < DOUBLE) {
      this.tapped = null
      return this.open(event.target)
    }
    this.tapped = { id, at: event.timeStamp }
    if (event.target.closest(".toggle")) explorer.toggle(id)
    else if (event.target.closest(".node, .heading")) explorer.pick(id)
  }

  open(target) {
    const id = this.explorer.idAt(target)
    if (id && !target.closest(".toggle")) this.explorer.toggle(id)
  }

  position(event) {
    const box = this.stage.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }
}
