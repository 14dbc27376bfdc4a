/** A Worker that does nothing: the floor. The body has the size of a balance. */
const BODY = JSON.stringify({ filler: "x".repeat(480) });

export default {
  fetch() {
    return new Response(BODY, { headers: { "content-type": "application/json" } });
  },
};
