/** CRC-32 of bytes, as in gzip and PNG, by Node's own zlib. {@link crc32} of `crc32-in-page.ts` stands for it in a bundle for pages. */
export { crc32 } from 'node:zlib';
