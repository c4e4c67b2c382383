import type { Problem } from "../../api/problem";
import { ApiProblem } from "../../api/problem";
import type { Version } from "./useMine";

/**
 * Send a package, and tell how much of it has gone.
 *
 * `fetch` does not tell how far an upload is, so this asks the older interface.
 *
 * @throws {ApiProblem} The center refused it, or could not be reached.
 */
export function upload(
  file: Blob,
  csrfToken: string,
  onProgress: (share: number) => void,
): Promise<Version> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/packages");
    request.responseType = "json";
    request.setRequestHeader("Content-Type", "application/gzip");
    request.setRequestHeader("X-CSRF-Token", csrfToken);
    request.upload.onprogress = (event) => onProgress(event.loaded / event.total);
    request.onerror = () => reject(ApiProblem.unreachable(undefined));
    request.onload = () =>
      request.status === 201
        ? resolve(request.response as Version)
        : reject(new PackageProblem(request.response as PackageRefusal, request.status));
    request.send(file);
  });
}

/** One rule that a package breaks, with how to mend it. */
export interface Break {
  name: string;
  detail: string;
  cure: string;
}

interface PackageRefusal extends Problem {
  breaks?: Break[];
}

/** A refused package: every rule that it breaks. */
export class PackageProblem extends ApiProblem {
  readonly breaks: Break[];

  constructor(refusal: PackageRefusal | null, status: number) {
    super(refusal ?? undefined, status);
    this.breaks = refusal?.breaks ?? [];
  }
}
