import { FakeFacade, type Scene } from '#support/fake-facade.ts'
import { mountApp } from '#ui/mount.ts'

/** The interface on a fake node. The scene is JSON in the address's fragment, such as `#{"peers":6}`. */
const scene = (location.hash ? JSON.parse(decodeURIComponent(location.hash.slice(1))) : {}) as Scene & {
  persist?: boolean
  startFails?: string
}
const facade = new FakeFacade(scene.persist ? { ...scene, storage: sessionStorage } : scene)
const failure = scene.startFails && Object.assign(new Error('as the scene says'), { name: scene.startFails })
const target = document.getElementById('app')
if (target) mountApp(target, failure ? Promise.reject(failure) : facade)
Object.assign(window, { fake: facade })
