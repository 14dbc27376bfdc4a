/** ES2026, which workerd has and TypeScript's library of 5.9 has not. */
interface Base64Options {
  alphabet?: "base64" | "base64url";
  omitPadding?: boolean;
}
interface Uint8ArrayConstructor {
  fromBase64(text: string, options?: Base64Options): Uint8Array<ArrayBuffer>;
}
interface Uint8Array<TArrayBuffer extends ArrayBufferLike> {
  toBase64(options?: Base64Options): string;
}
