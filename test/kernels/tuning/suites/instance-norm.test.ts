import { checkVariants } from './check-variants.ts';
import { backward, forward } from './instance-norm.ts';

checkVariants(forward, backward);
