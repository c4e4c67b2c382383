/** Where and as whom a program calls. */
export interface Credentials {
  gateway: string;
  clientId: string;
  secret: string;
}

/** Quote for a shell: whatever stands in it is one word. */
function word(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A program of the document hub for a shell, with what it reads from the environment before it. */
export function forShell(program: string, by: Credentials): string {
  const given = [
    `export GATEWAY=${word(by.gateway)}`,
    `export CLIENT_ID=${word(by.clientId)}`,
    `export CLIENT_SECRET=${word(by.secret)}`,
  ];
  return `${given.join("\n")}\n${program}`;
}

/** A program of the document hub in Python, with what it reads from the environment before it. */
export function forPython(program: string, by: Credentials): string {
  const given = { GATEWAY: by.gateway, CLIENT_ID: by.clientId, CLIENT_SECRET: by.secret };
  // A JSON object of texts is a dictionary in Python as well.
  return `import os\n\nos.environ.update(${JSON.stringify(given)})\n\n${program}`;
}
