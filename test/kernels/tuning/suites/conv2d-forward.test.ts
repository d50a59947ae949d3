import { checkVariants } from './check-variants.ts';
import { forward } from './conv2d.ts';

checkVariants(forward);
