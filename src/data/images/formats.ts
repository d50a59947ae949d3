/** Endings of files that are read, in lower case. */
const READ = ['png', 'jpg', 'jpeg', 'jpe', 'jfif', 'webp', 'tif', 'tiff', 'avif', 'gif', 'bmp', 'dib', 'dcm', 'dicom'];

/** Endings of image files that nobody here can read: whoever put them into a folder of images means them to be looked at. */
const FOREIGN = [
  ...['heic', 'heif', 'jp2', 'j2k', 'jpf', 'jpx', 'jxl', 'jxr', 'psd', 'xcf', 'svg', 'svgz', 'eps', 'ai', 'pdf', 'ico'],
  ...['exr', 'hdr', 'pfm', 'tga', 'pcx', 'pbm', 'pgm', 'pnm', 'ppm', 'pam', 'fits', 'fit', 'svs', 'ndpi', 'czi', 'lif'],
  ...['dng', 'cr2', 'cr3', 'nef', 'arw', 'orf', 'raf', 'rw2', 'raw', 'nrrd', 'mha', 'mhd', 'ktx', 'dds'],
  ...['nii', 'nii.gz'],
];

/** For messages. */
export const READ_FORMATS = 'PNG, JPEG, WebP, TIFF, AVIF, GIF, BMP and DICOM';

/** What the ending of a file name says: an image that can be read, one that cannot, or no image. */
export function imageKind(name: string): 'read' | 'foreign' | 'none' {
  if (endsIn(name, READ)) return 'read';
  return endsIn(name, FOREIGN) ? 'foreign' : 'none';
}

function endsIn(name: string, endings: readonly string[]): boolean {
  const lower = name.toLowerCase();
  return endings.some((ending) => lower.endsWith(`.${ending}`));
}
