/** The bytes of the model that the page carries. */
export function modelBytes(): Uint8Array {
  const carrier = document.getElementById('model');
  const text = carrier?.textContent?.trim() ?? '';
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  // Its text takes more room than the model.
  carrier?.remove();
  return bytes;
}
