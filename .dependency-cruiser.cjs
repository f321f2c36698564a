/** Who may import whom (docs/architecture.md). Each rule is a sentence of that page. */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { pathNot: allowed },
})
const typesOnly = (name, from, to) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: to, dependencyTypesNot: ['type-only'] },
})

module.exports = {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    // Addresses of files go through the bundler, which knows what a package exports.
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '[?]url$' } },
    only('core-is-pure', '^src/core/', ['^src/core/', 'node_modules/(valibot|fflate|@ipld/dag-cbor|@noble/hashes)/']),
    only('ports-are-interfaces', '^src/ports/', ['^src/ports/', '^src/core/']),
    typesOnly('ports-import-types-only', '^src/ports/', '^src/core/'),
    only('shell-knows-no-adapter', '^src/shell/', ['^src/shell/', '^src/core/', '^src/ports/']),
    {
      name: 'adapters-know-no-shell-nor-ui',
      severity: 'error',
      from: { path: '^src/adapters/' },
      to: { path: '^(src/(shell|ui|workers)|src/main|relay|tests)' },
    },
    {
      name: 'adapters-know-no-other-adapter',
      severity: 'error',
      from: { path: '^src/adapters/([^/]+)/' },
      to: { path: '^src/adapters/', pathNot: '^src/adapters/$1/' },
    },
    {
      name: 'ui-knows-the-facade-only',
      severity: 'error',
      from: { path: '^src/ui/' },
      to: {
        path: '^(src/(adapters|workers)|src/main|relay)|node_modules/(@?libp2p|@mlc-ai|@wllama|onnxruntime-|@huggingface|idb)/',
      },
    },
    {
      name: 'ui-sees-of-the-shell-its-facade',
      severity: 'error',
      from: { path: '^src/ui/' },
      to: { path: '^src/shell/', pathNot: '^src/shell/facade' },
    },
    only('relay-knows-the-protocol-only', '^relay/', ['^relay/', '^src/core/protocol/', 'node_modules', '^[a-z_:/]+$']),
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { path: '^(src|relay|bin|bench)/' },
      to: { path: '^tests/', pathNot: '^tests/support/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.svelte$' },
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json', '.css'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
}
