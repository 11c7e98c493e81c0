// One thing a person asks the host to do: busy while it is under way, and never a failure without words.
import { Problem } from "./api";

export class Action {
  busy = $state("");
  problem = $state<Problem | undefined>();

  /** Does it unless something is under way. `what` completes "… did not happen: …". True when it was done. */
  async run(what: string, action: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = what;
    this.problem = undefined;
    try {
      await action();
      return true;
    } catch (error) {
      this.problem = error instanceof Problem ? error : new Problem(0, { detail: String(error) });
      return false;
    } finally {
      this.busy = "";
    }
  }
}
