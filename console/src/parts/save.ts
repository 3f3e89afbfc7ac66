/** Saving an answer of the server as a file; its own name for it comes first. */
export async function save(response: Response, name: string): Promise<void> {
  const given = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1];
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = address;
  link.download = given ?? name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
