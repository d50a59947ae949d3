// Prints the name of the adapter that Dawn chooses; exits 1 when there is none that computes.
import { create } from 'webgpu';

const adapter = await create([]).requestAdapter();
// Dawn's null backend validates everything and executes nothing.
if (!adapter || adapter.info.device === 'null-backend') process.exit(1);
const { vendor, device, description } = adapter.info;
console.log([device || vendor, description].filter(Boolean).join(', '));
process.exit(0);
