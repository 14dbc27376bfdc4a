/** The client that orval makes of the description, with the place where the Worker is. */
export default {
  balance: {
    input: "../../../../dist/site/openapi.json",
    output: {
      client: "fetch",
      target: "../../../../dist/clients/orval.ts",
      baseUrl: process.env.BALANCE_URL,
    },
  },
};
