/** A file as text: Vite's. */
declare module "*?raw" {
  const text: string;
  export default text;
}
