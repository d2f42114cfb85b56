// Sample pictures to choose from: each a button.
export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".gallery")
  if (root.dataset.digest !== data.digest) {
    root.dataset.digest = data.digest
    root.replaceChildren(...data.samples.map(({ name, source }) => {
      const button = document.createElement("button")
      const image = Object.assign(document.createElement("img"), { src: source, alt: "" })
      const caption = document.createElement("span")
      caption.textContent = name
      button.append(image, caption)
      button.dataset.name = name
      button.onclick = () => { mark(name); setStateValue("picked", name) }
      return button
    }))
    mark(data.start)
  }
  function mark(name) {
    for (const button of root.children) button.setAttribute("aria-pressed", String(button.dataset.name === name))
  }
}
