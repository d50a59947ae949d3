import { checkVariants } from './check-variants.ts';
import { reduction } from './reduce.ts';

checkVariants(reduction);
