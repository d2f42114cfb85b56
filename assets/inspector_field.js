// A picture with the receptive field of one position of a feature map. Follows the pointer, stays where it is clicked;
// arrow keys move by one position. What a position sees comes with the data, so that nothing is asked of Python.
const SVG = "http://www.w3.org/2000/svg"

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".field")
  const { width, height, cells, exact, free } = data
  root.replaceChildren()
  const frame = make("div", "frame")
  frame.tabIndex = 0
  frame.setAttribute("role", "application")
  frame.setAttribute("aria-label", "The receptive field on the picture. Arrow keys choose the position.")
  frame.style.aspectRatio = `${width} / ${height}`
  frame.append(Object.assign(document.createElement("img"), { src: data.picture, alt: "", draggable: false }))
  if (data.heat) {
    frame.append(Object.assign(make("img", "heat"), { src: data.heat, alt: "" }))
    frame.classList.add("heated")
  }
  const svg = document.createElementNS(SVG, "svg")
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`)
  const [shade, outer, inner, cell] = [["path", "shade"], ["rect", "free"], ["rect", "exact"], ["rect", "cell"]].map(
    ([tag, name]) => { const part = document.createElementNS(SVG, tag); part.setAttribute("class", name); svg.append(part); return part })
  shade.setAttribute("fill-rule", "evenodd")
  frame.append(svg)
  const says = make("p", "says")
  says.setAttribute("aria-live", "polite")
  const key = make("div", "key")
  for (const [name, text] of [["k-exact", "can depend on"], ...(data.differs ? [["k-free", "without borders and global pooling"]] : []), ["k-cell", "position"], ...(data.heat ? [["k-heat", "effective field, √ scale"]] : [])]) {
    const entry = make("span")
    entry.append(make("i", name), text)
    key.append(entry)
  }
  root.append(frame, key, says)

  // A fraction of the picture, so that it means the same place for every map.
  let at = root.at ?? data.start
  const cellAt = ([y, x]) => [Math.min(cells[0] - 1, Math.floor(y * cells[0])), Math.min(cells[1] - 1, Math.floor(x * cells[1]))]
  const box = ({ top, bottom, left, right }, [row, column]) => [left[column], top[row], right[column], bottom[row]]

  function draw(place) {
    const [row, column] = cellAt(place)
    const seen = box(exact, [row, column])
    const empty = seen[2] <= seen[0] || seen[3] <= seen[1]
    rectangle(inner, empty ? [0, 0, 0, 0] : seen)
    rectangle(outer, data.differs ? box(free, [row, column]) : [0, 0, 0, 0])
    rectangle(cell, [column * width / cells[1], row * height / cells[0], (column + 1) * width / cells[1], (row + 1) * height / cells[0]])
    shade.setAttribute("d", `M0 0H${width}V${height}H0Z` + (empty ? "" : `M${seen[0]} ${seen[1]}H${seen[2]}V${seen[3]}H${seen[0]}Z`))
    const share = (seen[2] - seen[0]) * (seen[3] - seen[1]) / (width * height)
    const where = cells[0] * cells[1] > 1 ? `Row ${row + 1} of ${cells[0]}, column ${column + 1} of ${cells[1]}` : "The one position"
    says.textContent = empty ? `${where}: padding alone.`
      : share === 1 ? `${where}: can depend on the whole picture.`
        : `${where}: rows ${seen[1]}–${seen[3] - 1} and columns ${seen[0]}–${seen[2] - 1}, ${seen[3] - seen[1]}×${seen[2] - seen[0]} px, ${(100 * share).toFixed(share < 0.1 ? 1 : 0)} % of the picture.`
  }
  function keep(place) {
    at = root.at = place
    draw(at)
    setStateValue("at", at.map((part) => Math.round(part * 1e5) / 1e5))
  }
  const pointed = (event) => {
    const area = frame.getBoundingClientRect()
    return [event.clientY - area.top, event.clientX - area.left].map((v, i) => Math.min(0.99999, Math.max(0, v / (i ? area.width : area.height))))
  }
  frame.onpointermove = (event) => draw(pointed(event))
  frame.onpointerleave = () => draw(at)
  frame.onclick = (event) => keep(pointed(event))
  frame.onkeydown = (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key]
    if (!step) return
    event.preventDefault()
    keep(cellAt(at).map((n, i) => (Math.min(cells[i] - 1, Math.max(0, n + step[i])) + 0.5) / cells[i]))
  }
  draw(at)
}

function make(tag, name = "") {
  return Object.assign(document.createElement(tag), { className: name })
}

function rectangle(part, [left, top, right, bottom]) {
  for (const [name, value] of Object.entries({ x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) })) part.setAttribute(name, value)
}
