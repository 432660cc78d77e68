// Run before each script, by whatever Node the machine has: an older one cannot even read the .ts files,
// and its own message ("Unknown file extension") would not say what to do.
const wanted = 24;
const major = Number(process.versions.node.split('.')[0]);
if (major < wanted) {
  console.error(
    `Gatehouse runs on Node ${wanted} or later; this is ${process.versions.node}.\n` +
      `"npm ci" brings a fitting Node for Linux and Windows (an optional dependency: do not pass --omit=optional). ` +
      `Elsewhere install Node ${wanted}, for instance with "nvm install".`,
  );
  process.exit(1);
}
