/** What tests look at in a view. */
export interface SeenView {
  readonly account: string;
  readonly available: string;
  readonly as_of: string;
  readonly stale: boolean;
  readonly stale_reason: string | null;
}

/** The view of a 200. */
export async function viewOf(response: Response): Promise<SeenView> {
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as SeenView;
}
