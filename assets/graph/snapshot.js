// Snapshot: what is seen, as a PNG made in the browser; and a link that leads back to it.

const DENSITY = 2 // pixels of the picture per pixel of the screen, at least

async function snapshot(explorer) {
  const { canvas, overlay, legend } = explorer
  const [width, height] = explorer.camera.size
  const style = getComputedStyle(explorer.host)
  const rows = captionRows(overlay.data ? [] : [...legend.querySelectorAll(".entry")], width, style.fontFamily)
  const foot = overlay.data ? 62 : rows.height
  const copy = canvas.cloneNode(true)
  fill(copy, { xmlns: SVG, class: `graph ${canvas.getAttribute("class")}`, width, height: height + foot, style: variables(style) }, [])
  const rules = svg("style")
  rules.textContent = sheet(explorer.host)
  const ground = svg("rect", { width, height: height + foot, fill: style.backgroundColor })
  const cover = svg("rect", { y: height, width, height: foot, fill: style.backgroundColor })
  copy.prepend(rules, ground)
  copy.append(cover, overlay.data ? scaleDrawing(overlay, width, height) : rows.draw(height))
  const text = new XMLSerializer().serializeToString(copy)
  const picture = new Image()
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`
  await picture.decode()
  const density = Math.max(devicePixelRatio, DENSITY)
  const paper = html("canvas", { width: Math.round(width * density), height: Math.round((height + foot) * density) })
  paper.getContext("2d").drawImage(picture, 0, 0, paper.width, paper.height)
  const blob = await new Promise((done) => paper.toBlob(done, "image/png"))
  const url = URL.createObjectURL(blob)
  const link = html("a", { href: url, download: `${explorer.data.file}.png` })
  explorer.host.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(url), 10000)
}

// The theme's values, which a picture of its own has nobody to inherit from.
function variables(style) {
  const names = ["text-color", "background-color", "secondary-background-color", "primary-color", "border-color", "font"]
  return [...names.map((name) => `--st-${name}: ${style.getPropertyValue(`--st-${name}`)}`), `font-family: ${style.fontFamily.replaceAll('"', "'")}`].join("; ")
}

function sheet(host) {
  const root = host.getRootNode()
  const sheets = [...root.styleSheets, ...(root.adoptedStyleSheets ?? [])]
  return sheets.flatMap((each) => [...each.cssRules].map((rule) => rule.cssText)).join("\n")
}

// The legend's entries in rows: {height, draw(top)}.
function captionRows(entries, width, font) {
  const ruler = html("canvas").getContext("2d")
  ruler.font = `12.5px ${font}`
  let [x, y] = [MARGIN, 8]
  const places = entries.map((item) => {
    const text = item.textContent
    const needed = 32 + ruler.measureText(text).width + 18
    if (x + needed > width - MARGIN && x > MARGIN) [x, y] = [MARGIN, y + 24]
    const place = { item, text, x, y }
    x += needed
    return place
  })
  const draw = (top) => svg("g", {}, places.map(({ item, text, x, y }) => {
    const swatch = item.querySelector("svg").cloneNode(true)
    fill(swatch, { x, y: top + y }, [])
    const caption = write("legend-text", text, x + 32, top + y + 12)
    return svg("g", {}, [swatch, caption])
  }))
  return { height: entries.length ? y + 28 : 0, draw }
}

function scaleDrawing(overlay, width, top) {
  const { title, note, ticks } = overlay.data
  const room = Math.min(width - 2 * MARGIN, 520)
  const stops = overlay.stops.map((colour, index) => svg("stop", { offset: index / (overlay.stops.length - 1), "stop-color": colour }))
  const marks = ticks.map(([position, text], index) => {
    const mark = write("legend-text", text, MARGIN + room * position, top + 48)
    mark.setAttribute("text-anchor", index === 0 ? "start" : index === ticks.length - 1 ? "end" : "middle")
    return mark
  })
  return svg("g", {}, [
    svg("linearGradient", { id: "scale" }, stops), write("legend-text strong", `${title}: ${note.split(". ")[0]}`, MARGIN, top + 16),
    svg("rect", { x: MARGIN, y: top + 23, width: room, height: 11, rx: 2, fill: "url(#scale)" }), ...marks,
  ])
}

// The address of the page, with the place that is looked at.
function permalink(camera) {
  const url = new URL(location.href)
  const [x, y, k] = camera.place
  url.searchParams.set("at", `${Math.round(x)},${Math.round(y)},${k.toFixed(2)}`)
  return url.href
}

async function copyText(text, host) {
  // Only secure origins have a clipboard; a server on a plain network address has this older way.
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const field = html("textarea", { class: "voice" })
  field.value = text
  host.append(field)
  field.select()
  document.execCommand("copy")
  field.remove()
}
