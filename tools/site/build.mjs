// Builds assets/vendor.js and assets/LICENCES.txt of the status site: `npm ci --ignore-scripts && npm run build`.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const assets = new URL("../../src/dirac_forge/report/site/assets/", import.meta.url);
const made = await build({
  entryPoints: [new URL("vendor.mjs", import.meta.url).pathname],
  bundle: true,
  minify: true,
  charset: "ascii",
  format: "iife",
  target: "es2020",
  legalComments: "none",
  metafile: true,
  write: false,
});
// An inline script must not contain the end of its element.
const code = made.outputFiles[0].text.replaceAll("</script", "<\\/script");
const used = new Set(
  Object.keys(made.metafile.inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
);
used.add("@dagrejs/graphlib"); // is inside of dagre's own bundle
const parts = [];
for (const name of [...used].sort()) {
  const folder = new URL(`node_modules/${name}/`, import.meta.url);
  const { version, license } = JSON.parse(await readFile(new URL("package.json", folder), "utf8"));
  const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
  parts.push(`${name} ${version} (${license})\n\n${(await readFile(new URL(file, folder), "utf8")).trim()}\n`);
}
await writeFile(new URL("vendor.js", assets), code);
await writeFile(
  new URL("LICENCES.txt", assets),
  `vendor.js is made of these libraries by tools/site/build.mjs.\n\n${parts.join(`\n${"-".repeat(72)}\n\n`)}`,
);
console.log(`${code.length} characters, ${[...used].sort().join(", ")}`);
