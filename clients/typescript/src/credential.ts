// What calls are made with: an API key, or an upload's token that can be replaced by a fresh one.
import { SluiceError } from "./errors.js";

/** Gives a token where none is known, or the known one has ended. */
export type GetToken = () => Promise<string> | string;

/** Leave to call. */
export class Credential {
  private constructor(
    private readonly key: string | undefined,
    private token: string | undefined,
    private readonly getToken: GetToken | undefined,
  ) {}

  static ofKey(key: string): Credential {
    return new Credential(key, undefined, undefined);
  }

  static ofToken(token: string | undefined, getToken: GetToken | undefined): Credential {
    if (!token && !getToken) throw new SluiceError("Calls need an API key, the upload's token or getToken.");
    return new Credential(undefined, token, getToken);
  }

  async bearer(): Promise<string> {
    return this.key ?? this.token ?? (await this.another()) ?? "";
  }

  /** What to send where the last was refused. None, if there is nothing else. */
  async another(): Promise<string | undefined> {
    if (!this.getToken) return undefined;
    this.token = await this.getToken();
    return this.token;
  }

  /** A newer token came with an answer: it lasts longer. */
  adopt(token: string | undefined): void {
    this.token = token ?? this.token;
  }
}
