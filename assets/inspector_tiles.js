// Small pictures out of one sheet, each a button.
export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".tiles")
  root.setAttribute("aria-label", data.label)
  root.style.setProperty("--side", `${data.side}px`)
  const { columns, rows, ratio } = data
  root.replaceChildren(...data.tiles.map(({ id, text, title }, index) => {
    const button = Object.assign(document.createElement("button"), { type: "button", title })
    const picture = document.createElement("i")
    const caption = Object.assign(document.createElement("span"), { textContent: text })
    const across = columns > 1 ? (index % columns) / (columns - 1) * 100 : 0
    const down = rows > 1 ? Math.floor(index / columns) / (rows - 1) * 100 : 0
    picture.style.aspectRatio = ratio
    picture.style.background = `url(${data.sheet}) ${across}% ${down}% / ${columns * 100}% ${rows * 100}%`
    button.append(picture, caption)
    button.dataset.id = id
    button.onclick = () => { mark(id); setStateValue("picked", id) }
    return button
  }))
  mark(data.picked)
  function mark(id) {
    for (const button of root.children) button.setAttribute("aria-pressed", String(button.dataset.id === String(id)))
  }
}
