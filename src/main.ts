import { mountApp } from '#ui/mount.ts'

/** The page paints first; the mesh and the engine are fetched and started behind it. */
const target = document.getElementById('app')
if (target)
  mountApp(
    target,
    import('./tab.ts').then(({ startTab }) => startTab()),
  )
