// What an invocation handles of an image at a time: one number, or, with images/parts/value-vec4.wgsl in place of this file, four channels.
alias Value = f32;
alias StoredValue = Element;
