enable f16;
alias Element = f16;
alias Element4 = vec4<f16>;
