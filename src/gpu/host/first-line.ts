/** Dawn says below it where in its own source an error was seen, and writes line breaks as the characters for them. */
export function firstLine(message: string): string {
  return message.split(/\n|\\n/)[0]?.trim() ?? '';
}
