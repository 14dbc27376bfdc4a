/** What Vite adds to modules that run in workerd, where there is no `process`. */
interface ImportMeta {
  readonly env: { readonly MODE: string };
}

/** A file as text. */
declare module "*?raw" {
  const text: string;
  export default text;
}
