// How fast multiply-adds of type Scalar are when nothing is loaded: every invocation keeps 12 independent chains x ← x · factor + summand
// in three vec4s, 96 multiply-adds a round. Their sum is stored, so that no compiler can leave them out; they tend to 1, so that none
// overflows or becomes denormal. FLOP = 2 · 96 · rounds · invocations.

struct Params { rounds: u32, factor: f32, summand: f32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read_write> out: array<vec4<Scalar>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m = vec4<Scalar>(Scalar(p.factor));
  let c = vec4<Scalar>(Scalar(p.summand));
  var x = vec4<Scalar>(Scalar(id.x % 64u), 1, 2, 3);
  var y = x + 4;
  var z = x + 8;
  for (var i = 0u; i < p.rounds; i++) {
    x = fma(x, m, c); y = fma(y, m, c); z = fma(z, m, c);
    x = fma(x, m, c); y = fma(y, m, c); z = fma(z, m, c);
    x = fma(x, m, c); y = fma(y, m, c); z = fma(z, m, c);
    x = fma(x, m, c); y = fma(y, m, c); z = fma(z, m, c);
    x = fma(x, m, c); y = fma(y, m, c); z = fma(z, m, c);
    x = fma(x, m, c); y = fma(y, m, c); z = fma(z, m, c);
    x = fma(x, m, c); y = fma(y, m, c); z = fma(z, m, c);
    x = fma(x, m, c); y = fma(y, m, c); z = fma(z, m, c);
  }
  out[id.x] = x + y + z;
}
