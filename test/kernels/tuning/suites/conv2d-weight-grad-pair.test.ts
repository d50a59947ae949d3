import { checkVariants } from './check-variants.ts';
import { weightGradPair } from './conv2d.ts';

checkVariants(weightGradPair);
