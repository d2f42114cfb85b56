// Hand what is laid over the graph to the component that draws it. Drawing and marks are two messages: the drawing is
// large and changes rarely, the marks are small and change with every step of a reader.

export default function ({ data }) {
  const board = (globalThis.architectureGraph ??= new EventTarget())
  const latest = (board.latest ??= new Map()) // by drawing: a page may have several
  latest.delete(data.home)
  latest.set(data.home, data)
  if (latest.size > 16) latest.delete(latest.keys().next().value)
  board.dispatchEvent(new Event("marks"))
}
