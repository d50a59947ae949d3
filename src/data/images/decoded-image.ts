/** An image of 8 bits a sample, pixels [height, width, channels] row by row with the channels interleaved. */
export interface DecodedImage {
  width: number;
  height: number;
  channels: 1 | 3;
  pixels: Uint8Array;
}
