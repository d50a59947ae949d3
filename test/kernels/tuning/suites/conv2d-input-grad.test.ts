import { checkVariants } from './check-variants.ts';
import { inputGrad } from './conv2d.ts';

checkVariants(inputGrad);
