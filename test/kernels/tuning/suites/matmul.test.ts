import { checkVariants } from './check-variants.ts';
import { products } from './matmul.ts';

checkVariants(products);
