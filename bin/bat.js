#!/usr/bin/env node
// Plain JavaScript that any Node can parse, so that an old one is told what to do instead of failing on syntax.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(`bat needs Node 24 or newer; this is Node ${process.versions.node} (${process.execPath}). Install a newer one, or run "npx -p node@24 -p bat-backup bat".\n`);
  process.exitCode = 1;
} else {
  import('../dist/bat/main.js').then((main) => main.main(process.argv));
}
