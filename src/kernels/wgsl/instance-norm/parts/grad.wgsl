// What the backward pass knows of an invocation's 4 channels and of their pixels; needs x and dy: array<Element4>, stats, gamma and beta: array<vec4f>.

// #include "instance-norm/parts/slope.wgsl"
override AFFINE: bool;

struct Plane { mean: vec4f, rstd: vec4f, gamma: vec4f, beta: vec4f }

// xhat = (x - mean) * rstd, and g = dy * activation'(gamma * xhat + beta).
struct Pixel { xhat: vec4f, g: vec4f }

// Over the pixels of an image, or some of them: the sums of g and of g * xhat.
struct Sums { g: vec4f, projected: vec4f }

fn planeOf(image: u32, c: u32) -> Plane {
  let c4 = k.channels / 4u;
  let row = image * 2u * c4 + c;
  if (AFFINE) { return Plane(stats[row], stats[row + c4], gamma[c], beta[c]); }
  return Plane(stats[row], stats[row + c4], vec4f(1), vec4f(0));
}

fn pixelOf(at: u32, plane: Plane) -> Pixel {
  return pixelFrom(vec4f(x[at]), vec4f(dy[at]), plane);
}

// The same of an x and a dy that were loaded already.
fn pixelFrom(value: vec4f, gradient: vec4f, plane: Plane) -> Pixel {
  let xhat = (value - plane.mean) * plane.rstd;
  return Pixel(xhat, gradient * slope4(plane.gamma * xhat + plane.beta));
}

// dx = gamma * rstd * (g - sum of g / HW - xhat * sum of g * xhat / HW), given the sums over all pixels.
fn dxOf(pixel: Pixel, plane: Plane, sums: Sums) -> vec4f {
  let pixels = f32(k.pixels);
  return plane.gamma * plane.rstd * (pixel.g - sums.g / pixels - pixel.xhat * (sums.projected / pixels));
}
