import { checkVariants } from './check-variants.ts';
import { weightGrad } from './conv2d.ts';

checkVariants(weightGrad);
