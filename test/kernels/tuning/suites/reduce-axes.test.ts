import { checkVariants } from './check-variants.ts';
import { axes } from './reduce-axes.ts';

checkVariants(axes);
