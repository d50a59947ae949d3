// A product of matrices for each z of the grid: ROWS × DEPTH times DEPTH × COLUMNS.

struct Product { rows: u32, depth: u32, columns: u32 }
var<immediate> k: Product;
