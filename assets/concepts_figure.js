// A figure whose shapes Python has placed. Shapes with a `pick` are buttons; a `field` is a grid of cells to point at.
const SVG = "http://www.w3.org/2000/svg"
const TAGS = new Set(["rect", "circle", "line", "path", "text", "image", "g"])

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".concept")
  if (root.dataset.digest === data.digest) return
  root.dataset.digest = data.digest
  const focused = root.getRootNode().activeElement?.dataset?.name
  const svg = node("svg", { viewBox: `0 0 ${data.width} ${data.height}`, role: "group", "aria-label": data.say })
  svg.style.maxWidth = `${data.shown}px`
  for (const shape of data.shapes) if (TAGS.has(shape.t)) svg.append(drawn(shape, setStateValue))
  if (data.field) svg.append(field(data.field, setStateValue))
  root.replaceChildren(svg)
  if (focused) root.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus()
}

function node(tag, attributes) {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return made
}

function drawn({ t, a, text, tip, pick }, setStateValue) {
  const made = node(t, a)
  if (text !== undefined) made.textContent = text
  if (tip) made.append(Object.assign(node("title", {}), { textContent: tip }))
  if (pick === undefined) return made
  made.setAttribute("role", "button")
  made.setAttribute("tabindex", 0)
  made.setAttribute("aria-label", tip ?? String(pick))
  made.dataset.name = `pick-${pick}`
  const choose = () => setStateValue("picked", pick)
  made.onclick = choose
  made.onkeydown = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return
    event.preventDefault()
    choose()
  }
  return made
}

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }

// [row, column] of the cell under the pointer, or moved to by arrow keys (with Shift by eight).
function field({ x, y, cell, rows, columns, at, say }, setStateValue) {
  const area = node("rect", { x, y, width: cell * columns, height: cell * rows, class: "field", tabindex: 0, "aria-label": say })
  area.setAttribute("role", "application")
  area.dataset.name = "field"
  const bound = (value, count) => Math.max(0, Math.min(count - 1, value))
  let place = at
  const move = (row, column) => {
    const next = [bound(row, rows), bound(column, columns)]
    if (next[0] === place[0] && next[1] === place[1]) return
    place = next
    setStateValue("point", next)
  }
  const point = (event) => {
    const box = area.getBoundingClientRect()
    move(Math.floor(((event.clientY - box.top) / box.height) * rows), Math.floor(((event.clientX - box.left) / box.width) * columns))
  }
  area.onclick = point
  area.onkeydown = (event) => {
    const step = ARROWS[event.key]
    if (!step) return
    event.preventDefault()
    const size = event.shiftKey ? 8 : 1
    move(place[0] + step[0] * size, place[1] + step[1] * size)
  }
  return area
}
