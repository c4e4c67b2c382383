/** This page's nonce, which lets style elements through its policy. */
export const nonce =
  document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";

/**
 * Give the nonce to every style element that a script makes.
 *
 * antd passes it on to nearly all of its own; the lock of the page behind a dialog has none. What is
 * written as HTML, by whoever got some in, still has no nonce and no style.
 */
export function styleWithNonce(): void {
  const create = document.createElement.bind(document);
  document.createElement = (name: string, options?: ElementCreationOptions) => {
    const made = create(name, options);
    if (made instanceof HTMLStyleElement) made.nonce = nonce;
    return made;
  };
}
