// The forms of aggregation to choose from: each a button with its drawing.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".forms")
  if (!root.children.length) {
    root.append(...data.forms.map(({ name, letter, title, source }) => {
      const button = document.createElement("button")
      const image = Object.assign(document.createElement("img"), { src: source, alt: "" })
      const caption = document.createElement("span")
      const mark = Object.assign(document.createElement("b"), { textContent: letter })
      caption.append(mark, ` ${title}`)
      button.append(image, caption)
      button.dataset.name = name
      button.onclick = () => { press(name); setTriggerValue("picked", name) }
      return button
    }))
  }
  press(data.current)
  function press(name) {
    for (const button of root.children) button.setAttribute("aria-pressed", String(button.dataset.name === name))
  }
}
