// Statistics of a run of pixels for an invocation's 4 channels: `count` pixels that begin at `first` and lie `step` apart in
// x: array<Element4>, which it needs. Sums are taken about a guess of the mean and in blocks of 16, so that |mean| >> std costs no digits.

struct Statistics { mean: vec4f, deviations: vec4f }

// Sums of x - guess and of its square.
struct Moments { sum: vec4f, squares: vec4f }

// The mean of the first 16 pixels: a better guess than one pixel, since rounding grows with its distance from the mean.
fn guessOf(first: u32, step: u32, count: u32) -> vec4f {
  var guess = vec4f(0);
  let few = min(16u, count);
  for (var i = 0u; i < few; i++) { guess += vec4f(x[first + i * step]) / f32(few); }
  return guess;
}

fn momentsAbout(guess: vec4f, first: u32, step: u32, count: u32) -> Moments {
  var moments = Moments(vec4f(0), vec4f(0));
  for (var block = 0u; block < count; block += 16u) {
    var sum = vec4f(0);
    var squares = vec4f(0);
    for (var i = block; i < min(block + 16u, count); i++) {
      let d = vec4f(x[first + i * step]) - guess;
      sum += d;
      squares += d * d;
    }
    moments.sum += sum;
    moments.squares += squares;
  }
  return moments;
}

// The mean, and the sum of squared deviations from it.
fn statisticsOf(first: u32, step: u32, count: u32) -> Statistics {
  let guess = guessOf(first, step, count);
  let moments = momentsAbout(guess, first, step, count);
  let off = moments.sum / f32(count);
  return Statistics(guess + off, moments.squares - moments.sum * off);
}
