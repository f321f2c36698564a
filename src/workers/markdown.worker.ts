import { Marked } from 'marked'

/**
 * Markdown to HTML, away from the page: answers come from strangers, and a text made to slow a parser down must not
 * stop the tab. Whoever calls gives up after a while and ends the worker. What comes out is not safe yet; the page
 * puts it through its allowlist (src/ui/markdown/markdown.ts).
 */

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    // HTML inside an answer is text.
    html: ({ text }) => escapeHtml(text),
    // A picture would tell its server who reads this; a link waits for a click.
    image: ({ href, text }) => `<a href="${escapeHtml(href)}">${escapeHtml(text || href)}</a>`,
    heading({ tokens, depth }) {
      // The page itself uses the first two ranks.
      const rank = Math.min(depth + 2, 6)
      return `<h${rank}>${this.parser.parseInline(tokens)}</h${rank}>`
    },
  },
})

addEventListener('message', ({ data }: MessageEvent<{ id: number; markdown: string }>) => {
  postMessage({ id: data.id, html: marked.parse(data.markdown, { async: false }) })
})
